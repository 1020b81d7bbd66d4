"""The ledger as a plain model: rows, the steps they take, and what is counted of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from vr_exporter.domain.triggers import HOLDING, Origin, Outcome, TriggerState
from vr_exporter.ledger.steps import FINAL_REASONS

S = TriggerState


@dataclass(slots=True)
class Row:
    """What the model knows of one trigger."""

    target: str
    origin: Origin
    not_after: float
    asked_at: float
    state: TriggerState = S.RESERVED
    follows: str = ""
    reason: str = ""
    has_task: bool = False
    has_joined: bool = False
    is_acknowledged: bool = False
    ended_at: float | None = None

    def holds(self, target: str) -> bool:
        """Whether it keeps others from its target."""
        return self.target == target and self.state in HOLDING


@dataclass(slots=True)
class Model:
    """What a ledger holds: rows, and the counters of outcomes and of tasks."""

    rows: dict[str, Row] = field(default_factory=dict)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    tasks: int = 0
    kill_switch: bool = False

    def holder(self, target: str) -> str:
        """The key that holds a target, empty if none does."""
        holding = (key for key, row in self.rows.items() if row.holds(target))
        return next(holding, "")

    def count(self, row: Row, outcome: Outcome) -> None:
        """One wish, one outcome."""
        self.outcomes[row.origin.value, outcome.value] += 1

    def to(self, key: str, state: TriggerState, reason: str = "", at: float = 0.0) -> None:
        """A step, with its count, its followers and what it acknowledges."""
        row = self.rows[key]
        before = _outcome(row)
        row.state = state
        row.reason = reason or row.reason
        row.has_joined |= state is S.JOINED
        row.has_task |= state is S.RUNNING
        row.ended_at = at if state.is_final else row.ended_at
        after = _outcome(row)
        if before is None and after is not None:
            self.count(row, after)
        if state.is_final:
            for other, follower in self.rows.items():
                if follower.follows == key and follower.state is S.JOINED:
                    self.to(other, _end_of(follower, row), row.reason, at)
        if state is S.SUCCEEDED and not row.has_joined:
            for unclear in self.rows.values():
                if unclear.target == row.target:
                    unclear.is_acknowledged |= unclear.state in (S.AMBIGUOUS, S.UNRESOLVED)


def _end_of(follower: Row, leader: Row) -> TriggerState:
    """As the one it follows, save that a doubt is one, and that healing answers alerts alone."""
    if leader.state is S.UNRESOLVED:
        return S.LOST
    is_of_alerts = leader.origin is Origin.ALERT and leader.reason == "healed"
    if leader.state is S.SKIPPED and is_of_alerts and follower.origin is not Origin.ALERT:
        return S.FAILED
    return leader.state


def _outcome(row: Row) -> Outcome | None:
    if row.has_joined:
        return Outcome.JOINED
    if row.state is S.FAILED:
        return Outcome.ACCEPTED if row.has_task else Outcome.REJECTED
    if row.has_task and row.state in (S.AMBIGUOUS, S.UNRESOLVED):
        return Outcome.ACCEPTED
    return {
        S.RUNNING: Outcome.ACCEPTED,
        S.SUCCEEDED: Outcome.ACCEPTED,
        S.LOST: Outcome.ACCEPTED,
        S.SKIPPED: Outcome.SKIPPED,
        S.EXPIRED: Outcome.SKIPPED,
        S.REFUSED: Outcome.REJECTED,
        S.UNRESOLVED: Outcome.AMBIGUOUS,
    }.get(row.state)


def may_turn(row: Row) -> bool:
    """Whether an alert offered again waits again."""
    return (
        row.origin is Origin.ALERT
        and row.state in (S.SKIPPED, S.EXPIRED)
        and row.reason not in FINAL_REASONS
    )
