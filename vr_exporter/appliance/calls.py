"""The one gate through which every request of an appliance leaves, in turn and in time."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vr_exporter.appliance.answers import is_good, refusal_of
from vr_exporter.appliance.errors import ApplianceError, Stopping, Unreachable
from vr_exporter.appliance.pace import Pace
from vr_exporter.appliance.redact import Redactor
from vr_exporter.appliance.throttle import TOO_MANY_REQUESTS, UNAVAILABLE, Throttle
from vr_exporter.appliance.transport import Answer, Ask, Line
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Event, Retried, RetryReason

log = logging.getLogger(__name__)

RETRIES_PER_POLL = 2
_FIRST_BACKOFF_SECONDS = 1.0
_RETRIED: dict[str, RetryReason] = {
    "connect": "connect",
    "reset": "connect",
    "timeout": "timeout",
    "server_error": "5xx",
    "throttled": "throttled",
}
_SAFE_TO_REPEAT = frozenset({"connect", "throttled"})
"""After these the appliance has not acted, so that even a POST may be sent again."""


class Calls:
    """Sends requests one at a time: throttle, pace and the poll's deadline come first."""

    def __init__(
        self,
        line: Line,
        *,
        clock: Clock,
        tell: Callable[[Event], None],
        pace: Pace,
        redactor: Redactor,
        random: Callable[[], float],
    ) -> None:
        self._line = line
        self._clock = clock
        self._tell = tell
        self._pace = pace
        self._redactor = redactor
        self._random = random
        self._throttle = Throttle(clock=clock, tell=tell, random=random)
        self._until = 0.0
        self._retries_left = 0
        self._answered_at = -math.inf

    def seconds_since_answer(self) -> float:
        """How long ago a good answer came."""
        return self._clock.monotonic() - self._answered_at

    def begin_poll(self, deadline_seconds: float) -> None:
        """Give the next requests so long together, and two retries."""
        self._until = self._clock.monotonic() + deadline_seconds
        self._retries_left = RETRIES_PER_POLL

    @contextmanager
    def apart(self, seconds: float) -> Iterator[None]:
        """Give the requests inside a time and retries of their own, whatever the poll has left."""
        outer = self._until, self._retries_left
        self.begin_poll(seconds)
        try:
            yield
        finally:
            self._until, self._retries_left = outer

    def room(self) -> int:
        """Return how many requests may leave at once: none while we are to hold back."""
        return 0 if self._throttle.left_seconds() else self._pace.room()

    def send(self, ask: Ask) -> Answer:
        """Send a request until its answer is good, or no retry is left or safe."""
        while True:
            try:
                return self.send_once(ask)
            except ApplianceError as error:
                self._back_off(ask, error)

    def send_once(self, ask: Ask) -> Answer:
        """Send a request when its turn has come; only a good answer returns."""
        self.await_turn()
        return self.send_now(ask)

    def send_now(self, ask: Ask) -> Answer:
        """Send a request whose turn has come, once; only a good answer returns."""
        answer = self._line.send(ask, seconds=self._left_seconds())
        if answer.status in (TOO_MANY_REQUESTS, UNAVAILABLE):
            self._throttle.hold(answer)
        else:
            self._throttle.relax()
        return self._judged(ask, answer)

    def send_out_of_turn(self, ask: Ask, *, seconds: float) -> Answer:
        """Send a request at once, whatever the pace and the throttle say: for the last one."""
        return self._judged(ask, self._line.send(ask, seconds=seconds))

    def _judged(self, ask: Ask, answer: Answer) -> Answer:
        if not is_good(answer):
            raise refusal_of(ask, answer, self._redactor)
        self._answered_at = self._clock.monotonic()
        return answer

    def _left_seconds(self) -> float:
        return self._until - self._clock.monotonic()

    def await_turn(self) -> None:
        """Wait for throttle and pace, and count the request that is to follow at once."""
        if self._left_seconds() <= 0:
            raise Unreachable("deadline", "the time of this poll is used up")
        if self._throttle.left_seconds() >= self._left_seconds():
            raise self._throttle.refusal()
        self._throttle.wait()
        if self._pace.delay_seconds() >= self._left_seconds():
            raise Unreachable("deadline", "the pace leaves no room for this request in this poll")
        self._pace.take()

    def _back_off(self, ask: Ask, error: ApplianceError) -> None:
        """Wait for the next try, or raise the error where there is none."""
        reason = _RETRIED.get(error.reason)
        is_allowed = ask.method == "GET" or error.reason in _SAFE_TO_REPEAT
        if reason is None or not is_allowed or not self._retries_left:
            raise error
        wait = 0.0
        if not self._throttle.left_seconds():
            number = RETRIES_PER_POLL - self._retries_left
            wait = self._random() * _FIRST_BACKOFF_SECONDS * 2**number
        if max(wait, self._throttle.left_seconds()) >= self._left_seconds():
            raise error
        self._retries_left -= 1
        if self._clock.wait(wait):
            raise Stopping
        log.debug("request is sent again", extra={"endpoint": ask.endpoint, "error": str(error)})
        self._tell(Retried(reason))
