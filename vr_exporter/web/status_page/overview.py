"""What a person has to see first: chosen from a snapshot, cut to a length that stays readable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import Trigger, TriggerState
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
class Overview:
    """All that the status page shows. Each replication counts once, whoever shows it."""

    sites: tuple[SiteSnapshot, ...]
    replications: int
    verdicts: dict[str, int]
    offenders: Top[ReplicationRow]
    running: Top[ReplicationRow]
    triggers: Top[Trigger]
    failures: Top[Failure]
    tasks: Top[TaskRow]

    @property
    def is_all_up(self) -> bool:
        """Whether every site and every pairing was read in its last poll."""
        pairings = (pairing for site in self.sites for pairing in site.pairings)
        return all(site.up for site in self.sites) and all(pairing.up for pairing in pairings)


def overview(snapshot: Snapshot) -> Overview:
    """Choose and sort: the worst offender, the fullest bar and what fails now come first."""
    rows = each_once(replication_rows(snapshot))
    offenders = sorted((row for row in rows if row.is_late), key=_badness)
    running = sorted((row for row in rows if row.replication.progress), key=_fullness)
    triggers = sorted(
        (trigger for site in snapshot.sites.values() for trigger in site.triggers), key=_urgency
    )
    failures = sorted(_failures(snapshot, rows), key=_age)
    tasks = sorted(task_rows(snapshot), key=_newness)
    return Overview(
        sites=tuple(snapshot.sites.values()),
        replications=len(rows),
        verdicts=count_verdicts(rows),
        offenders=_top(offenders, MOST_ROWS),
        running=_top(running, MOST_ROWS),
        triggers=_top(triggers, MOST_TASKS),
        failures=_top(failures, MOST_TASKS),
        tasks=_top(tasks, MOST_TASKS),
    )


def _top(entries: list[Entry], most: int) -> Top[Entry]:
    return Top(tuple(entries[:most]), len(entries))


def _badness(row: ReplicationRow) -> tuple[float, str]:
    past = row.replication.rpo_violation_seconds
    return (-(past or 0), row.replication.vm)


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
