"""How fast a sync moves, and how long it may still take: from what was seen so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 150.0
"""Older sightings say nothing of how fast it goes now; an exporter reads bytes each minute."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A sighting of a running sync; None where the appliance does not say.

    `at` is in seconds, by any one clock.
    """

    at: float
    ratio: float | None = None
    transferred_bytes: int | None = None
    size_bytes: int | None = None

    @property
    def share(self) -> float | None:
        """How much is done, 0 to 1."""
        if self.ratio is not None:
            return min(max(self.ratio, 0.0), 1.0)
        if self.transferred_bytes is None or not self.size_bytes:
            return None
        return min(self.transferred_bytes / self.size_bytes, 1.0)


class Speed:
    """The sightings of one sync. A sync that starts over, or shrinks, is measured anew."""

    def __init__(self) -> None:
        self._seen: deque[Progress] = deque()

    @property
    def latest(self) -> Progress | None:
        """What was seen last."""
        return self._seen[-1] if self._seen else None

    def see(self, progress: Progress) -> None:
        """Take in a sighting, in the order of time."""
        last = self.latest
        if last is not None and progress.at <= last.at:
            return
        if last is not None and _falls(last, progress):
            self._seen.clear()
        self._seen.append(progress)
        while progress.at - self._seen[0].at > WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def bytes_per_second(self) -> float | None:
        """The bytes moved within the window; None before they were seen to move."""
        return self._per_second(lambda seen: seen.transferred_bytes)

    @property
    def seconds_left(self) -> float | None:
        """What is left at the speed so far, by the bytes where they are known, else the share."""
        last = self.latest
        if last is None:
            return None
        rate = self.bytes_per_second
        if rate and last.transferred_bytes is not None and last.size_bytes:
            return max(last.size_bytes - last.transferred_bytes, 0) / rate
        share_rate = self._per_second(lambda seen: seen.share)
        if not share_rate or last.share is None:
            return None
        return (1 - last.share) / share_rate

    def _per_second(self, value: Callable[[Progress], float | None]) -> float | None:
        """Measure from change to change: between two readings a value stands still."""
        changes: list[tuple[float, float]] = []
        for seen in self._seen:
            now = value(seen)
            if now is not None and (not changes or changes[-1][1] != now):
                changes.append((seen.at, now))
        if len(changes) < 2:  # noqa: PLR2004 two make a speed
            return None
        (begin, first), (end, last) = changes[0], changes[-1]
        return (last - first) / (end - begin)


def _falls(before: Progress, after: Progress) -> bool:
    shrinks = (after.transferred_bytes or 0) < (before.transferred_bytes or 0)
    return shrinks or (after.share or 0.0) < (before.share or 0.0)
