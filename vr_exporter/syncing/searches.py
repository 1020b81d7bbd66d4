"""The search for the task of a trigger whose outcome is unknown, until found or given up (T6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from vr_exporter.domain.clock import Clock
from vr_exporter.domain.tasks import Task
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.about import closest
from vr_exporter.syncing.following import is_task_of

SECOND_LOOK_SECONDS = 10.0
LOOKED_FOR_SECONDS = 600.0
CLAIM_SLACK_SECONDS = 5.0
QUEUED_WITHIN_SECONDS = 300.0


class Searches:
    """Remembers since when each trigger is looked for; `skew`: the appliance's clock less ours."""

    def __init__(self, *, clock: Clock, skew: Callable[[], float]) -> None:
        self._clock = clock
        self._skew = skew
        self._begun: dict[str, float] = {}

    def look(self, trigger: Trigger, unowned: Sequence[Task]) -> Trigger | None:
        """Take the one task that can be this trigger's, or give up in time; None: look on.

        None or several prove nothing.
        """
        began = self._begun.setdefault(trigger.key, self._clock.monotonic())
        task = self._own(trigger, unowned) or self._task_of(trigger, unowned)
        after = _found(trigger, task) if task else self._given_up(trigger, began)
        if after is not None:
            del self._begun[trigger.key]
        return after

    @staticmethod
    def _own(trigger: Trigger, unowned: Iterable[Task]) -> Task | None:
        """Find the very task that ran before the appliance was set back (A60)."""
        return next((task for task in unowned if is_task_of(trigger, task)), None)

    def _task_of(self, trigger: Trigger, unowned: Iterable[Task]) -> Task | None:
        then = [task for task in unowned if self._is_then(task, trigger)]
        found = closest(then, trigger.target)
        named = [task for task in found if task.operation == "sync"] or [
            task for task in found if task.operation == "other"
        ]
        return named[0] if len(named) == 1 else None

    def _is_then(self, task: Task, trigger: Trigger) -> bool:
        queued, claimed = task.queued_timestamp_seconds, trigger.claimed_at
        if queued is None or claimed is None:
            return False
        here = queued - self._skew()
        return claimed - CLAIM_SLACK_SECONDS <= here <= claimed + QUEUED_WITHIN_SECONDS

    def _given_up(self, trigger: Trigger, began: float) -> Trigger | None:
        """Stop after two looks where the appliance answered, else after ten minutes.

        Looks are timed by the monotonic clock alone (B12): after a restart, too, it is looked for
        as long as any other, for the wall clock may have been stepped since the claim.
        """
        now, vm = self._clock.now(), trigger.target.vm
        looked = self._clock.monotonic() - began
        if trigger.answered_at is not None:
            if looked < SECOND_LOOK_SECONDS:
                return None
            sentence = f"the appliance failed to start the sync of {vm}: no task of it was found"
            return replace(
                trigger,
                state=TriggerState.FAILED,
                reason="server_error",
                sentence=sentence,
                ended_at=now,
            )
        if looked < LOOKED_FOR_SECONDS:
            return None
        sentence = f"whether {vm} was synced stayed unknown: look at it, then `state ack`"
        return replace(trigger, state=TriggerState.UNRESOLVED, sentence=sentence, ended_at=now)


def _found(trigger: Trigger, task: Task) -> Trigger:
    return replace(
        trigger,
        state=TriggerState.RUNNING,
        reason="",
        sentence=f"{trigger.target.vm} syncs: its task was found",
        task_id=task.id,
        task_queued_at=task.queued_timestamp_seconds,
    )
