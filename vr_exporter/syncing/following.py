"""The task of a trigger from look to look: found in the list, missed, ended, gone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.joining import has_ended
from vr_exporter.syncing.rereading import Rereading

MISSES_TO_BE_LOST = 2

UNJUDGED_SECONDS = 600.0
"""A site whose replications cannot be read so long says nothing of its age: A48 holds."""


class Following:
    """Tells which of the triggers that have a task ended, and how.

    `skew` is the appliance's clock less ours. A task that is gone tells its end only with the
    next poll: that shows whether the appliance as a whole was set back (A60).
    """

    def __init__(self, rereading: Rereading, *, clock: Clock, skew: Callable[[], float]) -> None:
        self._rereading = rereading
        self._reads = rereading.reads
        self._clock = clock
        self._skew = skew
        self._misses: dict[str, int] = {}
        self._gone: dict[str, float] = {}
        self._polled_at = self._set_back_at = -math.inf

    def note_poll(self, *, is_set_back: bool) -> None:
        """Note that every replication was read, and whether the appliance showed an older state."""
        self._polled_at = self._clock.monotonic()
        if is_set_back:
            self._set_back_at = self._clock.now()

    def endings(self, followed: Iterable[Trigger], tasks: tuple[Task, ...]) -> tuple[Trigger, ...]:
        """Say which of these ended, by the tasks as they were just listed (T4)."""
        found = [(trigger, self._task_of(trigger, tasks)) for trigger in followed]
        ended = [
            _ended(trigger, task, now=self._clock.now())
            for trigger, task in found
            if task is not None and not task.state.is_unfinished
        ]
        lost = [self._lost(trigger) for trigger, _ in found if self._is_lost(trigger)]
        return (*self._confirmed(ended), *lost)

    def doubtful(self, running: Iterable[Trigger]) -> list[Trigger]:
        """Say which of these nobody can tell of: the appliance forgot them, being set back."""
        forgotten = [trigger for trigger in running if self._is_forgotten(trigger)]
        for trigger in forgotten:
            self._drop(trigger)
        return [_doubted(trigger) for trigger in forgotten]

    def _task_of(self, trigger: Trigger, tasks: Iterable[Task]) -> Task | None:
        """Find a trigger's task in the list; after two misses it is asked for by itself (A48).

        A task of another time under the same id is another task (A49).
        """
        if task := next((task for task in tasks if is_task_of(trigger, task)), None):
            self._drop(trigger)
            return task
        if trigger.key in self._gone:
            return None
        self._misses[trigger.key] = self._misses.get(trigger.key, 0) + 1
        if self._misses[trigger.key] < MISSES_TO_BE_LOST or trigger.task_id is None:
            return None
        with suppress(ApplianceError), self._reads.step():
            task = self._reads.task(trigger.task_id)
            if task is not None and is_task_of(trigger, task):
                self._drop(trigger)
                return task
            self._gone[trigger.key] = self._clock.monotonic()
        return None

    def _drop(self, trigger: Trigger) -> None:
        self._misses.pop(trigger.key, None)
        self._gone.pop(trigger.key, None)

    def _is_forgotten(self, trigger: Trigger) -> bool:
        """Whether its task is gone from an appliance that was set back since it was claimed."""
        is_older = (trigger.claimed_at or 0.0) <= self._set_back_at
        return trigger.key in self._gone and is_older

    def _is_lost(self, trigger: Trigger) -> bool:
        """Whether its task is gone, and a poll since has shown nothing worse."""
        gone_at = self._gone.get(trigger.key)
        if gone_at is None:
            return False
        if trigger.state is TriggerState.JOINED:
            return True
        is_judged = self._polled_at > gone_at or (
            self._clock.monotonic() >= gone_at + UNJUDGED_SECONDS
        )
        return is_judged and not self._is_forgotten(trigger)

    def _lost(self, trigger: Trigger) -> Trigger:
        self._drop(trigger)
        sentence = f"the task of {trigger.target.vm} is gone from the appliance, its end unseen"
        return replace(
            trigger,
            state=TriggerState.LOST,
            reason="task_gone",
            sentence=sentence,
            ended_at=self._clock.now(),
        )

    def _confirmed(self, ended: list[Trigger]) -> list[Trigger]:
        """Hold each SUCCESS against `last_sync_time`: what it meant is not published."""
        good = [trigger for trigger in ended if trigger.state is TriggerState.SUCCEEDED]
        rows = self._rereading.rows(good)
        return [
            self._checked(trigger, rows.get(trigger.target.replication_id))
            if trigger.state is TriggerState.SUCCEEDED
            else trigger
            for trigger in ended
        ]

    def _checked(self, trigger: Trigger, row: Replication | None) -> Trigger:
        ended = row.last_sync_timestamp_seconds if row else None
        if ended is None:
            return trigger
        begun = trigger.task_queued_at or (trigger.claimed_at or 0.0) + self._skew()
        if ended >= begun:
            return replace(trigger, is_confirmed=True)
        sentence = f"the task of {trigger.target.vm} succeeded, its last sync time has not moved"
        return replace(trigger, is_confirmed=False, sentence=sentence)


def is_task_of(trigger: Trigger, task: Task) -> bool:
    """Whether this is the task of the trigger, and no other of the same id."""
    at = trigger.task_queued_at
    return task.id == trigger.task_id and at in (None, task.queued_timestamp_seconds)


def _doubted(trigger: Trigger) -> Trigger:
    sentence = (
        f"the appliance was set back to an older state while {trigger.target.vm} was syncing: "
        "its tasks are looked at"
    )
    return replace(
        trigger,
        state=TriggerState.AMBIGUOUS,
        reason="set_back",
        sentence=sentence,
        answered_at=None,
    )


def _ended(trigger: Trigger, task: Task, *, now: float) -> Trigger:
    vm = trigger.target.vm
    if task.state is TaskState.SUCCESS:
        has_joined = trigger.state is TriggerState.JOINED
        sentence = has_ended(trigger) if has_joined else f"{vm} is synced"
        return replace(trigger, state=TriggerState.SUCCEEDED, sentence=sentence, ended_at=now)
    word = "was cancelled" if task.state is TaskState.CANCELLED else "failed"
    text = f": {task.error_message}" if task.error_message else ""
    return replace(
        trigger,
        state=TriggerState.FAILED,
        reason=task.error_class or "other",
        sentence=f"the sync of {vm} {word}{text}",
        error_code=task.error_code or "",
        ended_at=now,
    )
