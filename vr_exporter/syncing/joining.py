"""Wishes that joined a sync somebody else began: which task that is, and how it ended (A54)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.tasks import Task
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.about import closest
from vr_exporter.syncing.states import is_syncing

SLACK_SECONDS = 5.0


def task_joined(trigger: Trigger, tasks: Iterable[Task], *, skew: float) -> Task | None:
    """Find the one sync task of the target that ran when the wish joined; None if none tells."""
    at = joined_at(trigger) + skew
    running = [task for task in tasks if task.operation == "sync" and _ran(task, at)]
    found = closest(running, trigger.target)
    return found[0] if len(found) == 1 else None


def joined_at(trigger: Trigger) -> float:
    """Return when the replication was seen to sync, on our clock."""
    return trigger.asked_at if trigger.answered_at is None else trigger.answered_at


def has_ended(trigger: Trigger) -> str:
    """Say that the sync which was joined came to a good end."""
    return f"the sync of {trigger.target.vm} that was joined has ended"


def is_over(trigger: Trigger, row: Replication, *, skew: float) -> bool:
    """Whether the sync that was joined has ended: none runs, or one has ended well since.

    Where a link is saturated one sync follows the other, and no look finds a moment between.
    """
    if not is_syncing(row):
        return True
    ended = row.last_sync_timestamp_seconds
    return ended is not None and ended > joined_at(trigger) + skew + SLACK_SECONDS


def end_by_row(trigger: Trigger, row: Replication, *, now: float, skew: float) -> Trigger:
    """End a wish whose sync has no task, by what the replication tells now that it is over."""
    vm = trigger.target.vm
    ended = row.last_sync_timestamp_seconds
    if ended is not None and ended >= joined_at(trigger) + skew - SLACK_SECONDS:
        return replace(
            trigger,
            state=TriggerState.SUCCEEDED,
            sentence=has_ended(trigger),
            is_confirmed=True,
            ended_at=now,
        )
    if row.errors:
        return replace(
            trigger,
            state=TriggerState.FAILED,
            reason="other",
            sentence=f"the sync of {vm} that was joined failed: {row.errors[0].message}",
            ended_at=now,
        )
    sentence = f"the sync of {vm} that was joined is over, its end unseen"
    return replace(trigger, state=TriggerState.LOST, sentence=sentence, ended_at=now)


def end_with_replication(trigger: Trigger, *, now: float) -> Trigger:
    """End a wish whose replication the appliance no longer has."""
    sentence = f"the replication of {trigger.target.vm} is gone, the end of its sync unseen"
    return replace(trigger, state=TriggerState.LOST, sentence=sentence, ended_at=now)


def _ran(task: Task, at: float) -> bool:
    """Whether a task was there at this moment of the appliance's clock."""
    queued, completed = task.queued_timestamp_seconds, task.completed_timestamp_seconds
    if queued is None or queued > at + SLACK_SECONDS:
        return False
    return task.state.is_unfinished or (completed is not None and completed >= at - SLACK_SECONDS)
