"""Which tasks are about a target, by any of the forms in which an appliance names it."""

from __future__ import annotations

from collections.abc import Iterable

from vr_exporter.domain.tasks import Task
from vr_exporter.domain.triggers import Target


def is_about(task: Task, target: Target) -> bool:
    """Whether a task names this replication, by any of the forms in use; no name is no denial."""
    names = {name for name in (task.entity, task.entity_name) if name}
    return not names or bool(names & {target.replication_id, target.vm_id, target.vm})


def closest(tasks: Iterable[Task], target: Target) -> list[Task]:
    """Keep the tasks that name this target: by its ids, or only where none does by its name.

    Two VMs may have one name, so a name proves less than an id.
    """
    named = [task for task in tasks if (task.entity or task.entity_name) and is_about(task, target)]
    ids = {target.replication_id, target.vm_id} - {""}
    return [task for task in named if {task.entity, task.entity_name} & ids] or named
