"""Loops that must not end: one that died of a bug is started again, but not for ever."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

log = logging.getLogger(__name__)

RESTARTS_ALLOWED = 5
RESTART_WINDOW_SECONDS = 600.0
SECOND_RESTART_AFTER_SECONDS = 2.0
"""The first restart comes at once, the second so late, and each later one twice that."""


class TooManyCrashesError(Exception):
    """Workers die of a bug again and again: it is better to end than to pretend."""


class Loop(Protocol):
    """Something with a thread of its own that is to live as long as the exporter."""

    @property
    def name(self) -> str:
        """Say which one it is."""

    @property
    def has_died(self) -> bool:
        """Whether its thread has ended although nobody told it to."""

    def restart(self) -> None:
        """Give it a new thread."""


class Supervision:
    """Counts all deaths together: many loops that die once each are as bad as one that does."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._crashes: deque[float] = deque()
        self._due: dict[str, float] = {}

    def revive(self, loops: Iterable[Loop]) -> None:
        """Start those again that died, later each time; TooManyCrashesError: that helps no more."""
        for loop in loops:
            if not loop.has_died:
                continue
            if loop.name not in self._due:
                self._due[loop.name] = self._monotonic() + self._count(loop)
            if self._monotonic() >= self._due[loop.name]:
                del self._due[loop.name]
                log.error("worker died, started again", extra={"site": loop.name})
                loop.restart()

    def _count(self, loop: Loop) -> float:
        """Count a death; how long its restart waits."""
        now = self._monotonic()
        while self._crashes and now - self._crashes[0] > RESTART_WINDOW_SECONDS:
            self._crashes.popleft()
        self._crashes.append(now)
        before = len(self._crashes) - 1
        if before >= RESTARTS_ALLOWED:
            raise TooManyCrashesError(f"the worker of {loop.name} died {RESTARTS_ALLOWED} times")
        return SECOND_RESTART_AFTER_SECONDS * 2 ** (before - 1) if before else 0.0
