"""What closes a trigger whose outcome stayed unknown."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_replication, a_task
from tests.wishes import a_trigger
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.syncing.doubts import is_settled

DOUBT = a_trigger(state=TriggerState.UNRESOLVED, claimed_at=NOW)
LATER = {"state": TaskState.SUCCESS, "queued_timestamp_seconds": NOW + 30}


def by_row(ended: float | None, seconds: int | None) -> bool:
    """Whether a replication closes the doubt; its last sync ended so long after the claim."""
    row = a_replication(
        last_sync_timestamp_seconds=None if ended is None else NOW + ended,
        last_sync_duration_seconds=seconds,
    )
    return is_settled(DOUBT, row, (), skew=0.0)


@pytest.mark.parametrize(
    ("ended", "seconds", "is_closed"),
    [(60, 42, True), (60, None, True), (60, 61, False), (-60, 10, False), (None, 10, False)],
)
def test_T6_a_last_sync_that_began_after_the_claim_closes_a_doubt(
    ended: float | None, seconds: int | None, *, is_closed: bool
) -> None:
    """One that ran already carries an older state."""
    assert by_row(ended, seconds) is is_closed


@pytest.mark.parametrize(
    ("change", "is_closed"),
    [
        ({}, True),
        ({"state": TaskState.ERROR}, False),
        ({"state": TaskState.RUNNING}, False),
        ({"operation": "move"}, False),
        ({"queued_timestamp_seconds": NOW - 30}, False),
        ({"entity": "GID-2", "entity_name": "db-02"}, False),
        ({"entity": "", "entity_name": ""}, False),
    ],
)
def test_T6_a_later_sync_task_that_succeeded_closes_a_doubt(
    change: dict[str, object], *, is_closed: bool
) -> None:
    """Of this replication, queued after the claim, and ended well."""
    task = a_task(**{**LATER, **change})
    assert is_settled(DOUBT, None, [task], skew=0.0) is is_closed


def test_T6_the_claim_is_told_in_the_time_of_the_appliance() -> None:
    """Its clock may be an hour ahead: what it did before the claim closes nothing."""
    assert not is_settled(DOUBT, None, [a_task(**LATER)], skew=3600.0)
