"""What a person has to see first: chosen from a snapshot, cut to a length that stays readable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.web.headline import Fact, facts_of
from vr_exporter.web.rows import (
    ReplicationRow,
    TaskRow,
    count_verdicts,
    each_once,
    pairing_rows,
    replication_rows,
    task_rows,
)

Entry = TypeVar("Entry")

MOST_ROWS = 50
MOST_TASKS = 20
_WORST_FIRST = (
    Verdict.BREACHED,
    Verdict.LATE,
    Verdict.UNKNOWN,
    Verdict.EXCUSED,
    Verdict.MET,
)
_RANKS = {verdict: rank for rank, verdict in enumerate(_WORST_FIRST)}


@dataclass(frozen=True, slots=True)
class Top(Generic[Entry]):
    """The first entries of a list, and how many there are in all."""

    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that went wrong, in the words of whoever said so; without a time it lasts."""

    site: str
    kind: str
    subject: str
    message: str
    timestamp_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All replications, each once whoever shows it, the worst first; verdicts are counted."""

    rows: tuple[ReplicationRow, ...]
    verdicts: dict[str, int]

    @property
    def offenders(self) -> tuple[ReplicationRow, ...]:
        """Those past their RPO."""
        return self.rows[: self.verdicts["breached"] + self.verdicts["late"]]


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the status page shows. Each replication counts once, whoever shows it."""

    facts: tuple[Fact, ...]
    sites: tuple[SiteSnapshot, ...]
    replications: int
    verdicts: dict[str, int]
    offenders: Top[ReplicationRow]
    running: Top[ReplicationRow]
    triggers: Top[Trigger]
    failures: Top[Failure]
    tasks: Top[TaskRow]


def inventory(snapshot: Snapshot) -> Inventory:
    """Sort: breached before late before all others, then by time past the RPO, then by name."""
    rows = each_once(replication_rows(snapshot))
    return Inventory(tuple(sorted(rows, key=_badness)), count_verdicts(rows))


def overview(snapshot: Snapshot, known: Inventory, *, missing: tuple[str, ...] = ()) -> Overview:
    """Choose: the worst offender, the fullest bar and what fails now come first.

    `known` is the inventory of this snapshot; `missing` are VMs that nobody replicates, but should.
    """
    running = sorted((row for row in known.rows if row.replication.progress), key=_fullness)
    triggers = sorted(
        (trigger for site in snapshot.sites.values() for trigger in site.triggers), key=_urgency
    )
    failures = sorted(_told_once(_failures(snapshot, known.rows)), key=_age)
    return Overview(
        facts=facts_of(
            snapshot,
            known.verdicts,
            offenders=[row.replication.vm for row in known.offenders],
            missing=missing,
        ),
        sites=tuple(snapshot.sites.values()),
        replications=len(known.rows),
        verdicts=known.verdicts,
        offenders=_top(known.offenders, MOST_ROWS),
        running=_top(running, MOST_ROWS),
        triggers=_top(triggers, MOST_TASKS),
        failures=_top(failures, MOST_TASKS),
        tasks=_top(sorted(task_rows(snapshot), key=_newness), MOST_TASKS),
    )


def _top(entries: Sequence[Entry], most: int) -> Top[Entry]:
    return Top(tuple(entries[:most]), len(entries))


def _badness(row: ReplicationRow) -> tuple[int, float, str]:
    past = row.replication.rpo_violation_seconds
    return (_RANKS[row.watched.verdict], -(past or 0), row.replication.vm)


def _fullness(row: ReplicationRow) -> tuple[float, str]:
    progress = row.replication.progress
    ratio = progress.ratio if progress else None
    return (-(ratio or 0), row.replication.vm)


def _urgency(trigger: Trigger) -> tuple[int, float]:
    """What stayed unknown needs a person; then what runs, then what waits, the oldest first."""
    at_work = (TriggerState.POSTING, TriggerState.RUNNING, TriggerState.JOINED)
    is_unclear = trigger.state not in (*at_work, TriggerState.RESERVED)
    return (0 if is_unclear else 1 if trigger.state in at_work else 2, trigger.asked_at)


def _age(failure: Failure) -> float:
    return -inf if failure.timestamp_seconds is None else -failure.timestamp_seconds


def _newness(row: TaskRow) -> float:
    task = row.task
    times = (
        task.completed_timestamp_seconds,
        task.started_timestamp_seconds,
        task.queued_timestamp_seconds,
    )
    return -next((time for time in times if time is not None), 0.0)


def _told_once(failures: Iterable[Failure]) -> list[Failure]:
    """Both ends of a pairing may tell the same: one of them is enough, the youngest."""
    told: dict[tuple[str, str, str], Failure] = {}
    for each in sorted(failures, key=_age, reverse=True):
        told[each.kind, each.subject, each.message] = each
    return list(told.values())


def _failures(snapshot: Snapshot, rows: Iterable[ReplicationRow]) -> Iterator[Failure]:
    for row in rows:
        for error in row.replication.errors:
            vm = row.replication.vm
            yield Failure(row.site.site, f"{error.kind} error", vm, error.message)
    for site, task in ((row.site, row.task) for row in task_rows(snapshot)):
        if task.state is TaskState.ERROR:
            yield Failure(
                site.site,
                f"{task.operation} task",
                task.entity_name or task.entity,
                task.error_message or task.error_code or "",
                task.completed_timestamp_seconds,
            )
    for pairing in pairing_rows(snapshot):
        for issues in pairing.pairing.issues.values():
            for issue in issues:
                yield Failure(
                    pairing.site.site,
                    f"{issue.scope} {issue.severity}",
                    issue.entity_name,
                    issue.description,
                    issue.timestamp_seconds,
                )
