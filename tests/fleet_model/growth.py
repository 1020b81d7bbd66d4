"""What the process uses, looked at now and then: it must not grow with the hours."""

from __future__ import annotations

import ctypes
import gc
import threading
from dataclasses import dataclass, field
from statistics import linear_regression, median
from typing import Final

import psutil

EVERY_SECONDS: Final = 1800.0
SETTLED_HOURS: Final = 4.0
"""So long caches fill; from then on memory has to be flat."""

MOST_SLOPE: Final = 0.5
"""MiB an hour, by a line through all looks: 12 MiB in a day."""

MOST_ABOVE: Final = 8.0
"""MiB of the last looks above the first."""

_FEWEST: Final = 8
_MIB: Final = 2**20


@dataclass(slots=True)
class Growth:
    """Looks at this process; hours are simulated."""

    hours: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    def look(self, seconds: float) -> None:
        """Look, if it is time to."""
        if self.hours and seconds < self.hours[-1] * 3600 + EVERY_SECONDS:
            return
        gc.collect()
        _give_back()
        process = psutil.Process()
        self.hours.append(seconds / 3600)
        self.mib.append(process.memory_info().rss / _MIB)
        self.threads.append(threading.active_count())
        self.descriptors.append(process.num_fds())

    def faults(self) -> list[str]:
        """What has grown."""
        found = [
            f"{name}: {min(values)} to {max(values)}"
            for name, values in (("threads", self.threads), ("descriptors", self.descriptors))
            if len(set(values)) > 1
        ]
        settled = self._settled()
        if len(settled) < _FEWEST:
            return found
        above = median(settled[-4:]) - median(settled[:4])
        if self.slope > MOST_SLOPE and above > MOST_ABOVE * MOST_SLOPE:
            found.append(f"memory: {self.slope:.2f} MiB an hour")
        if above > MOST_ABOVE:
            found.append(f"memory: {above:.1f} MiB more at the end")
        return found

    @property
    def slope(self) -> float:
        """MiB an hour since caches are full."""
        settled = self._settled()
        if len(settled) < _FEWEST:
            return 0.0
        return linear_regression(self.hours[-len(settled) :], settled).slope

    def __str__(self) -> str:
        return (
            f"memory {self.mib[0]:.0f} to {self.mib[-1]:.0f} MiB, {self.slope:+.2f} an hour, "
            f"{self.threads[-1]} threads, {self.descriptors[-1]} descriptors"
        )

    def _settled(self) -> list[float]:
        pairs = zip(self.hours, self.mib, strict=True)
        return [mib for hour, mib in pairs if hour >= SETTLED_HOURS]


def _give_back() -> None:
    """Let the C library return what is free: what is left is held by somebody."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
