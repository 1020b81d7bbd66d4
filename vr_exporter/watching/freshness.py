"""When each part of a site was last read well, by a clock that nobody sets (fault-matrix B12)."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable


class Freshness:
    """Ages of parts in seconds; a part that was never read has none."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._read_at: dict[Hashable, float] = {}
        self._too_old: set[Hashable] = set()

    def renew(self, part: Hashable, *, age: float = 0.0) -> None:
        """Note that a part was read so many seconds ago."""
        self._read_at[part] = self._monotonic() - age
        self._too_old.discard(part)

    def keep_only(self, parts: Iterable[Hashable]) -> None:
        """Forget parts that are no more."""
        kept = set(parts)
        self._read_at = {part: at for part, at in self._read_at.items() if part in kept}
        self._too_old &= kept

    def age(self, part: Hashable) -> float | None:
        """Return how long ago a part was read."""
        at = self._read_at.get(part)
        return None if at is None else self._monotonic() - at

    def has_aged(self, part: Hashable, limit: float) -> bool:
        """Whether a part was read too long ago; so it is, whatever the limit, until read again."""
        age = self.age(part)
        if age is not None and age > limit:
            self._too_old.add(part)
        return part in self._too_old

    def seconds_until_older(self, limit: float) -> float:
        """Return when the next part crosses the limit; infinite where none will."""
        now = self._monotonic()
        left = (limit - (now - at) for at in self._read_at.values())
        return min((seconds for seconds in left if seconds >= 0), default=math.inf)
