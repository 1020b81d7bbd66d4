from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.appliance import wire
from vr_exporter.appliance.wire.tasks import error_class_of, operation_of
from vr_exporter.domain.tasks import ERROR_CLASSES, OPERATIONS, Task, TaskState

NOW = 1_790_000_000.0
MS = 1_789_999_700_000


def one(**changes: Any) -> tuple[Task, dict[str, int]]:
    """Read one task; returns the noun and what surprised."""
    row = {
        "id": "HmsTask:1",
        "status": "RUNNING",
        "description": "Sync replication",
        "description_id": "hms.replication.sync",
        "entity": "GID-1",
        "entity_name": "db-01",
        "error": None,
        "result": None,
        "progress": 40,
        "queued_time": MS,
        "start_time": MS + 500,
        "complete_time": None,
        **changes,
    }
    reading = wire.Reading(NOW)
    (task,) = wire.tasks_page(json.dumps({"list": [row]}).encode(), reading).rows
    return task, dict(reading.surprises.counts)


def test_a_task_becomes_a_noun_in_base_units() -> None:
    """Percent become a ratio and milliseconds seconds; the result may be any JSON."""
    task, surprises = one(result={"any": [1, None]})
    assert not surprises
    assert (task.id, task.operation, task.state) == ("HmsTask:1", "sync", TaskState.RUNNING)
    assert (task.entity, task.entity_name, task.progress_ratio) == ("GID-1", "db-01", 0.4)
    assert task.queue_wait_seconds == 0.5
    assert task.completed_timestamp_seconds is None
    assert task.error_class is task.error_code is None


@pytest.mark.parametrize(
    ("key", "words", "operation"),
    [
        ("hms.replication.sync", "whatever", "sync"),
        ("", "Sync replication", "sync"),
        ("a.key.of.no.meaning", "Synchronisieren (SYNC)", "sync"),
        ("configureReplication", "", "configure"),
        ("hms.unconfigure", "", "unconfigure"),
        ("reconfigureReplication", "", "reconfigure"),
        ("", "Stop replication", "unconfigure"),
        ("com.vmware.hms.PauseReplication", "", "pause"),
        ("RESUME_REPLICATION", "", "resume"),
        ("", "Test recovery", "test"),
        ("", "Clean up test recovery", "cleanup"),
        ("recoverVm", "", "recover"),
        ("", "Planned failover", "recover"),
        ("", "Move replication to another server", "move"),
        ("", "Latest and greatest", "other"),
        ("", "Remove server", "other"),
        ("", "", "other"),
    ],
)
def test_operations_are_a_closed_set(key: str, words: str, operation: str) -> None:
    """The key decides where it says anything, else the words."""
    assert operation_of(key, words) == operation


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (("Cannot complete login", "invalid credentials"), "auth"),
        (("NoPermission",), "auth"),
        (("Connection refused", ""), "connectivity"),
        (("", "Operation timed out"), "connectivity"),
        (("vim.fault.TaskInProgress: another vCenter task runs",), "conflict"),
        (("Already replicated",), "conflict"),
        (("ManagedObjectNotFound",), "not_found"),
        (("The virtual machine no longer exists",), "not_found"),
        (("Not enough space on the target datastore",), "storage"),
        (("NoDiskSpace",), "storage"),
        (("vCenter Server fault", "vpxd"), "vcenter"),
        (("RPO could not be met",), "rpo"),
        (("Internal error", "see the log of the datastore"), "internal"),
        (("", ""), "other"),
        (("Quiescing the guest failed",), "other"),
    ],
)
def test_failures_are_of_a_closed_set(texts: tuple[str, ...], name: str) -> None:
    """The first text that says anything decides."""
    assert error_class_of(*texts) == name


@given(st.text(), st.text())
def test_any_text_has_its_place(first: str, second: str) -> None:
    """Whatever an appliance writes, labels stay within their sets."""
    assert operation_of(first, second) in OPERATIONS
    assert error_class_of(first, second) in ERROR_CLASSES


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"message": "x", "error_code": "com.vmware.Fault"}, "com.vmware.Fault"),
        ({"message": "x", "code": "E_17"}, "E_17"),
        ({"message": "vim.fault.TaskInProgress: busy"}, "vim.fault.TaskInProgress"),
        ({"message": "x", "details": "failed with NO_SPACE_LEFT on vol"}, "NO_SPACE_LEFT"),
        ({"message": "no answer from vc.madrid.example"}, None),
        ({"message": "Storage fault"}, None),
    ],
)
def test_a_code_is_read_where_there_is_one(error: dict[str, str], code: str | None) -> None:
    """A member or a word that looks like a code; host names and plain words do not."""
    task, _ = one(status="ERROR", error=error)
    assert task.error_code == code


def test_a_cancelled_task_is_a_failure_of_class_other() -> None:
    """Somebody stopped it: nothing is known of a cause."""
    assert one(status="CANCELLED")[0].error_class == "other"


def test_A40_an_unknown_state_is_other() -> None:
    """A state that no list holds ends nothing and starts nothing."""
    task, surprises = one(status="SUSPENDED")
    assert task.state is TaskState.OTHER
    assert surprises == {"enum": 1}


@pytest.mark.parametrize("value", [0, -5, MS // 1000, 2**62])
def test_A39_times_of_a_task_must_be_plausible(value: int) -> None:
    """A wrong time is absent, and with it what is reckoned from it."""
    task, surprises = one(queued_time=value)
    assert task.queued_timestamp_seconds is task.queue_wait_seconds is None
    assert surprises == {"time": 1}


def test_A43_progress_beyond_its_end_is_absent() -> None:
    """140 percent are none."""
    task, surprises = one(progress=140)
    assert task.progress_ratio is None
    assert surprises == {"range": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "SUCCESS", "error": {"message": "x"}},
        {"status": "ERROR", "error": None},
        {"complete_time": MS, "start_time": MS + 1, "status": "SUCCESS"},
    ],
    ids=["good with an error", "bad without one", "ended before it began"],
)
def test_A52_contradictions_are_counted_and_the_state_believed(changes: dict[str, Any]) -> None:
    """The state rules; a duration below zero is absent."""
    task, surprises = one(**changes)
    assert task.state == changes["status"]
    assert task.duration_seconds is None
    assert surprises == {"range": 1}


def test_v1_times_of_tasks_are_strings() -> None:
    """ISO times are read as milliseconds are."""
    row = {"id": "1", "status": "SUCCESS", "start_time": "2026-09-21T15:00:00Z"}
    reading = wire.Reading(NOW, "v1")
    (task,) = wire.tasks_page(json.dumps({"list": [row]}).encode(), reading).rows
    assert task.started_timestamp_seconds == 1_790_002_800.0
    assert not reading.surprises.counts


@pytest.mark.parametrize("moment", [10**400, -(10**400), 2**63])
def test_A39_a_time_that_no_number_of_ours_holds_is_absent(moment: int) -> None:
    """A time of hundreds of digits costs the field alone: the task and its page stay."""
    task, surprises = one(start_time=moment)
    assert task.started_timestamp_seconds is None
    assert task.queued_timestamp_seconds is not None
    assert surprises == {"time": 1}
