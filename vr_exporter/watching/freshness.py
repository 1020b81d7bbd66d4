"""When each part of a site was last read well, by a clock that nobody sets (fault-matrix B12)."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable


class Freshness:
    """Ages of parts in seconds; a part that was never read has none."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._read_at: dict[Hashable, float] = {}

    def renew(self, part: Hashable, *, age: float = 0.0) -> None:
        """Note that a part was read so many seconds ago."""
        self._read_at[part] = self._monotonic() - age

    def keep_only(self, parts: Iterable[Hashable]) -> None:
        """Forget parts that are no more."""
        kept = set(parts)
        self._read_at = {part: at for part, at in self._read_at.items() if part in kept}

    def age(self, part: Hashable) -> float | None:
        """Return how long ago a part was read."""
        at = self._read_at.get(part)
        return None if at is None else self._monotonic() - at

    def is_older(self, part: Hashable, limit: float) -> bool:
        """Whether a part was read, and too long ago."""
        age = self.age(part)
        return age is not None and age > limit

    def seconds_until_older(self, limit: float) -> float:
        """Return when the next part crosses the limit; infinite where none will."""
        now = self._monotonic()
        left = (limit - (now - at) for at in self._read_at.values())
        return min((seconds for seconds in left if seconds >= 0), default=math.inf)
