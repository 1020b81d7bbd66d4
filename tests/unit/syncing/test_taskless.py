"""Wishes that joined a sync without a task."""

from __future__ import annotations

from typing import cast

from tests.builders import NOW, a_replication
from tests.simulated import ManualClock
from tests.wishes import a_trigger
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.rereading import Rereading
from vr_exporter.syncing.taskless import Taskless

JOINED = a_trigger(state=TriggerState.JOINED, has_joined=True, answered_at=NOW)


class OneRow:
    """Reads the same replication each time."""

    reads = None

    def __init__(self, row: Replication) -> None:
        self._row = row

    def rows(self, _triggers: object) -> dict[str, Replication]:
        """It alone."""
        return {self._row.id: self._row}


def ends_of(last_sync: float) -> list[Trigger]:
    """What a look finds while the replication syncs."""
    row = a_replication(status="SYNC", last_sync_timestamp_seconds=last_sync)
    clock = ManualClock(NOW + 400).clock()
    reading = cast("Rereading", OneRow(row))
    return Taskless(reading, clock=clock, skew=lambda: 0.0).endings([JOINED])


def test_A54_a_wish_does_not_wait_for_the_syncs_that_come_after_the_one_it_joined() -> None:
    """Where each takes longer than the RPO, the replication is seen to sync for ever."""
    (end,) = ends_of(NOW + 300)
    assert (end.state, end.is_confirmed) == (TriggerState.SUCCEEDED, True)


def test_A54_a_wish_waits_while_the_sync_it_joined_runs() -> None:
    """The last sync that ended is older than the wish."""
    assert ends_of(NOW - 300) == []
