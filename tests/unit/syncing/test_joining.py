"""Which sync a wish joined, and how that ended."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_replication, a_task
from tests.wishes import a_trigger
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.syncing.joining import end_by_row, is_over, task_joined

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
