"""Tells one receiver what the outbox holds for it: its own pace, back-off and acknowledgements."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final, Protocol

from vr_exporter.alerting.alertmanager import Answer, Unready
from vr_exporter.alerting.counting import Counting
from vr_exporter.alerting.messages import Part, body_of, part_of, portions
from vr_exporter.alerting.turns import Key, Moment, Plan, Timing, Told, Word, key_of, plan_for
from vr_exporter.domain.alerts import Outgoing
from vr_exporter.domain.clock import Clock
from vr_exporter.ledger.crash import crash
from vr_exporter.ledger.outbox import Dropped, Outbox

log = logging.getLogger(__name__)

LONGEST_REST_SECONDS: Final = 1.0
"""News is looked for so often."""

SHORTEST_REST_SECONDS: Final = 0.1

LONGEST_UNPLANNED_SECONDS: Final = 5.0
"""What waits is counted anew so often, also while the receiver is away."""

FIRST_BACKOFF_SECONDS: Final = 1.0
LONGEST_BACKOFF_SECONDS: Final = 30.0
FIRST_REFUSED_SECONDS: Final = 60.0
LONGEST_REFUSED_SECONDS: Final = 300.0


class Outcome(Enum):
    """What an answer means for us: the table of alerting.md 1."""

    TAKEN = "taken"
    SPLIT = "split"
    MISCONFIGURED = "misconfigured"
    REFUSED = "refused"
    FAILED = "failed"


_SPLIT: Final = frozenset({400, 413, 422})
_MISCONFIGURED: Final = frozenset({404, 405, 415})
_REFUSED: Final = frozenset({401, 403})
_ASKS_FOR_TLS: Final = ("request to an HTTPS server", "request was sent to HTTPS port")
"""What Go and nginx say with a 400 to whoever writes http for https."""


def outcome_of(status: int, text: str = "") -> Outcome:
    """Say what to do after an answer; without one the status is 0.

    A 400 is about the alerts, unless its text says that it is about the address.
    """
    if any(said in text for said in _ASKS_FOR_TLS):
        return Outcome.MISCONFIGURED
    if 200 <= status < 300:  # noqa: PLR2004 - the classes of HTTP
        return Outcome.TAKEN
    if status in _SPLIT:
        return Outcome.SPLIT
    if status in _MISCONFIGURED or 300 <= status < 400:  # noqa: PLR2004 - as above
        return Outcome.MISCONFIGURED
    return Outcome.REFUSED if status in _REFUSED else Outcome.FAILED


class Box(Protocol):
    """What keeps the outbox: a ledger."""

    @property
    def outbox(self) -> Outbox:
        """What is to be told."""

    def change_outbox(self, change: Callable[[Outbox], None]) -> None:
        """Change it, durably if the disk lets us."""


class Posts(Protocol):
    """What takes the posts: one Alertmanager."""

    @property
    def authorize(self) -> Callable[[], str]:
        """What is shown as of now."""

    def post(self, body: bytes) -> Answer:
        """Post a list of alerts."""

    def close(self) -> None:
        """Let the connection go."""


class Sender:
    """Works for one receiver, on a thread of its own, until the clock's `wait` says stop.

    `random` is from 0 to 1.
    """

    def __init__(
        self,
        receiver: str,
        *,
        member: Posts,
        box: Box,
        timing: Timing,
        counting: Counting,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self.receiver = receiver
        self._member = member
        self._box = box
        self._timing = timing
        self._counting = counting
        self._clock = clock
        self._random = random
        self._told: dict[Key, Told] = {}
        self._version = -1
        self._look_at = -math.inf
        self._try_at = -math.inf
        self._failures = 0
        self._fault = ""

    @property
    def fault(self) -> str:
        """Why nothing is taken at present, empty when all is well."""
        return self._fault

    def run(self) -> None:
        """Tell what is to be told until the clock's wait says stop, then let the connection go."""
        try:
            while not self._clock.wait(self.turn()):
                pass
        finally:
            self._member.close()

    def turn(self) -> float:
        """Tell what is due, and return for how many seconds nothing is, but for news."""
        monotonic = self._clock.monotonic()
        if self._box.outbox.version != self._version or monotonic >= self._look_at:
            plan = self._planned()
            if plan.told and monotonic >= self._try_at:
                self._tell(plan)
                plan = self._planned()
            self._counting.waits(self.receiver, plan.waiting, plan.oldest)
            self._look_at = monotonic + self._seconds_to_look(plan)
        left = self._look_at - self._clock.monotonic()
        return max(SHORTEST_REST_SECONDS, min(left, LONGEST_REST_SECONDS))

    def _seconds_to_look(self, plan: Plan) -> float:
        """Say when to plan anew: what waits is counted now and then, also while nobody takes it."""
        wait = plan.wait_seconds
        if plan.told:
            wait = max(self._try_at - self._clock.monotonic(), SHORTEST_REST_SECONDS)
        return min(wait, LONGEST_UNPLANNED_SECONDS)

    def _planned(self) -> Plan:
        """Plan from what the outbox holds now, and let go of what is over."""
        outbox = self._box.outbox
        self._version = outbox.version
        rows = outbox.rows(self.receiver)
        moment = Moment(self._clock.now(), self._clock.monotonic())
        plan = plan_for(rows, self._told, moment=moment, timing=self._timing)
        if plan.done:
            self._remove(plan.done)
        if plan.expired:
            log.warning("alerts too old to be sent", extra=self._facts(count=len(plan.expired)))
            self._remove(plan.expired, dropped="expired")
        known = {key_of(row) for row in rows}
        self._told = {key: told for key, told in self._told.items() if key in known}
        return plan

    def _tell(self, plan: Plan) -> None:
        """Post what is due, for some seconds: of a slow receiver the plan, and ends, grow old."""
        now, began = self._clock.now(), self._clock.monotonic()
        for portion in portions(part_of(turn, now=now) for turn in plan.told):
            if not self._deliver(portion):
                return
            if self._clock.monotonic() - began > LONGEST_UNPLANNED_SECONDS:
                return

    def _deliver(self, portion: Sequence[Part]) -> bool:
        """Post a portion, halving it while it holds a bad alert; False: try again later (B24)."""
        if self._clock.wait(0):
            return False
        answer = self._post(portion)
        outcome = outcome_of(answer.status, answer.text)
        if outcome is Outcome.TAKEN:
            self._taken(portion)
            return True
        if outcome is not Outcome.SPLIT:
            self._failed(portion, answer, outcome)
            return False
        if len(portion) == 1:
            self._reject(portion[0], answer)
            return True
        middle = len(portion) // 2
        return self._deliver(portion[:middle]) and self._deliver(portion[middle:])

    def _post(self, portion: Sequence[Part]) -> Answer:
        body = body_of(portion)
        crash("ALERT.before")
        answer = self._member.post(body)
        if outcome_of(answer.status) is Outcome.REFUSED and self._has_new_secret(answer):
            answer = self._member.post(body)
        if outcome_of(answer.status) is Outcome.TAKEN:
            crash("ALERT.after")
        self._counting.posted(self.receiver, answer)
        return answer

    def _has_new_secret(self, answer: Answer) -> bool:
        """Whether the secret was rotated since it was shown; read again once."""
        try:
            return self._member.authorize() != answer.was_shown
        except Unready:
            return False

    def _taken(self, portion: Sequence[Part]) -> None:
        if self._fault:
            log.warning("alertmanager takes alerts again", extra=self._facts())
        self._fault, self._failures, self._try_at = "", 0, -math.inf
        self._counting.taken(self.receiver, len(portion))
        monotonic = self._clock.monotonic()
        for part in portion:
            self._told[key_of(part.turn.row)] = Told(part.turn.word, monotonic)
        self._acknowledge(portion)

    def _acknowledge(self, portion: Sequence[Part]) -> None:
        """Write down what was heard for the first time (T5)."""
        news = [part.turn for part in portion if part.turn.is_news]
        firing = [turn.row for turn in news if turn.word is Word.FIRING]
        resolved = [turn.row for turn in news if turn.word is Word.RESOLVED]
        now = self._clock.now()

        def accept(outbox: Outbox) -> None:
            outbox.accept(firing, resolved=False, at=now)
            outbox.accept(resolved, resolved=True, at=now)

        if news:
            self._box.change_outbox(accept)

    def _failed(self, portion: Sequence[Part], answer: Answer, outcome: Outcome) -> None:
        self._counting.failed(self.receiver, len(portion))
        fault = f"{answer.status}" if answer.status else answer.text
        if fault != self._fault:
            facts = self._facts(status=answer.status, error=answer.text)
            log.warning(_WORDS[outcome], extra=facts)
        self._fault = fault
        self._failures += 1
        self._try_at = self._clock.monotonic() + self._backoff(outcome)

    def _backoff(self, outcome: Outcome) -> float:
        """Say how long to leave the receiver alone; one that is misconfigured until a reload."""
        if outcome is Outcome.MISCONFIGURED:
            return math.inf
        first, longest = FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS
        if outcome is Outcome.REFUSED:
            first, longest = FIRST_REFUSED_SECONDS, LONGEST_REFUSED_SECONDS
        whole = min(longest, first * 2.0 ** min(self._failures - 1, 16))
        return whole * (0.5 + self._random() / 2)

    def _reject(self, part: Part, answer: Answer) -> None:
        row = part.turn.row
        labels = dict(row.alert.labels)
        facts = self._facts(
            status=answer.status,
            error=answer.text,
            alert=row.alert.name,
            site=labels.get("site", ""),
            replication=labels.get("replication", ""),
        )
        log.error("alertmanager rejects an alert, it is dropped", extra=facts)
        self._remove((row,), dropped="rejected")

    def _remove(self, rows: Sequence[Outgoing], dropped: Dropped | None = None) -> None:
        self._box.change_outbox(lambda outbox: outbox.remove(rows, dropped=dropped))

    def _facts(self, **more: object) -> dict[str, object]:
        return {"receiver": self.receiver, **more}


_WORDS: Final = {
    Outcome.MISCONFIGURED: "alertmanager is not at this address, no alerts until the next reload",
    Outcome.REFUSED: "alertmanager refuses our credential",
    Outcome.FAILED: "alertmanager takes no alerts",
}
