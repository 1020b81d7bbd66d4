"""The JSON objects of the status page: all that it shows, and every replication in a short form."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.syncing.schedules import Schedule, next_slot
from vr_exporter.web.api.replications import REPLICATION, TASK
from vr_exporter.web.api.shape import Field, Shape
from vr_exporter.web.api.sites import SITE
from vr_exporter.web.api.triggers import TRIGGER
from vr_exporter.web.headline import Fact
from vr_exporter.web.overview import Failure, Inventory, Overview
from vr_exporter.web.rows import ReplicationRow

TEXT_CHARACTERS = 300
"""So much of an error text is shown; the whole of it stands in `/api/v1/replications`."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A schedule and its next time."""

    schedule: Schedule
    at: float | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A wish that came to nothing, with the name of its VM."""

    row: AuditRow
    vm: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the status page shows beside the replications."""

    version: str
    can_sync: bool
    overview: Overview
    schedules: tuple[Slot, ...]
    refusals: tuple[Refusal, ...]


def slots_of(schedules: tuple[Schedule, ...], *, now: float) -> tuple[Slot, ...]:
    """Schedules with their next times, the soonest first."""
    slots = [Slot(schedule, next_slot(schedule, now)) for schedule in schedules]
    return tuple(sorted(slots, key=lambda slot: (slot.at is None, slot.at or 0.0)))


def cut(text: str) -> str:
    """A text of a length that does not bury what stands beside it."""
    return text if len(text) <= TEXT_CHARACTERS else f"{text[:TEXT_CHARACTERS]}…"


def _verdicts(pairings: tuple[PairingSnapshot, ...]) -> dict[str, int]:
    counts = Counter(row.verdict.value for pairing in pairings for row in pairing.replications)
    return dict(counts)


def _errors(row: ReplicationRow) -> str:
    return cut("; ".join(error.message for error in row.replication.errors))


def _progress(row: ReplicationRow, name: str) -> Any:
    return getattr(row.replication.progress, name, None)


STATUS_ROW: Shape[ReplicationRow] = Shape(
    "StatusRow",
    (
        *REPLICATION.some(
            *("site", "pairing", "replication", "vm", "stale", "verdict", "status"),
            *("rpo_seconds", "rpo_violation_seconds", "last_sync_timestamp_seconds"),
        ),
        Field("ratio", "number?", "of the running sync, 0 to 1", lambda r: _progress(r, "ratio")),
        Field(
            "transferred_bytes",
            "number?",
            "moved by it",
            lambda r: _progress(r, "transferred_bytes"),
        ),
        Field(
            "transfer_size_bytes",
            "number?",
            "to be moved by it",
            lambda r: _progress(r, "transfer_size_bytes"),
        ),
        *REPLICATION.some("progress_changed_timestamp_seconds"),
        Field("syncing", "boolean", "one is running", lambda r: r.replication.progress is not None),
        Field("error", "string", f"at most {TEXT_CHARACTERS} characters", _errors),
    ),
)


def rows_of(known: Inventory) -> dict[str, object]:
    """Every replication as an array, its members in the order of `columns`."""
    values = [field.value for field in STATUS_ROW.fields]
    return {
        "columns": [field.name for field in STATUS_ROW.fields],
        "rows": [[value(row) for value in values] for row in known.rows],
    }


STATUS_PAIRING: Shape[PairingSnapshot] = Shape(
    "StatusPairing",
    (
        Field("pairing", "string", "name", lambda p: p.pairing.name),
        Field("up", "boolean", "its list was read in the last poll", lambda p: p.up),
        Field("stale", "boolean", "that was long ago", lambda p: p.stale),
        Field("error", "string", "the last failure, empty if none", lambda p: cut(p.error)),
        Field(
            "last_success_timestamp_seconds",
            "number?",
            "when its list was last read",
            lambda p: p.last_success_timestamp_seconds,
        ),
        Field(
            "verdicts", "object", "how many by verdict, without zeros", lambda p: _verdicts((p,))
        ),
    ),
)

STATUS_SITE: Shape[SiteSnapshot] = Shape(
    "StatusSite",
    (
        *SITE.some("site", "up", "stale", "tried", "last_success_timestamp_seconds"),
        Field(
            "error", "string", "the last poll's failure, empty if good", lambda s: cut(s.poll.error)
        ),
        Field(
            "appliance",
            "string",
            "version and API of the appliance, empty if unknown",
            lambda s: f"{s.appliance.version} · {s.appliance.api}" if s.appliance else "",
        ),
        Field(
            "verdicts",
            "object",
            "how many replications by verdict, without zeros",
            lambda s: _verdicts(s.pairings),
        ),
        Field(
            "pairings",
            "array of StatusPairing",
            "its pairings",
            lambda s: STATUS_PAIRING.each(s.pairings),
        ),
    ),
)

FACT: Shape[Fact] = Shape(
    "Fact",
    (
        Field(
            "level", "string", "`down`, `breached`, `late`, `waiting` or `met`", lambda f: f.level
        ),
        Field("sentence", "string", "for people", lambda f: f.sentence),
    ),
)

FAILURE: Shape[Failure] = Shape(
    "Failure",
    (
        Field("site", "string", "the site that was asked", lambda f: f.site),
        Field("kind", "string", "what went wrong, in a few words", lambda f: f.kind),
        Field("subject", "string", "with what", lambda f: f.subject),
        Field("message", "string", "the appliance's words", lambda f: cut(f.message)),
        Field("timestamp_seconds", "number?", "null: it lasts", lambda f: f.timestamp_seconds),
    ),
)

SCHEDULE: Shape[Slot] = Shape(
    "Schedule",
    (
        Field("schedule", "string", "its name in the settings", lambda s: s.schedule.name),
        Field("cron", "string", "its five fields", lambda s: s.schedule.cron),
        Field("timezone", "string", "whose clock they go by", lambda s: s.schedule.timezone),
        Field("patterns", "array", "globs over VM names", lambda s: s.schedule.wanted.patterns),
        Field("site", "string?", "only there", lambda s: s.schedule.wanted.site),
        Field("pairing", "string?", "only there", lambda s: s.schedule.wanted.pairing),
        Field(
            "max_age_seconds",
            "number?",
            "copies that are fresher are left alone",
            lambda s: s.schedule.max_age_seconds,
        ),
        Field("next_timestamp_seconds", "number?", "null: never", lambda s: s.at),
    ),
)

REFUSAL: Shape[Refusal] = Shape(
    "Refusal",
    (
        Field("timestamp_seconds", "number", "when", lambda r: r.row.at),
        Field("vm", "string", "name of the VM, empty where it is not known", lambda r: r.vm),
        Field("site", "string", "its site", lambda r: r.row.site),
        Field("what", "string", "`skipped`, `refused` or `expired`", lambda r: r.row.what),
        Field(
            "why", "string", "the reason, and a sentence for people", lambda r: cut(r.row.result)
        ),
        Field("actor", "string", "who wished", lambda r: r.row.actor),
    ),
)

STATUS: Shape[Status] = Shape(
    "Status",
    (
        Field("version", "string", "of vr-exporter", lambda s: s.version),
        Field("can_sync", "boolean", "a bearer token opens what acts", lambda s: s.can_sync),
        Field(
            "facts", "array of Fact", "the headline first", lambda s: FACT.each(s.overview.facts)
        ),
        Field("replications", "number", "each counted once", lambda s: s.overview.replications),
        Field("verdicts", "object", "how many by verdict", lambda s: s.overview.verdicts),
        Field("sites", "array of StatusSite", "", lambda s: STATUS_SITE.each(s.overview.sites)),
        Field(
            "triggers",
            "array of Trigger",
            "under way, or of unknown outcome; the first 20",
            lambda s: TRIGGER.each(s.overview.triggers.entries),
        ),
        Field("triggers_total", "number", "how many", lambda s: s.overview.triggers.total),
        Field(
            "failures",
            "array of Failure",
            "what lasts, then the newest; the first 20",
            lambda s: FAILURE.each(s.overview.failures.entries),
        ),
        Field("failures_total", "number", "how many", lambda s: s.overview.failures.total),
        Field(
            "tasks",
            "array of Task",
            "the newest 20",
            lambda s: TASK.each(s.overview.tasks.entries),
        ),
        Field("tasks_total", "number", "how many", lambda s: s.overview.tasks.total),
        Field(
            "schedules",
            "array of Schedule",
            "the soonest first",
            lambda s: SCHEDULE.each(s.schedules),
        ),
        Field(
            "refusals",
            "array of Refusal",
            "the last wishes that came to nothing, the youngest first",
            lambda s: REFUSAL.each(s.refusals),
        ),
    ),
)
