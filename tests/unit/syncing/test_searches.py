"""The search for a task whose trigger has an unknown outcome."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import NOW, a_task
from tests.simulated import ManualClock
from tests.wishes import a_trigger
from vr_exporter.domain.tasks import Task
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.searches import Searches


class Lookout:
    """A trigger that is looked for, with the time of both ends."""

    def __init__(self, *, skew: float = 0.0, **trigger: Any) -> None:
        self.time = ManualClock(NOW)
        self.searches = Searches(clock=self.time.clock(), skew=lambda: skew)
        given = {"state": TriggerState.AMBIGUOUS, "claimed_at": NOW, **trigger}
        self.trigger = a_trigger(**given)

    def look(self, *tasks: Task, after: float = 0.0) -> Trigger | None:
        """Look some seconds later."""
        self.time.advance(after)
        return self.searches.look(self.trigger, tasks)


@pytest.mark.parametrize(
    ("queued", "is_found"), [(-5.1, False), (-5.0, True), (300.0, True), (300.1, False)]
)
@pytest.mark.parametrize("skew", [0.0, -7200.0])
def test_T6_a_task_is_ours_when_it_was_queued_around_the_claim(
    queued: float, skew: float, *, is_found: bool
) -> None:
    """From five seconds before to five minutes after, by the appliance's clock."""
    task = a_task(queued_timestamp_seconds=NOW + skew + queued)
    after = Lookout(skew=skew).look(task)
    assert (after is not None and after.task_id == task.id) is is_found


def test_T6_of_two_vms_of_one_name_the_id_tells_the_task() -> None:
    """A task that has our name and the id of another replication is not taken."""
    theirs = a_task(id="task-2", entity="GID-2", queued_timestamp_seconds=NOW)
    ours = a_task(queued_timestamp_seconds=NOW)
    after = Lookout().look(theirs, ours)
    assert after is not None
    assert (after.state, after.task_id) == (TriggerState.RUNNING, ours.id)


def test_T6_two_tasks_that_fit_prove_nothing() -> None:
    """Nothing is guessed: it is looked for on."""
    one, other = (a_task(id=name, queued_timestamp_seconds=NOW) for name in ("one", "other"))
    assert Lookout().look(one, other) is None


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_B12_the_two_looks_lie_apart_by_the_monotonic_clock(seconds: float) -> None:
    """A step of the wall clock neither makes them one nor keeps the second away."""
    lookout = Lookout(answered_at=NOW)
    assert lookout.look() is None
    lookout.time.step(seconds)
    assert lookout.look(after=5.0) is None
    after = lookout.look(after=5.0)
    assert after is not None
    assert (after.state, after.reason) == (TriggerState.FAILED, "server_error")


def test_B12_a_lost_answer_is_given_up_though_the_wall_clock_stepped_back() -> None:
    """Ten minutes of looking are enough."""
    lookout = Lookout(reason="timeout")
    lookout.time.step(-3600.0)
    assert lookout.look() is None
    assert lookout.look(after=599.0) is None
    after = lookout.look(after=1.0)
    assert after is not None
    assert (after.state, after.reason) == (TriggerState.UNRESOLVED, "timeout")


@pytest.mark.parametrize("seconds", [-3600.0, 600.0, 86_400.0])
def test_B12_a_lost_answer_is_not_given_up_because_the_wall_clock_stepped(seconds: float) -> None:
    """A request that is still on its way may yet begin a sync: only time that passed counts."""
    lookout = Lookout(reason="timeout")
    assert lookout.look() is None
    lookout.time.step(seconds)
    assert lookout.look(after=599.0) is None
    assert lookout.look(after=1.0) is not None


def test_B12_after_a_restart_it_is_looked_for_as_long_as_any_other() -> None:
    """How long ago the claim was says the wall clock alone, which may be wrong."""
    lookout = Lookout(claimed_at=NOW - 3600)
    assert lookout.look() is None
    assert lookout.look(after=599.0) is None
    assert lookout.look(after=1.0) is not None


def test_A60_the_very_task_that_ran_is_taken_before_any_other() -> None:
    """It was ours once, so that another that fits does not put it in doubt."""
    ours, other = (a_task(id=name, queued_timestamp_seconds=NOW) for name in ("ours", "other"))
    after = Lookout(task_id=ours.id, task_queued_at=NOW).look(other, ours)
    assert after is not None
    assert (after.state, after.task_id) == (TriggerState.RUNNING, ours.id)


def test_A60_what_ran_for_an_hour_is_looked_for_ten_minutes_too() -> None:
    """Its claim is long ago, its doubt is young."""
    lookout = Lookout(claimed_at=NOW - 3600, task_id="gone", task_queued_at=NOW - 3600)
    assert lookout.look() is None
    assert lookout.look(after=599.0) is None
    after = lookout.look(after=1.0)
    assert after is not None
    assert after.state is TriggerState.UNRESOLVED
