"""How fast we ask: below what the appliance allows one session (fault-matrix R7)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from vr_exporter.appliance.errors import Stopping
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Budget, Event, HeldBack

REQUESTS_PER_MINUTE = 40
"""80 % of the 50 requests a minute that an appliance allows one session by default."""

WINDOW_SECONDS = 60.0


class Pace:
    """Lets so many requests go in any sixty seconds of the monotonic clock, and no more."""

    def __init__(
        self,
        per_minute: int = REQUESTS_PER_MINUTE,
        *,
        clock: Clock,
        tell: Callable[[Event], None],
    ) -> None:
        self._allowed = per_minute
        self._clock = clock
        self._tell = tell
        self._sent: deque[float] = deque()

    def delay_seconds(self) -> float:
        """Return how long the next request has to wait, 0 when it may go now."""
        self._forget()
        if len(self._sent) < self._allowed:
            return 0.0
        return self._sent[0] + WINDOW_SECONDS - self._clock.monotonic()

    def room(self) -> int:
        """Return how many requests may go now without a wait."""
        self._forget()
        return self._allowed - len(self._sent)

    def take(self) -> None:
        """Wait for the next request's turn and count it; raises Stopping."""
        waited = 0.0
        while (delay := self.delay_seconds()) > 0:
            waited += delay
            if self._clock.wait(delay):
                raise Stopping
        if waited:
            self._tell(HeldBack(waited))
        self._sent.append(self._clock.monotonic())
        self._tell(Budget(self._allowed, self._allowed - len(self._sent)))

    def _forget(self) -> None:
        """Drop what left the window; a request exactly sixty seconds old is outside.

        The sum is that of the delay: rounded otherwise, one that waited would never leave.
        """
        now = self._clock.monotonic()
        while self._sent and self._sent[0] + WINDOW_SECONDS <= now:
            self._sent.popleft()
