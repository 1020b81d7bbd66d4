"""What failed in a way that asking again soon would not mend: it is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.watching.reading import Failure


class LeftAlone:
    """Failures by where they happened, each until its time has passed."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until: dict[str, tuple[float, Failure]] = {}

    def add(self, failure: Failure, seconds: float) -> None:
        """Leave what failed alone for so long."""
        self._until[failure.where] = (self._monotonic() + seconds, failure)

    def has(self, where: str) -> bool:
        """Whether something is not to be tried yet."""
        return where in self._until and self._until[where][0] > self._monotonic()

    def failures(self) -> tuple[Failure, ...]:
        """Return why things are left alone, and forget those whose time has passed."""
        self._until = {where: kept for where, kept in self._until.items() if self.has(where)}
        return tuple(failure for _, failure in self._until.values())
