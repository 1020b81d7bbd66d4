"""The families of an appliance's tasks, whoever started them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.tasks import OPERATIONS, Task, TaskState
from vr_exporter.metrics.family import Family, Rows, Samples, Table
from vr_exporter.metrics.rows import each_site, fresh_pairings
from vr_exporter.metrics.totals import histogram, total

_STATES = {TaskState.QUEUED: "queued", TaskState.RUNNING: "running"}


def _unfinished(site: SiteSnapshot) -> list[Task]:
    return [task for task in site.tasks or () if task.state.is_unfinished]


def _in_sight(site: SiteSnapshot) -> Rows[SiteSnapshot]:
    """The site while its tasks are known and not withheld."""
    return Rows([], []) if site.stale or site.tasks is None else each_site(site)


def _counts(site: SiteSnapshot) -> Samples:
    counted = Counter((task.operation, _STATES[task.state]) for task in _unfinished(site))
    return tuple(
        ((operation, state), counted[operation, state])
        for operation in OPERATIONS
        for state in _STATES.values()
    )


def _began(task: Task) -> float:
    return task.started_timestamp_seconds or task.queued_timestamp_seconds or 0.0


def _progress(site: SiteSnapshot) -> Samples | None:
    """The younger task of each replication that some unfinished task works on."""
    tasks = [task for task in _unfinished(site) if task.progress_ratio is not None]
    if not tasks:
        return None
    known = _ids_by_entity(_worked_on(site, tasks))
    youngest = {
        replication: (task.operation, task.progress_ratio)
        for task in sorted(tasks, key=_began)
        if (replication := _replication_of(task, known))
    }
    return tuple(
        ((replication, operation), ratio)
        for replication, (operation, ratio) in youngest.items()
        if ratio is not None
    )


def _worked_on(site: SiteSnapshot, tasks: list[Task]) -> list[Replication]:
    named = {task.entity for task in tasks} | {task.entity_name for task in tasks}
    every = (w.replication for pairing in fresh_pairings(site) for w in pairing.replications)
    return [r for r in every if r.id in named or r.vm_id in named or r.vm in named]


def _ids_by_entity(replications: list[Replication]) -> Mapping[tuple[str, str], str]:
    """Replication ids by everything that a task may name; an ambiguous name leads nowhere."""
    known: dict[tuple[str, str], str] = {("id", r.id): r.id for r in replications}
    for replication in replications:
        for key in (("vm_id", replication.vm_id), ("vm", replication.vm)):
            is_taken = known.get(key, replication.id) != replication.id
            known[key] = "" if is_taken else replication.id
    return known


def _replication_of(task: Task, known: Mapping[tuple[str, str], str]) -> str:
    """The entity may be the replication's id or its VM's, else the VM's name is all there is."""
    ways = (("id", task.entity), ("vm_id", task.entity), ("vm", task.entity_name))
    return next((known[way] for way in ways if way[1] and known.get(way)), "")


def _oldest(site: SiteSnapshot) -> Samples | None:
    oldest: dict[str, float] = {}
    for task in _unfinished(site):
        if began := _began(task):
            oldest[task.operation] = min(began, oldest.get(task.operation, began))
    return tuple(((operation,), began) for operation, began in oldest.items()) or None


TASKS: Table[SiteSnapshot, SiteSnapshot] = Table(
    "Tasks",
    ("site",),
    _in_sight,
    (
        Family(
            "vr_tasks",
            "gauge",
            "Unfinished tasks (status of /tasks), as of the last poll.",
            ("operation", "status"),
            read=_counts,
            reads="samples",
        ),
        Family(
            "vr_task_progress_ratio",
            "gauge",
            "How far the unfinished task of a replication is, 0 to 1 (progress), as of the last"
            " poll; of several the youngest.",
            ("replication", "operation"),
            is_optional=True,
            read=_progress,
            reads="samples",
        ),
        Family(
            "vr_task_oldest_timestamp_seconds",
            "gauge",
            "Start of the oldest unfinished task by the appliance's clock (start_time, else"
            " queued_time), as of the last poll.",
            ("operation",),
            is_optional=True,
            read=_oldest,
            reads="samples",
        ),
    ),
)

TASK_TOTALS: Table[SiteSnapshot, SiteSnapshot] = Table(
    "Tasks: totals",
    ("site",),
    each_site,
    (
        total(
            "vr_tasks_completed_total",
            "Tasks that ended, well or badly (complete_time of /tasks), as of the last poll.",
            labels=("operation",),
        ),
        total(
            "vr_tasks_failed_total",
            "Tasks that ended as ERROR or CANCELLED (status and error of /tasks), by class of"
            " error, as of the last poll.",
            labels=("operation", "class"),
        ),
        total(
            "vr_task_errors_total",
            "Failed tasks by the vendor's error code (error of /tasks), as of the last poll;"
            " after 50 codes of a site the rest count as other.",
            labels=("code",),
            is_optional=True,
        ),
        histogram(
            "vr_task_duration_seconds",
            "From start to end of a task (start_time, complete_time), as of the last poll.",
            labels=("operation",),
        ),
        histogram(
            "vr_task_queue_wait_seconds",
            "From queueing to start of a task (queued_time, start_time), as of the last poll.",
            labels=("operation",),
        ),
        total(
            "vr_task_progress_regressions_total",
            "Times that the progress of an unfinished task fell (progress), as of the last poll.",
        ),
    ),
)
