"""A clock moved by hand that never passes a scrape unnoticed, however far it is moved at once."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulated import ManualClock


class ScrapedClock(ManualClock):
    """Stops at every multiple of `interval_seconds` and calls `scrape` with that moment.

    So a poll that hangs for minutes is scraped while it hangs, as Prometheus would.
    """

    def __init__(self, start: float, *, interval_seconds: float) -> None:
        super().__init__(start)
        self.scrape: Callable[[float], None] = lambda _: None
        self._interval = interval_seconds
        self._due = (start // interval_seconds + 1) * interval_seconds

    def advance(self, seconds: float) -> None:
        """Move both clocks on, with a stop at each scrape."""
        end = self.now() + max(seconds, 0.0)
        while self._due <= end:
            moment = self._due
            super().advance(moment - self.now())
            self._due += self._interval
            self.scrape(moment)
        super().advance(end - self.now())
