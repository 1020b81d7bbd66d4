"""Tasks of everybody: which ended since the last look, each counted once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from vr_exporter.domain.counts import (
    Add,
    Addition,
    Born,
    Exemplar,
    Observe,
    SeenTasks,
    TaskIdentity,
)
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId, TaskId
from vr_exporter.domain.tasks import ERROR_CLASSES, Task, TaskState

CODES_NAMED = 50
"""So many vendor codes are named for each site, later ones are `other` (metrics.md 1.3)."""

EXEMPLAR_CHARACTERS = 128
"""What OpenMetrics allows the labels of an exemplar, names and values together."""

_ALWAYS_SHOWN = ("sync", "other")


@dataclass(frozen=True, slots=True)
class TaskChanges:
    """What the tasks add to the totals, and those counted now with their ends."""

    additions: tuple[Addition, ...]
    ended: Mapping[TaskIdentity, float]


def matched(tasks: Iterable[Task], replications: Iterable[Replication]) -> tuple[Task, ...]:
    """Find each task's replication: by its id, its VM's id, or the VM's name where it is one."""
    tasks = tuple(tasks)
    wanted = {key for task in tasks for key in (task.entity, task.entity_name)} - {""}
    if not wanted:
        return tasks
    by_key: dict[str, ReplicationId | None] = {}
    for row in replications:
        for key in (row.id, row.vm_id, row.vm):
            if key in wanted:
                by_key[key] = row.id if by_key.get(key, row.id) == row.id else None
    return tuple(
        replace(task, replication_id=by_key.get(task.entity) or by_key.get(task.entity_name))
        for task in tasks
    )


def named(tasks: tuple[Task, ...], sync_kinds: Collection[str]) -> tuple[Task, ...]:
    """Take tasks for syncs whose words tell nothing, where a sync of ours was of the same kind."""
    return tuple(
        replace(task, operation="sync")
        if task.operation == "other" and task.kind in sync_kinds
        else task
        for task in tasks
    )


def reused(tasks: Iterable[Task], *, before: Iterable[Task], seen: SeenTasks | None) -> int:
    """Count the tasks that came up under an id which another task has or had (A49)."""
    known = {task.identity for task in before} | set(seen.ended if seen else ())
    queued: dict[TaskId, set[float]] = {}
    for task_id, at in known:
        queued.setdefault(task_id, set()).update(() if at is None else (at,))
    count = 0
    for task in tasks:
        task_id, at = task.identity
        if at is None or task.identity in known:
            continue
        others = queued.setdefault(task_id, set())
        count += bool(others - {at})
        others.add(at)
    return count


def changes_of_tasks(
    tasks: tuple[Task, ...],
    *,
    before: tuple[Task, ...],
    seen: SeenTasks | None,
    known_codes: Iterable[str],
    now: float,
) -> TaskChanges:
    """Count what ended since the last look; at a first start what ended already is only noted.

    `known_codes` are the vendor codes that have a series.
    """
    ended = _ends(tasks, now=now)
    additions: list[Addition] = [*_born(_ALWAYS_SHOWN)]
    if seen is not None:
        codes = set(known_codes)
        for task in tasks:
            if task.identity in ended and not seen.has(task.identity, ended[task.identity]):
                additions += _counted(task, codes, now)
    additions += _regressions(tasks, before)
    return TaskChanges(tuple(additions), ended)


def _ends(tasks: Iterable[Task], *, now: float) -> Mapping[TaskIdentity, float]:
    """Say when each ended task did; one that tells no time ended with the newest of the others.

    A time after ours counts as now: one absurd end would make all later ones look too old.
    """
    ends = {task.identity: _last_time(task) for task in tasks if not task.state.is_unfinished}
    newest = max((at for at in ends.values() if at is not None), default=now)
    return {identity: min(newest if at is None else at, now) for identity, at in ends.items()}


def _last_time(task: Task) -> float | None:
    return (
        task.completed_timestamp_seconds
        or task.started_timestamp_seconds
        or task.queued_timestamp_seconds
    )


def _born(operations: Iterable[str]) -> list[Addition]:
    born: list[Addition] = [Born("vr_task_progress_regressions_total", ())]
    for operation in operations:
        born += [Born("vr_tasks_failed_total", (operation, name)) for name in ERROR_CLASSES]
        born += [
            Born(family, (operation,))
            for family in (
                "vr_tasks_completed_total",
                "vr_task_duration_seconds",
                "vr_task_queue_wait_seconds",
            )
        ]
    return born


def _counted(task: Task, codes: set[str], now: float) -> list[Addition]:
    operation = (task.operation,)
    additions = [*_born(operation), Add("vr_tasks_completed_total", operation)]
    if task.state in (TaskState.ERROR, TaskState.CANCELLED):
        error_class = task.error_class or "other"
        additions.append(Add("vr_tasks_failed_total", (task.operation, error_class)))
    if task.error_code:
        code = task.error_code if _is_named(task.error_code, codes) else "other"
        additions.append(Add("vr_task_errors_total", (code,)))
    if (seconds := task.duration_seconds) is not None:
        exemplar = _exemplar(task, seconds, now)
        additions.append(Observe("vr_task_duration_seconds", operation, seconds, exemplar))
    if (seconds := task.queue_wait_seconds) is not None:
        additions.append(Observe("vr_task_queue_wait_seconds", operation, seconds))
    return additions


def _is_named(code: str, codes: set[str]) -> bool:
    if code not in codes and len(codes - {"other"}) < CODES_NAMED:
        codes.add(code)
    return code in codes


def _exemplar(task: Task, seconds: float, now: float) -> Exemplar | None:
    labels = (("task_id", str(task.id)), ("replication", str(task.replication_id or "")))
    fitting: list[tuple[str, str]] = []
    room = EXEMPLAR_CHARACTERS
    for name, value in labels:
        if value and len(name) + len(value) <= room:
            fitting.append((name, value))
            room -= len(name) + len(value)
    if not fitting:
        return None
    return Exemplar(tuple(fitting), seconds, task.completed_timestamp_seconds or now)


def _regressions(tasks: tuple[Task, ...], before: tuple[Task, ...]) -> list[Addition]:
    known = {task.identity: task.progress_ratio for task in before if task.state.is_unfinished}
    fell = sum(
        1
        for task in tasks
        if task.state.is_unfinished
        and task.progress_ratio is not None
        and task.progress_ratio < (known.get(task.identity) or 0.0)
    )
    return [Add("vr_task_progress_regressions_total", (), fell)] if fell else []
