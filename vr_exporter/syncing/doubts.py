"""Triggers whose outcome stayed unknown: closed once a later sync is seen to have ended well."""

from __future__ import annotations

from collections.abc import Iterable

from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.domain.triggers import Trigger
from vr_exporter.syncing.about import closest


def is_settled(
    trigger: Trigger, row: Replication | None, tasks: Iterable[Task], *, skew: float
) -> bool:
    """Whether anybody's sync that began after the claim of this trigger has succeeded.

    `skew` is the appliance's clock less ours. A sync that ran already when we claimed proves
    nothing, though it ends later: it carries an older state.
    """
    if trigger.claimed_at is None:
        return False
    claimed = trigger.claimed_at + skew
    if row is not None and (began := _began(row)) is not None and began > claimed:
        return True
    good = [task for task in tasks if _is_good(task, claimed)]
    return bool(closest(good, trigger.target))


def _began(row: Replication) -> float | None:
    ended = row.last_sync_timestamp_seconds
    return None if ended is None else ended - (row.last_sync_duration_seconds or 0)


def _is_good(task: Task, claimed: float) -> bool:
    queued = task.queued_timestamp_seconds
    is_sync = task.operation == "sync" and task.state is TaskState.SUCCESS
    return is_sync and queued is not None and queued > claimed
