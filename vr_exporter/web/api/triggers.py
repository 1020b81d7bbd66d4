"""The JSON objects of triggers: what was wished, what is meant by a name, and the audit."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from vr_exporter.domain.names import PairingName
from vr_exporter.domain.triggers import TABLE, Skip, Target, Trigger
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.syncing.targets import Fault
from vr_exporter.web.api.shape import Field, Shape


def url_of(key: str) -> str:
    """Where a trigger can be looked at, as a path of this server."""
    return f"/api/v1/triggers/{quote(key, safe='')}"


TRIGGER: Shape[Trigger] = Shape(
    "Trigger",
    (
        Field("key", "string", "its name for ever", lambda t: t.key),
        Field(
            "url",
            "string?",
            "where to look at it; null for a wish that a guard turned down at once: no row is kept",
            lambda t: url_of(t.key),
        ),
        Field("site", "string", "the site that is asked", lambda t: t.target.site),
        Field("pairing_id", "string", "its pairing's id", lambda t: t.target.pairing_id),
        Field("replication", "string", "the appliance's id", lambda t: t.target.replication_id),
        Field("vm", "string", "name of the VM", lambda t: t.target.vm),
        Field(
            "origin",
            "string",
            "who wished: `cli`, `api`, `schedule` or `alert` (label `source`)",
            lambda t: t.origin.value,
        ),
        Field("actor", "string", "the same, closer", lambda t: t.actor),
        Field("state", "string", "where it stands", lambda t: t.state.value),
        Field("word", "string", "the state as people read it", lambda t: TABLE[t.state].word),
        Field("is_final", "boolean", "it has its end", lambda t: t.state.is_final),
        Field("outcome", "string?", "the label `outcome`, once it stands", lambda t: t.outcome),
        Field("reason", "string", "why not, as a label; empty if none", lambda t: t.reason),
        Field("sentence", "string", "the same for people", lambda t: t.sentence),
        Field("exit_code", "number?", "that of `sync`, once it stands", lambda t: t.exit_code),
        Field("joined", "boolean", "follows another's sync, made no POST", lambda t: t.has_joined),
        Field(
            "follows", "string", "key of the trigger that it joined, if any", lambda t: t.follows
        ),
        Field("forced", "boolean", "the cool-down was skipped", lambda t: t.is_forced),
        Field(
            "max_age_seconds",
            "number?",
            "no sync for a copy that is fresher",
            lambda t: t.max_age_seconds,
        ),
        Field("asked_timestamp_seconds", "number", "when it was wished", lambda t: t.asked_at),
        Field(
            "not_after_timestamp_seconds",
            "number",
            "when it is begun no more",
            lambda t: t.not_after,
        ),
        Field(
            "claimed_timestamp_seconds",
            "number?",
            "when its one POST was about to leave",
            lambda t: t.claimed_at,
        ),
        Field(
            "answered_timestamp_seconds",
            "number?",
            "when the appliance answered",
            lambda t: t.answered_at,
        ),
        Field("ended_timestamp_seconds", "number?", "when it had its end", lambda t: t.ended_at),
        Field("task", "string?", "the appliance's task", lambda t: t.task_id),
        Field(
            "task_queued_timestamp_seconds",
            "number?",
            "when that was queued, by the appliance's clock",
            lambda t: t.task_queued_at,
        ),
        Field(
            "error_code", "string", "the appliance's code, if it said one", lambda t: t.error_code
        ),
        Field(
            "confirmed",
            "boolean?",
            "after success the last sync's time moved; null while unknown",
            lambda t: t.is_confirmed,
        ),
        Field(
            "acknowledged",
            "boolean",
            "somebody took note that its outcome stayed unknown",
            lambda t: t.is_acknowledged,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a wish would lead to: nothing was taken or asked. `skip` is a guard's no."""

    target: Target
    skip: Skip | None


PREVIEW: Shape[Preview] = Shape(
    "Preview",
    (
        Field("site", "string", "the site that would be asked", lambda p: p.target.site),
        Field("pairing_id", "string", "its pairing's id", lambda p: p.target.pairing_id),
        Field("replication", "string", "the appliance's id", lambda p: p.target.replication_id),
        Field("vm", "string", "name of the VM", lambda p: p.target.vm),
        Field("would_act", "boolean", "no guard says no", lambda p: p.skip is None),
        Field("reason", "string", "the guard's no", lambda p: p.skip.reason if p.skip else ""),
        Field(
            "sentence",
            "string",
            "the same for people",
            lambda p: p.skip.sentence if p.skip else f"{p.target.vm} would be synced",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A target with the name of its pairing, empty where it is not known any more."""

    target: Target
    pairing: PairingName | str


TARGET: Shape[Place] = Shape(
    "Target",
    (
        Field("replication", "string", "the appliance's id", lambda p: p.target.replication_id),
        Field("site", "string", "the site that is asked", lambda p: p.target.site),
        Field("pairing", "string", "its pairing's name", lambda p: p.pairing),
        Field("pairing_id", "string", "its pairing's id", lambda p: p.target.pairing_id),
        Field("vm", "string", "name of the VM", lambda p: p.target.vm),
    ),
)


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A word that means no target, or several, with the places of those near it."""

    fault: Fault
    choices: tuple[Place, ...] = ()


FAULT: Shape[FaultRow] = Shape(
    "Fault",
    (
        Field("word", "string", "what was asked for", lambda f: f.fault.word),
        Field("reason", "string", "`not_found` or `ambiguous_name`", lambda f: f.fault.skip.reason),
        Field("sentence", "string", "the same for people", lambda f: f.fault.skip.sentence),
        Field("choices", "array of Target", "what it may mean", lambda f: TARGET.each(f.choices)),
        Field("nearest", "array", "names like it", lambda f: f.fault.nearest),
    ),
)

AUDIT_ROW: Shape[AuditRow] = Shape(
    "AuditRow",
    (
        Field("number", "number", "counts up, never used twice", lambda r: r.seq),
        Field("timestamp_seconds", "number", "when", lambda r: r.at),
        Field("actor", "string", "who", lambda r: r.actor),
        Field("what", "string", "the state that was reached, or the deed", lambda r: r.what),
        Field("key", "string", "of the trigger, if any", lambda r: r.key),
        Field("site", "string", "its site", lambda r: r.site),
        Field("replication", "string", "its replication", lambda r: r.replication),
        Field("result", "string", "why, for people", lambda r: r.result),
    ),
)
