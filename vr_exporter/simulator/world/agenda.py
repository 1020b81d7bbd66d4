"""The agenda: what is to happen, in the order of time."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

Act = Callable[[float], None]
"""Something that happens; it is told the moment at which it does."""


class Agenda:
    """Acts by their moment; those of one moment in the order in which they were put down.

    Nothing happens outside an act, so that many small steps lead where one big step leads.
    """

    def __init__(self, start: float) -> None:
        self.time = start
        self._order = 0
        self._entries: list[tuple[float, int, Act]] = []

    def at(self, when: float, act: Act) -> None:
        """Put an act down; a moment that is past means as soon as possible."""
        self._order += 1
        heappush(self._entries, (max(when, self.time), self._order, act))

    def live_up_to(self, moment: float) -> None:
        """Let everything happen that is due by then; time never runs backwards."""
        entries = self._entries
        while entries and entries[0][0] <= moment:
            self.time, _, act = heappop(entries)
            act(self.time)
        self.time = max(self.time, moment)
