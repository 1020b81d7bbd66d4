"""Which sync a wish joined, and how that ended."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_replication, a_task, an_error
from tests.wishes import a_trigger
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.syncing.joining import (
    SLACK_SECONDS,
    end_by_row,
    end_with_replication,
    is_over,
    task_joined,
)

JOINED = a_trigger(state=TriggerState.JOINED, has_joined=True, answered_at=NOW + 100)
ENDED = {"state": TaskState.SUCCESS, "completed_timestamp_seconds": NOW + 110}


@pytest.mark.parametrize("task", [a_task(), a_task(**ENDED)])
def test_A54_the_task_that_ran_at_the_joining_is_found(task: object) -> None:
    """It runs on, or has ended since."""
    assert task_joined(JOINED, [task], skew=0.0) == task  # type: ignore[list-item]


@pytest.mark.parametrize(
    "change",
    [
        {"queued_timestamp_seconds": NOW + 120},
        {**ENDED, "completed_timestamp_seconds": NOW + 50},
        {"operation": "move"},
        {"entity": "GID-2", "entity_name": "db-02"},
        {"entity": "", "entity_name": ""},
    ],
)
def test_A54_a_task_of_another_time_kind_or_replication_is_not_the_joined_one(
    change: dict[str, object],
) -> None:
    """What is not sure is left to the replication's own state."""
    assert task_joined(JOINED, [a_task(**change)], skew=0.0) is None


@pytest.mark.parametrize(("synced_at", "state"), [(50, "lost"), (150, "succeeded")])
def test_A54_only_a_sync_that_ended_after_the_joining_is_its_end(
    synced_at: float, state: str
) -> None:
    """One that ended while the wish still waited for its turn is another."""
    row = a_replication(last_sync_timestamp_seconds=NOW + synced_at, errors=())
    assert end_by_row(JOINED, row, now=NOW + 200, skew=0.0).state == state


@pytest.mark.parametrize(
    ("synced_at", "skew", "expected"),
    [(50, 0.0, False), (103, 0.0, False), (150, 0.0, True), (150, 60.0, False), (None, 0.0, False)],
)
def test_A54_the_sync_that_was_joined_is_over_though_the_next_one_runs(
    synced_at: float | None, skew: float, *, expected: bool
) -> None:
    """Syncs that take longer than the RPO leave no moment at which none is seen to run."""
    last_sync = None if synced_at is None else NOW + synced_at
    row = a_replication(status="SYNC", last_sync_timestamp_seconds=last_sync)
    assert is_over(JOINED, row, skew=skew) is expected


AT = NOW + 100
SYNCED = "the sync of db-01 that was joined has ended"


@pytest.mark.parametrize(
    ("change", "is_found"),
    [
        ({"queued_timestamp_seconds": AT + SLACK_SECONDS}, True),
        ({"queued_timestamp_seconds": AT + SLACK_SECONDS + 1}, False),
        ({"queued_timestamp_seconds": None}, False),
        ({**ENDED, "completed_timestamp_seconds": AT - SLACK_SECONDS}, True),
        ({**ENDED, "completed_timestamp_seconds": AT - SLACK_SECONDS - 1}, False),
        ({**ENDED, "completed_timestamp_seconds": None}, False),
    ],
)
@pytest.mark.parametrize("skew", [0.0, 60.0, -60.0])
def test_A54_a_task_ran_at_the_joining_give_or_take_some_seconds(
    change: dict[str, float | None], skew: float, *, is_found: bool
) -> None:
    """By the appliance's clock, which is ours and the skew."""
    moved = {
        name: value + skew if isinstance(value, float) else value for name, value in change.items()
    }
    task = a_task(**{"queued_timestamp_seconds": AT + skew - 60, **moved})
    assert (task_joined(JOINED, [task], skew=skew) is not None) is is_found


def test_A54_of_two_tasks_that_may_be_it_none_is() -> None:
    """Better its end unseen than the end of another."""
    assert task_joined(JOINED, [a_task(), a_task(id="task-2")], skew=0.0) is None


def test_A54_a_wish_that_saw_no_answer_joined_when_it_was_asked() -> None:
    """A follower never asked the appliance itself."""
    trigger = a_trigger(state=TriggerState.JOINED, has_joined=True, asked_at=NOW)
    task = a_task(queued_timestamp_seconds=NOW + SLACK_SECONDS + 1)
    assert task_joined(trigger, [task], skew=0.0) is None


@pytest.mark.parametrize(
    ("synced_at", "is_end"),
    [(AT + SLACK_SECONDS, False), (AT + SLACK_SECONDS + 1, True)],
)
def test_A54_an_end_at_the_joining_is_the_one_before(synced_at: float, *, is_end: bool) -> None:
    """While another sync runs only a later end says that the joined one is over."""
    row = a_replication(status="SYNC", last_sync_timestamp_seconds=synced_at)
    assert is_over(JOINED, row, skew=0.0) is is_end
    assert is_over(JOINED, a_replication(status="OK"), skew=0.0)


@pytest.mark.parametrize("skew", [0.0, 60.0])
def test_A54_a_sync_without_a_task_ends_as_the_replication_tells(skew: float) -> None:
    """Well where it has synced since, badly where it has an error, else nobody knows."""
    begin = AT + skew - SLACK_SECONDS
    well = a_replication(last_sync_timestamp_seconds=begin)
    end = end_by_row(JOINED, well, now=NOW + 200, skew=skew)
    assert (end.state, end.sentence, end.is_confirmed) == (TriggerState.SUCCEEDED, SYNCED, True)
    assert end.ended_at == NOW + 200
    for synced_at in (begin - 1, None):
        old = a_replication(last_sync_timestamp_seconds=synced_at)
        lost = end_by_row(JOINED, old, now=NOW + 200, skew=skew)
        assert (lost.state, lost.ended_at) == (TriggerState.LOST, NOW + 200)
        assert lost.sentence == "the sync of db-01 that was joined is over, its end unseen"
        errors = (an_error(), an_error(message="another"))
        bad = end_by_row(
            JOINED,
            a_replication(errors=errors, last_sync_timestamp_seconds=synced_at),
            now=NOW + 200,
            skew=skew,
        )
        assert (bad.state, bad.reason, bad.ended_at) == (TriggerState.FAILED, "other", NOW + 200)
        assert bad.sentence == "the sync of db-01 that was joined failed: The disk is full."


def test_A54_with_its_replication_the_end_of_a_sync_is_gone() -> None:
    """Nobody can look any more."""
    end = end_with_replication(JOINED, now=NOW + 200)
    assert (end.state, end.ended_at) == (TriggerState.LOST, NOW + 200)
    assert end.sentence == "the replication of db-01 is gone, the end of its sync unseen"
