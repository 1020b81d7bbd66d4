"""What is counted in memory and marked until a commit: kinds, failures, loops, totals."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from tests.ledgers import BERLIN, MADRID
from tests.stores import in_memory
from vr_exporter.domain.counts import (
    TASK_BUCKETS,
    Add,
    Born,
    Exemplar,
    Observe,
    ReplicationTotals,
    SeenTasks,
    SiteChanges,
    SiteTotals,
    TaskIdentity,
)
from vr_exporter.domain.names import ReplicationId, TaskId
from vr_exporter.ledger.counters import TASKS_REMEMBERED_SECONDS
from vr_exporter.ledger.failed_syncs import FailedSyncs
from vr_exporter.ledger.sync_kinds import MOST_KINDS, SyncKinds
from vr_exporter.ledger.totals import Totals
from vr_exporter.ledger.unhealed import Unhealed

ONE, TWO = ReplicationId("GID-1"), ReplicationId("GID-2")
REMOVED, DURATION = "vr_replications_removed_total", "vr_task_duration_seconds"


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty store in memory."""
    with in_memory() as connection:
        yield connection


def rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    """All rows of a table."""
    return sorted(connection.execute(f"SELECT * FROM {table}"), key=str)  # noqa: S608 - ours


def test_kinds_of_syncs_are_marked_until_written(connection: sqlite3.Connection) -> None:
    """A kind that is known already marks nothing."""
    kinds = SyncKinds(connection)
    assert not kinds.has_unwritten
    kinds.learn(MADRID, "op.7")
    kinds.learn(BERLIN, "op.8")
    assert kinds.has_unwritten
    kinds.write(connection)
    kinds.written()
    assert not kinds.has_unwritten
    kinds.learn(MADRID, "op.7")
    assert not kinds.has_unwritten
    assert rows(connection, "sync_kind") == [("berlin", "op.8"), ("madrid", "op.7")]
    again = SyncKinds(connection)
    assert (again.of(MADRID), again.of(BERLIN)) == ({"op.7"}, {"op.8"})


def test_a_forgotten_site_has_taught_nothing(connection: sqlite3.Connection) -> None:
    """Neither what is on disk nor what waits comes back; the other site's waits on."""
    kinds = SyncKinds(connection)
    kinds.learn(MADRID, "op.1")
    kinds.write(connection)
    kinds.written()
    kinds.learn(MADRID, "op.2")
    kinds.learn(BERLIN, "op.3")
    kinds.forget(MADRID)
    assert kinds.has_unwritten
    assert kinds.of(MADRID) == frozenset()
    kinds.write(connection)
    kinds.written()
    assert not kinds.has_unwritten
    assert rows(connection, "sync_kind") == [("berlin", "op.3")]
    kinds.forget(MADRID)
    assert kinds.has_unwritten


def test_a_site_teaches_sixteen_kinds(connection: sqlite3.Connection) -> None:
    """Which is what fits, not one more or less."""
    kinds = SyncKinds(connection)
    for number in range(MOST_KINDS + 3):
        kinds.learn(MADRID, f"op.{number}")
    assert kinds.of(MADRID) == {f"op.{number}" for number in range(MOST_KINDS)}


def test_failures_in_a_row_are_marked_until_written(connection: sqlite3.Connection) -> None:
    """0 ends a row, on disk too; a site that is forgotten has none."""
    failed = FailedSyncs(connection)
    failed.put(MADRID, {})
    assert not failed.has_unwritten
    failed.put(MADRID, {ONE: 2, TWO: 1})
    failed.put(BERLIN, {ONE: 5})
    assert failed.has_unwritten
    failed.write(connection)
    failed.written()
    assert not failed.has_unwritten
    failed.put(MADRID, {ONE: 0, TWO: 3})
    assert failed.of(MADRID) == {TWO: 3}
    failed.write(connection)
    failed.written()
    assert rows(connection, "failed_syncs") == [("berlin", "GID-1", 5), ("madrid", "GID-2", 3)]
    again = FailedSyncs(connection)
    assert (again.of(MADRID), again.of(BERLIN)) == ({TWO: 3}, {ONE: 5})
    again.forget(MADRID)
    assert again.of(MADRID) == {}
    again.write(connection)
    assert rows(connection, "failed_syncs") == [("berlin", "GID-1", 5)]
    assert again.of(MADRID) == {}


def test_what_is_told_of_failures_is_no_door_to_them(connection: sqlite3.Connection) -> None:
    """A copy is handed out."""
    failed = FailedSyncs(connection)
    failed.put(MADRID, {ONE: 2})
    told = failed.of(MADRID)
    failed.put(MADRID, {ONE: 3})
    assert told == {ONE: 2}


def test_triggers_that_healed_nothing_are_marked_until_written(
    connection: sqlite3.Connection,
) -> None:
    """One more each time; healing begins anew and says how many there were."""
    unhealed = Unhealed(connection)
    assert not unhealed.has_unwritten
    unhealed.add(ONE)
    unhealed.add(ONE)
    unhealed.add(TWO)
    assert unhealed.has_unwritten
    assert (unhealed.count(ONE), unhealed.counts) == (2, {ONE: 2, TWO: 1})
    unhealed.write(connection)
    unhealed.written()
    assert not unhealed.has_unwritten
    assert Unhealed(connection).counts == {ONE: 2, TWO: 1}
    assert unhealed.forget(ONE) == 2
    assert unhealed.forget(ONE) == 0
    assert unhealed.has_unwritten
    unhealed.write(connection)
    assert rows(connection, "unhealed") == [("GID-2", 1)]


def test_a_trial_that_fails_leaves_the_count_as_it_was(connection: sqlite3.Connection) -> None:
    """What it wrote is the transaction's to take back."""
    unhealed = Unhealed(connection)
    with unhealed.trial(ONE, connection):
        assert rows(connection, "unhealed") == [("GID-1", 1)]
    assert unhealed.count(ONE) == 1
    with pytest.raises(ZeroDivisionError), unhealed.trial(ONE, connection):
        raise ZeroDivisionError
    assert unhealed.count(ONE) == 1


def test_totals_are_marked_until_written_and_come_back(connection: sqlite3.Connection) -> None:
    """Counters, histograms with their exemplars, replications and tasks, site by site."""
    totals = Totals(connection)
    assert not totals.has_unwritten
    shown = Exemplar((("task_id", "t"),), 2.0, 7.0)
    changes = SiteChanges(
        (
            Add(REMOVED, (), 3),
            Add("vr_tasks_completed_total", ("sync",), 2.5),
            Observe(DURATION, ("sync",), 2.0, shown),
            Observe(DURATION, ("sync",), 1e9),
            Born(DURATION, ("create",)),
        ),
        replications={
            ONE: ReplicationTotals(1.5, 2**40, 9.5),
            TWO: ReplicationTotals(0.5, 1, None),
        },
        ended_tasks={(TaskId("t"), 1.5): 20_000.0, (TaskId("u"), None): 20_001.0},
    )
    after = totals.record(MADRID, changes)
    histogram = after.histograms[DURATION]["sync",]
    assert len(histogram.exemplars) == len(histogram.counts) == len(TASK_BUCKETS) + 1
    assert histogram.exemplars[1] == shown
    totals.record(BERLIN, SiteChanges((Born(REMOVED, ()),)))
    assert totals.has_unwritten
    totals.write(connection)
    totals.written()
    assert not totals.has_unwritten
    again = Totals(connection)
    assert again.totals(MADRID) == after
    assert again.totals(BERLIN).counters == {REMOVED: {(): 0}}
    assert again.seen_tasks(MADRID) == SeenTasks(
        {(TaskId("t"), 1.5): 20_000.0, (TaskId("u"), None): 20_001.0},
        20_001.0 - TASKS_REMEMBERED_SECONDS,
    )
    assert set(again.every) == {MADRID, BERLIN}


def test_only_what_changed_is_marked(connection: sqlite3.Connection) -> None:
    """A series born again, a task counted before and a watermark that stands mark nothing."""
    totals = Totals(connection)
    changes = SiteChanges(
        (Born(REMOVED, ()), Born(DURATION, ("sync",))), ended_tasks={(TaskId("t"), 1.0): 20_000.0}
    )
    totals.record(MADRID, changes)
    totals.written()
    totals.record(MADRID, changes)
    assert not totals.has_unwritten
    totals.record(MADRID, SiteChanges(ended_tasks={}))
    assert not totals.has_unwritten
    totals.record(MADRID, SiteChanges(ended_tasks={(TaskId("u"), 1.0): 19_000.0}))
    assert totals.has_unwritten
    for one in (
        SiteChanges((Add(REMOVED, ()),)),
        SiteChanges(replications={ONE: ReplicationTotals()}),
        SiteChanges(gone=frozenset({ONE})),
        SiteChanges(ended_tasks={(TaskId("v"), 1.0): 21_000.0}),
    ):
        totals.written()
        totals.record(MADRID, one)
        assert totals.has_unwritten
    totals.written()
    totals.forget(MADRID)
    assert totals.has_unwritten


def test_what_went_is_gone_from_disk(connection: sqlite3.Connection) -> None:
    """A replication, a task older than the watermark, and a site with all it had."""
    totals = Totals(connection)
    totals.record(
        MADRID,
        SiteChanges(
            (Add(REMOVED, ()), Observe(DURATION, ("sync",), 1.0)),
            replications={ONE: ReplicationTotals(1.0), TWO: ReplicationTotals(2.0)},
            ended_tasks={(TaskId("old"), 1.0): 100.0},
        ),
    )
    totals.record(BERLIN, SiteChanges((Add(REMOVED, ()),)))
    totals.write(connection)
    totals.written()
    later = 101.0 + TASKS_REMEMBERED_SECONDS
    totals.record(
        MADRID,
        SiteChanges(gone=frozenset({ONE}), ended_tasks={(TaskId("new"), 2.0): later}),
    )
    totals.write(connection)
    totals.written()
    assert rows(connection, "replication") == [("madrid", "GID-2", 2.0, 0, None)]
    assert rows(connection, "task_seen") == [("madrid", "new", 2.0, later)]
    assert rows(connection, "watermark") == [("madrid", 101.0)]
    totals.forget(MADRID)
    totals.write(connection)
    for table in ("histogram", "replication", "task_seen", "watermark"):
        assert rows(connection, table) == []
    assert [row[0] for row in rows(connection, "counter")] == ["berlin"]
    assert Totals(connection).totals(MADRID) == SiteTotals()


def test_a_histogram_of_other_buckets_is_not_read(connection: sqlite3.Connection) -> None:
    """A version with other bounds begins it anew; the others come back."""
    good = f"{[0] * (len(TASK_BUCKETS) + 1)}"
    nulls = "[" + ", ".join(["null"] * (len(TASK_BUCKETS) + 1)) + "]"
    put = "INSERT INTO histogram VALUES ('madrid', ?, '[\"sync\"]', ?, 0, ?)"
    connection.execute(put, (DURATION, "[1, 2]", "[null, null]"))
    connection.execute(put, ("vr_sync_duration_seconds", good, nulls))
    found = Totals(connection).totals(MADRID).histograms
    assert set(found) == {"vr_sync_duration_seconds"}


def test_totals_can_be_taken_back(connection: sqlite3.Connection) -> None:
    """To those that were handed out before."""
    totals = Totals(connection)
    before = totals.record(MADRID, SiteChanges((Add(REMOVED, ()),)))
    totals.record(MADRID, SiteChanges((Add(REMOVED, ()),)))
    totals.restore(MADRID, before)
    assert totals.totals(MADRID).counters == {REMOVED: {(): 1}}


def test_A48_a_task_at_the_watermark_is_still_seen(connection: sqlite3.Connection) -> None:
    """What is older counts no more, what is not is remembered by itself."""
    totals = Totals(connection)
    totals.record(MADRID, SiteChanges(ended_tasks={(TaskId("old"), 1.0): 100.0}))
    later = 100.0 + TASKS_REMEMBERED_SECONDS
    totals.record(MADRID, SiteChanges(ended_tasks={(TaskId("new"), 2.0): later}))
    seen = totals.seen_tasks(MADRID)
    assert seen is not None
    assert seen.watermark_seconds == 100.0
    assert seen.has((TaskId("old"), 1.0), 100.0)


def test_a_task_too_old_to_be_remembered_is_not_written(connection: sqlite3.Connection) -> None:
    """Nor is one of a site that was forgotten meanwhile."""
    totals = Totals(connection)
    ended: dict[TaskIdentity, float] = {
        (TaskId("old"), 1.0): 100.0,
        (TaskId("new"), 2.0): 101.0 + TASKS_REMEMBERED_SECONDS,
    }
    totals.record(MADRID, SiteChanges(ended_tasks=ended))
    totals.write(connection)
    totals.written()
    assert [row[1] for row in rows(connection, "task_seen")] == ["new"]
    totals.record(MADRID, SiteChanges(ended_tasks={(TaskId("next"), 3.0): 200_000.0}))
    totals.forget(MADRID)
    totals.write(connection)
    assert rows(connection, "task_seen") == []
    assert rows(connection, "watermark") == []
