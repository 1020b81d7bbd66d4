"""Tasks of everybody, each counted once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.builders import NOW, a_replication, a_task
from vr_exporter.domain.counts import Add, Observe, SeenTasks, SiteChanges
from vr_exporter.domain.names import ReplicationId, SiteName, TaskId
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.ledger.counters import Counters
from vr_exporter.watching.tasks import TaskChanges, changes_of_tasks, matched, named, reused

NOTHING_SEEN = SeenTasks()


def an_ended_task(**changes: Any) -> Task:
    """A sync that was queued for 5 s and ran for 60 s."""
    times = {
        "queued_timestamp_seconds": NOW - 70,
        "started_timestamp_seconds": NOW - 65,
        "completed_timestamp_seconds": NOW - 5,
    }
    return a_task(**{"state": TaskState.SUCCESS, "progress_ratio": 1.0, **times, **changes})


def look(*tasks: Task, seen: SeenTasks | None = NOTHING_SEEN, **others: Any) -> TaskChanges:
    """Take in a list of tasks."""
    given = {"before": (), "known_codes": (), "now": NOW, **others}
    return changes_of_tasks(tasks, seen=seen, **given)


def additions(changes: TaskChanges, kind: type) -> list[Any]:
    """Leave out the births."""
    return [change for change in changes.additions if isinstance(change, kind)]


def test_A49_an_id_under_which_another_task_ran_or_ended_is_told_once() -> None:
    """As long as both are known; the same task seen again is no reuse."""
    ended, later = an_ended_task(), a_task(queued_timestamp_seconds=NOW)
    seen = SeenTasks({ended.identity: NOW})
    assert reused([later], before=(), seen=seen) == 1
    assert reused([later], before=[ended], seen=None) == 1
    assert reused([ended, later], before=(), seen=None) == 1
    assert reused([ended, later], before=[ended, later], seen=seen) == 0
    assert reused([replace(ended, state=TaskState.SUCCESS)], before=[ended], seen=None) == 0
    assert reused([a_task(queued_timestamp_seconds=None)], before=[ended], seen=None) == 0


def test_T6_a_task_of_a_kind_that_was_taught_is_a_sync() -> None:
    """By the key of its description, else by its text; what tells its kind itself is believed."""
    by_key = a_task(operation="other", description="HBR op 7 of db-01", description_id="op.7")
    by_text = a_task(operation="other", description="HBR op 7")
    strange = a_task(operation="other", description="HBR op 9", description_id="op.9")
    move = a_task(operation="move", description_id="op.7")
    tasks = named((by_key, by_text, strange, move), {"op.7", "HBR op 7"})
    assert [task.operation for task in tasks] == ["sync", "sync", "other", "move"]


def test_a_first_start_marks_ended_tasks_as_seen_and_counts_none() -> None:
    """What ended before we looked is not ours to count."""
    task = an_ended_task()
    changes = look(task, seen=None)
    assert additions(changes, Add) == []
    assert changes.ended == {task.identity: NOW - 5}


def test_an_ended_task_is_counted_with_its_duration_and_its_wait() -> None:
    """One completed task, and the appliance's own times."""
    changes = look(an_ended_task())
    assert additions(changes, Add) == [Add("vr_tasks_completed_total", ("sync",))]
    observed = {(seen.family, seen.value) for seen in additions(changes, Observe)}
    assert observed == {("vr_task_duration_seconds", 60.0), ("vr_task_queue_wait_seconds", 5.0)}


def test_a_task_seen_before_is_not_counted_again() -> None:
    """Once is once, however long the appliance lists it."""
    task = an_ended_task()
    assert additions(look(task, seen=SeenTasks({task.identity: NOW - 5})), Add) == []


def test_A49_a_task_id_used_again_is_another_task() -> None:
    """The time of queueing tells them apart."""
    task, reused = an_ended_task(), an_ended_task(queued_timestamp_seconds=NOW - 69)
    changes = look(reused, seen=SeenTasks({task.identity: NOW - 5}))
    assert Add("vr_tasks_completed_total", ("sync",)) in changes.additions


def test_a_failed_task_is_counted_by_class_and_code() -> None:
    """ERROR raises both counters."""
    task = an_ended_task(
        state=TaskState.ERROR, error_class="storage", error_code="DISK_FULL", error_message="x"
    )
    assert additions(look(task), Add) == [
        Add("vr_tasks_completed_total", ("sync",)),
        Add("vr_tasks_failed_total", ("sync", "storage")),
        Add("vr_task_errors_total", ("DISK_FULL",)),
    ]


def test_a_cancelled_task_failed_as_other() -> None:
    """CANCELLED is an end, and not a good one."""
    task = an_ended_task(state=TaskState.CANCELLED, error_class=None)
    assert Add("vr_tasks_failed_total", ("sync", "other")) in look(task).additions


def test_codes_beyond_the_first_fifty_are_other() -> None:
    """The label of vendor codes is bounded; known ones keep their name."""
    known = [f"CODE_{number}" for number in range(50)]
    tasks = [
        an_ended_task(id=TaskId(name), state=TaskState.ERROR, error_code=name)
        for name in ("CODE_7", "NEW")
    ]
    codes = [
        change.labels[0]
        for change in additions(look(*tasks, known_codes=known), Add)
        if change.family == "vr_task_errors_total"
    ]
    assert codes == ["CODE_7", "other"]


def test_A52_a_task_that_ended_before_it_began_has_no_duration() -> None:
    """A contradiction is no observation; the task is counted all the same."""
    task = an_ended_task(completed_timestamp_seconds=NOW - 100)
    changes = look(task)
    assert Add("vr_tasks_completed_total", ("sync",)) in changes.additions
    assert [seen.family for seen in additions(changes, Observe)] == ["vr_task_queue_wait_seconds"]


def test_A51_an_unfinished_task_is_not_counted() -> None:
    """QUEUED or RUNNING for ever stays what it is."""
    changes = look(a_task(state=TaskState.RUNNING), a_task(state=TaskState.QUEUED))
    assert additions(changes, Add) == []
    assert changes.ended == {}


def test_A50_progress_that_fell_is_counted() -> None:
    """A restarted checksum phase lowers the progress of the same task."""
    before = a_task(state=TaskState.RUNNING, progress_ratio=0.6)
    after = a_task(state=TaskState.RUNNING, progress_ratio=0.2)
    changes = look(after, before=(before,))
    assert Add("vr_task_progress_regressions_total", (), 1) in changes.additions


def test_an_exemplar_leads_to_task_and_replication_and_keeps_within_its_limit() -> None:
    """OpenMetrics allows 128 characters: what does not fit is left out whole."""
    short = an_ended_task(id=TaskId("T-1"), replication_id=ReplicationId("GID-1"))
    long = an_ended_task(id=TaskId("T-2"), replication_id=ReplicationId("g" * 120))
    labels = [
        seen.exemplar.labels
        for seen in additions(look(short, long), Observe)
        if seen.family == "vr_task_duration_seconds" and seen.exemplar
    ]
    assert labels == [
        (("task_id", "T-1"), ("replication", "GID-1")),
        (("task_id", "T-2"),),
    ]


def test_a_task_finds_its_replication_by_id_by_vm_id_and_by_name() -> None:
    """All three forms of `entity` are in use (vr-api.md 7.1)."""
    row = a_replication(id="GID-1", vm_id="vm-101", vm="db-01")
    tasks = (
        a_task(entity="GID-1"),
        a_task(entity="vm-101"),
        a_task(entity="", entity_name="db-01"),
        a_task(entity="nobody", entity_name="nobody"),
    )
    found = [task.replication_id for task in matched(tasks, [row])]
    assert found == ["GID-1", "GID-1", "GID-1", None]


def test_a_name_that_two_replications_share_matches_neither() -> None:
    """A guess would put one VM's task on the other."""
    rows = [a_replication(id=name, vm_id=name, vm="twin") for name in ("GID-1", "GID-2")]
    assert matched([a_task(entity="", entity_name="twin")], rows)[0].replication_id is None


def test_A39_an_end_that_lies_ahead_does_not_make_later_ends_look_too_old() -> None:
    """Within the day that a time may lie ahead, one absurd end would else stop the counting."""
    ledger, site = Counters(), SiteName("madrid")
    ledger.record(site, SiteChanges(ended_tasks=look(seen=None).ended))
    ahead = an_ended_task(id=TaskId("ahead"), completed_timestamp_seconds=NOW + 80_000)
    ledger.record(site, SiteChanges(ended_tasks=look(ahead, seen=ledger.seen_tasks(site)).ended))
    later = look(an_ended_task(), seen=ledger.seen_tasks(site))
    assert additions(later, Add) == [Add("vr_tasks_completed_total", ("sync",))]


def test_A38_an_end_without_a_time_does_not_mix_the_clocks() -> None:
    """Ours may be hours ahead: the task counts as ended with the newest of the appliance's."""
    unknown = {
        "queued_timestamp_seconds": None,
        "started_timestamp_seconds": None,
        "completed_timestamp_seconds": None,
    }
    timeless = an_ended_task(id=TaskId("timeless"), **unknown)
    changes = look(timeless, an_ended_task(), now=NOW + 5 * 3600)
    assert set(changes.ended.values()) == {NOW - 5}


def test_progress_that_is_unknown_for_a_moment_did_not_fall() -> None:
    """A null is not a zero (fault-matrix R4)."""
    before, after = a_task(progress_ratio=0.5), a_task(progress_ratio=None)
    assert additions(look(after, before=(before,)), Add) == []
