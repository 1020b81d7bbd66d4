"""Wishes for a sync and the one table of their life: state, word, outcome, exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from vr_exporter.domain.names import PairingId, ReplicationId, SiteName, TaskId


class Origin(StrEnum):
    """Who wishes; the values of the label `source`."""

    API = "api"
    SCHEDULE = "schedule"
    ALERT = "alert"
    CLI = "cli"


class Outcome(StrEnum):
    """What came of a wish; the values of the label `outcome`."""

    ACCEPTED = "accepted"
    JOINED = "joined"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"


REASONS = (
    "kill_switch",
    "off",
    "dry_run",
    "resolved",
    "unmatched",
    "duplicate",
    "expired",
    "loop",
    "maintenance",
    "silenced",
    "circuit",
    "storm",
    "budget",
    "cooldown",
    "stale",
    "not_found",
    "ambiguous_name",
    "paused",
    "status",
    "remote_down",
    "healed",
    "fresh",
)
"""Why a guard says no, a closed set (metrics.md 1.4)."""


class TriggerState(StrEnum):
    """Where a wish stands in the ledger."""

    RESERVED = "reserved"
    POSTING = "posting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"
    JOINED = "joined"
    SKIPPED = "skipped"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    UNRESOLVED = "unresolved"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether the wish has its end; what is ambiguous is still looked for."""
        return self in FINAL

    @property
    def holds_target(self) -> bool:
        """Whether the target takes no second wish beside this one."""
        return self in HOLDING


FINAL = frozenset(
    {
        TriggerState.SUCCEEDED,
        TriggerState.FAILED,
        TriggerState.LOST,
        TriggerState.SKIPPED,
        TriggerState.REFUSED,
        TriggerState.UNRESOLVED,
        TriggerState.EXPIRED,
    }
)

HOLDING = frozenset(
    {
        TriggerState.RESERVED,
        TriggerState.POSTING,
        TriggerState.AMBIGUOUS,
        TriggerState.RUNNING,
    }
)
"""One row of a target at most is in one of these."""

NEXT: dict[TriggerState, frozenset[TriggerState]] = {
    TriggerState.RESERVED: frozenset(
        {TriggerState.POSTING, TriggerState.SKIPPED, TriggerState.EXPIRED, TriggerState.JOINED}
    ),
    TriggerState.POSTING: frozenset(
        {TriggerState.RUNNING, TriggerState.REFUSED, TriggerState.AMBIGUOUS}
    ),
    TriggerState.RUNNING: frozenset(
        {
            TriggerState.SUCCEEDED,
            TriggerState.FAILED,
            TriggerState.LOST,
            TriggerState.AMBIGUOUS,
        }
    ),
    TriggerState.JOINED: frozenset(
        {
            TriggerState.SUCCEEDED,
            TriggerState.FAILED,
            TriggerState.LOST,
            TriggerState.SKIPPED,
            TriggerState.REFUSED,
            TriggerState.EXPIRED,
        }
    ),
    TriggerState.AMBIGUOUS: frozenset(
        {TriggerState.RUNNING, TriggerState.FAILED, TriggerState.UNRESOLVED}
    ),
    TriggerState.SKIPPED: frozenset({TriggerState.RESERVED}),
    TriggerState.EXPIRED: frozenset({TriggerState.RESERVED}),
}
"""The edges of fault-matrix 6: none leads from `posting` or later back to `reserved`.

From `running` to `ambiguous` when the appliance was set back to an older state (A60).
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """A row of the table in surface.md: the word people read, and the exit code of `sync`."""

    word: str
    exit_code: int | None = None


TABLE: dict[TriggerState, Ending] = {
    TriggerState.RESERVED: Ending("queued"),
    TriggerState.POSTING: Ending("asking"),
    TriggerState.RUNNING: Ending("syncing"),
    TriggerState.SUCCEEDED: Ending("synced", 0),
    TriggerState.FAILED: Ending("failed", 5),
    TriggerState.LOST: Ending("unknown", 6),
    TriggerState.JOINED: Ending("joined"),
    TriggerState.SKIPPED: Ending("skipped", 5),
    TriggerState.REFUSED: Ending("refused", 5),
    TriggerState.AMBIGUOUS: Ending("unknown", 6),
    TriggerState.UNRESOLVED: Ending("unknown", 6),
    TriggerState.EXPIRED: Ending("expired", 4),
}


@dataclass(frozen=True, slots=True)
class Skip:
    """A guard's no: the reason as a label, and a sentence for people.

    `retry_after_seconds` is when the same guard would say yes, None where nobody knows.
    """

    reason: str
    sentence: str
    retry_after_seconds: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Target:
    """One replication, at the site that is asked: its source, where that is configured."""

    replication_id: ReplicationId
    site: SiteName
    pairing_id: PairingId
    vm: str
    vm_id: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One wish for a sync. Times are seconds since 1970 on our clock.

    `key` is unique for ever. `actor` is who asked, for the audit. `follows` is the key of the
    trigger whose task a joined one follows, empty where it follows a sync of somebody else.
    `reason` and `sentence` say why it was skipped, refused, failed or lost.
    `is_confirmed` tells whether `last_sync_time` moved after SUCCESS; None while unknown.
    """

    key: str
    target: Target
    origin: Origin
    asked_at: float
    not_after: float
    actor: str = ""
    state: TriggerState = TriggerState.RESERVED
    has_joined: bool = False
    reason: str = ""
    sentence: str = ""
    is_forced: bool = False
    max_age_seconds: float | None = None
    body_digest: str = ""
    follows: str = ""
    claimed_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    task_id: TaskId | None = None
    task_queued_at: float | None = None
    error_code: str = ""
    is_confirmed: bool | None = None
    is_acknowledged: bool = False

    @property
    def outcome(self) -> Outcome | None:
        """The outcome once it stands; None while the wish waits or is being asked."""
        if self.has_joined:
            return Outcome.JOINED
        if self.state is TriggerState.FAILED and self.task_id is None:
            return Outcome.REJECTED
        if self.state in _IN_DOUBT and self.task_id is not None:
            return Outcome.ACCEPTED
        return _OUTCOMES.get(self.state)

    @property
    def exit_code(self) -> int | None:
        """The exit code of `sync` for this wish; a copy that is fresh enough ends well."""
        if self.state is TriggerState.SKIPPED and self.reason == "fresh":
            return 0
        return TABLE[self.state].exit_code


_IN_DOUBT = frozenset({TriggerState.AMBIGUOUS, TriggerState.UNRESOLVED})

_OUTCOMES = {
    TriggerState.RUNNING: Outcome.ACCEPTED,
    TriggerState.SUCCEEDED: Outcome.ACCEPTED,
    TriggerState.FAILED: Outcome.ACCEPTED,
    TriggerState.LOST: Outcome.ACCEPTED,
    TriggerState.SKIPPED: Outcome.SKIPPED,
    TriggerState.EXPIRED: Outcome.SKIPPED,
    TriggerState.REFUSED: Outcome.REJECTED,
    TriggerState.UNRESOLVED: Outcome.AMBIGUOUS,
}
