"""A clock that runs sixty times as fast as the machine's, from a moment that processes share."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.rules_scaled import FACTOR


@dataclass(frozen=True, slots=True)
class HurriedTime:
    """At `start`, in seconds since 1970, both clocks show the same."""

    start: float
    factor: int = FACTOR

    @classmethod
    def from_now(cls) -> HurriedTime:
        """One that begins at this moment."""
        return cls(time.time())  # noqa: TID251 - the drill lives in real time

    def now(self) -> float:
        """The wall clock of whoever lives on it."""
        return self.hurried(time.time())  # noqa: TID251 - as above

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, hurried alike."""
        return time.monotonic() * self.factor  # noqa: TID251 - as above

    def at_rest(self, moment: float) -> float:
        """What the machine's clock shows at a moment of the hurried one."""
        return self.start + (moment - self.start) / self.factor

    def hurried(self, moment: float) -> float:
        """What the hurried clock shows at a moment of the machine's."""
        return self.start + (moment - self.start) * self.factor
