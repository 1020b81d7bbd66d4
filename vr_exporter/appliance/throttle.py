"""An appliance that asks us to hold back: every request of its site waits (A29 to A31)."""

from __future__ import annotations

from collections.abc import Callable

from vr_exporter.appliance.dates import http_date
from vr_exporter.appliance.errors import Refused, Stopping
from vr_exporter.appliance.transport import Answer
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Event, HeldBack, Throttled

TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503

_FIRST_WAIT_SECONDS = {TOO_MANY_REQUESTS: 30.0, UNAVAILABLE: 5.0}
_LONGEST_WAIT_SECONDS = 900.0
_SHORTEST_WAIT_SECONDS = 1.0
_NONSENSE_SECONDS = 86400.0
_JITTER = 0.1


class Throttle:
    """Remembers until when to hold back; without a usable Retry-After the wait doubles each time.

    `random` gives numbers in 0..1. A wait that was asked for is only lengthened by the jitter,
    one of our own goes either way.
    """

    def __init__(
        self, *, clock: Clock, tell: Callable[[Event], None], random: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._random = random
        self._until: float | None = None
        self._status = 0
        self._steps = 0

    def hold(self, answer: Answer) -> None:
        """Take in a 429 or 503."""
        asked = self._asked_seconds(answer)
        if asked is None:
            wait = _FIRST_WAIT_SECONDS[answer.status] * 2**self._steps
            jitter = _JITTER * (2 * self._random() - 1)
        else:
            wait = max(asked, _SHORTEST_WAIT_SECONDS)
            jitter = _JITTER * self._random()
        self._steps = min(self._steps + 1, 10)
        wait = min(wait, _LONGEST_WAIT_SECONDS) * (1 + jitter)
        self._status = answer.status
        self._until = self._clock.monotonic() + wait
        self._tell(Throttled(self._clock.now() + wait))

    def relax(self) -> None:
        """Take in any other answer: the next wait starts from the beginning."""
        self._steps = 0

    def left_seconds(self) -> float:
        """Return how long to hold back still, 0 when not at all."""
        if self._until is None:
            return 0.0
        return max(0.0, self._until - self._clock.monotonic())

    def wait(self) -> None:
        """Wait until the appliance may be asked again; raises Stopping."""
        left = self.left_seconds()
        if left and self._clock.wait(left):
            raise Stopping
        if left:
            self._tell(HeldBack(left))
        if self._until is not None:
            self._until = None
            self._tell(Throttled(None))

    def refusal(self) -> Refused:
        """Return the failure of a request that may not even be sent."""
        reason = "server_error" if self._status == UNAVAILABLE else "throttled"
        text = f"answered {self._status}: asked to hold back for {self.left_seconds():.0f} s yet"
        return Refused(reason, text, status=self._status)

    def _asked_seconds(self, answer: Answer) -> float | None:
        """Read Retry-After, as seconds or as a date by the appliance's clock; None for nonsense."""
        text = answer.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            seconds = float(text)
        else:
            until = http_date(text)
            if until is None:
                return None
            sent = http_date(answer.headers.get("date"))
            seconds = until - (self._clock.now() if sent is None else sent)
        return seconds if 0 <= seconds <= _NONSENSE_SECONDS else None
