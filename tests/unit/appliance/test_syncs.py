"""The calls of triggers: the one POST, what its failures prove, and what comes before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.builders import a_pairing
from tests.scripted import V2, Answer, Reader, Script, a_page, breaks, reply
from tests.simulated import ManualClock
from vr_exporter.appliance.errors import ApplianceError, Refused, Stopping, Unreachable
from vr_exporter.appliance.pace import Pace
from vr_exporter.appliance.syncs import MOST_IDS, NotSent, Syncs, UnknownOutcome
from vr_exporter.domain.events import Requested
from vr_exporter.domain.names import ReplicationId, TaskId

PAIRING, ONE = a_pairing().id, ReplicationId("GID-1")
ROWS = f"/pairings/{PAIRING}/replications"
ROW = f"{ROWS}/{ONE}"
SYNC = f"{ROW}/actions/sync"
TASK = {"id": "task-1", "status": "QUEUED", "queued_time": 1_760_000_000_000, "entity": ONE}
ACCEPTED = reply(TASK, status=202)
INFO = reply({"version": "9.0.3", "build_number": "42"})


def a_place(*answers: Answer, **options: Any) -> tuple[Reader, Script]:
    """An appliance whose sync answers so."""
    script = Script().on("POST", SYNC, *answers).on("GET", "/info", INFO)
    return Reader(script, **options), script


def post(reader: Reader) -> Any:
    """Ask for a sync as a poster does: turn first, then the one POST."""
    syncs = reader.appliance.syncs
    with syncs.step():
        syncs.await_turn()
        return syncs.post(PAIRING, ONE)


def failure_of(act: Callable[[], object]) -> ApplianceError:
    """What this fails with."""
    with pytest.raises(ApplianceError) as caught:
        act()
    return caught.value


def test_a_202_brings_the_task() -> None:
    """Its id and when it was queued, by the appliance's clock."""
    reader, _ = a_place(ACCEPTED)
    task = post(reader)
    assert (task.id, task.queued_timestamp_seconds) == ("task-1", 1_760_000_000.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429])
def test_a_4xx_is_a_definite_no(status: int) -> None:
    """Refused, with the status and the vendor's code; nothing is sent again."""
    said = {"error_code": "com.vmware.vr.no", "message": "no"}
    reader, script = a_place(reply(said, status=status))
    error = failure_of(lambda: post(reader))
    assert isinstance(error, Refused)
    assert not isinstance(error, UnknownOutcome)
    assert (error.status, error.code) == (status, "com.vmware.vr.no")
    assert len(script.asked("POST", "/actions/sync")) == 1


def test_a_403_names_what_the_account_lacks() -> None:
    """The privilege of a sync, as the vendor spells it."""
    reader, _ = a_place(reply(status=403))
    assert "Host.Hbr.HbrManagement" in str(failure_of(lambda: post(reader)))


@pytest.mark.parametrize("status", [500, 502, 503])
def test_A55_a_5xx_leaves_the_outcome_unknown_though_answered(status: int) -> None:
    """A server may answer 500 and run the task all the same."""
    reader, script = a_place(reply(status=status))
    error = failure_of(lambda: post(reader))
    assert isinstance(error, UnknownOutcome)
    assert (error.reason, error.was_answered) == ("server_error", True)
    assert len(script.asked("POST", "/actions/sync")) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (breaks(httpx.ReadTimeout), "timeout"),
        (breaks(httpx.WriteError), "reset"),
        (breaks(httpx.ReadError, "Connection reset by peer"), "reset"),
        (breaks(httpx.RemoteProtocolError, "Server disconnected"), "reset"),
        (reply(status=202, body=b"<html>"), "not_json"),
        (reply(["no task"], status=202), "schema"),
    ],
    ids=["timeout", "unsent", "reset", "closed", "html", "list"],
)
def test_A61_a_lost_or_unreadable_answer_leaves_the_outcome_unknown(
    answer: Answer, reason: str
) -> None:
    """The request left: the appliance may have acted, and nothing is sent again."""
    reader, script = a_place(answer)
    error = failure_of(lambda: post(reader))
    assert isinstance(error, UnknownOutcome)
    assert (error.reason, error.was_answered) == (reason, False)
    assert len(script.asked("POST", "/actions/sync")) == 1


@pytest.mark.parametrize(
    "answer", [breaks(httpx.ConnectError), breaks(httpx.ConnectTimeout)], ids=["error", "timeout"]
)
def test_A11_without_a_connection_nothing_was_sent(answer: Answer) -> None:
    """That much is known, and it is not tried again either."""
    reader, script = a_place(answer, ACCEPTED)
    error = failure_of(lambda: post(reader))
    assert isinstance(error, NotSent)
    assert len(script.asked("POST", "/actions/sync")) == 1


def test_A56_a_202_without_a_task_is_no_failure() -> None:
    """It was taken; which task it is has to be found out."""
    reader, _ = a_place(reply({}, status=202))
    task = post(reader)
    assert task is None or not task.id


def test_A11_the_post_goes_over_a_fresh_connection() -> None:
    """The old one is closed right before: an idle one that died would make the answer ambiguous."""
    reader, script = a_place(ACCEPTED)
    closed_at: list[int] = []
    line = reader.appliance.syncs._line
    plain = line.close

    def close() -> None:
        closed_at.append(len(script.requests))
        plain()

    line.close = close  # type: ignore[method-assign] # seen, and done all the same
    post(reader)
    assert closed_at == [len(script.requests) - 1]


def test_the_turn_is_waited_for_before_the_claim() -> None:
    """Login, session and pace are done with when `await_turn` returns: the POST leaves at once."""
    clock = ManualClock()
    pace = Pace(3, clock=clock.clock(), tell=lambda _: None)
    reader, script = a_place(ACCEPTED, clock=clock, pace=pace)
    syncs = reader.appliance.syncs
    reader.appliance.tasks()
    with syncs.step():
        syncs.await_turn()
        sent, now = len(script.requests), clock.monotonic()
        assert syncs.room() == 0
        syncs.post(PAIRING, ONE)
    assert clock.monotonic() == now
    assert len(script.requests) == sent + 1
    assert len(script.asked("POST", "/session")) == 1


def test_a_turn_that_does_not_come_in_time_is_not_waited_for() -> None:
    """The step has thirty seconds: the pace says at once that it cannot be."""
    clock = ManualClock()
    pace = Pace(2, clock=clock.clock(), tell=lambda _: None)
    reader, script = a_place(ACCEPTED, clock=clock, pace=pace)
    reader.appliance.tasks()
    error = failure_of(lambda: post(reader))
    assert isinstance(error, Unreachable)
    assert error.reason == "deadline"
    assert not script.asked("POST", "/actions/sync")
    assert clock.waits == []


def test_A29_a_throttled_appliance_is_not_asked() -> None:
    """After a 429 that asks for more than a step has, the turn does not come; no room is told."""
    reader, script = a_place(reply(status=429, headers={"retry-after": "90"}), ACCEPTED)
    failure_of(lambda: post(reader))
    assert reader.appliance.syncs.room() == 0
    error = failure_of(lambda: post(reader))
    assert error.reason == "throttled"
    assert len(script.asked("POST", "/actions/sync")) == 1
    reader.clock.advance(120)
    assert post(reader).id == "task-1"


def test_a_session_that_was_not_answered_lately_is_checked_before_the_claim() -> None:
    """A dead one is replaced while nothing is claimed yet: the POST goes under the new token."""
    reader, script = a_place(ACCEPTED)
    script.on("GET", "/info", reply(status=401), INFO)
    reader.appliance.tasks()
    reader.clock.advance(3600)
    assert post(reader).id == "task-1"
    assert len(script.asked("POST", "/session")) == 2
    asked = [(request.method, request.url.path.removeprefix(V2)) for request in script.requests]
    assert asked[-1] == ("POST", SYNC)


def test_a_session_that_was_just_answered_is_not_checked() -> None:
    """It costs no request."""
    reader, script = a_place(ACCEPTED)
    reader.appliance.tasks()
    reader.clock.advance(4)
    post(reader)
    assert not script.asked("GET", "/info")


def test_a_stop_while_waiting_for_the_turn_ends_it() -> None:
    """Nothing is sent."""
    clock = ManualClock()
    pace = Pace(3, clock=clock.clock(), tell=lambda _: None)
    reader, script = a_place(ACCEPTED, clock=clock, pace=pace)
    reader.appliance.tasks()
    reader.appliance.tasks()
    clock.advance(45)
    clock.stop()
    with pytest.raises(Stopping):
        post(reader)
    assert not script.asked("POST", "/actions/sync")


def test_a_step_in_the_midst_of_a_poll_has_time_and_retries_of_its_own() -> None:
    """What the poll has left is neither asked for nor spent."""
    reader, script = a_place(ACCEPTED)
    reader.appliance.begin_poll(1.0)
    syncs = reader.appliance.syncs
    script.on("GET", ROW, breaks(httpx.ConnectError), breaks(httpx.ConnectError), reply(a_row()))
    with syncs.step():
        assert syncs.replication(PAIRING, ONE, local_vc_id="") is not None
    script.on("GET", "/tasks", breaks(httpx.ConnectError), reply(a_page([])))
    reader.appliance.begin_poll(60.0)
    with syncs.step():
        pass
    assert reader.appliance.tasks() == ()


def test_one_replication_is_read_or_known_to_be_gone() -> None:
    """A 404 is an answer; any other failure is one."""
    reader, script = a_place()
    syncs = reader.appliance.syncs
    script.on("GET", ROW, reply(a_row()), reply(status=404), reply(status=403))
    found = syncs.replication(PAIRING, ONE, local_vc_id="vc-1")
    assert found is not None
    assert found.id == ONE
    assert syncs.replication(PAIRING, ONE, local_vc_id="vc-1") is None
    assert isinstance(failure_of(lambda: one(syncs)), Refused)


def one(syncs: Syncs) -> object:
    """Read the one replication."""
    return syncs.replication(PAIRING, ONE, local_vc_id="")


def test_some_replications_are_read_in_one_request() -> None:
    """Filtered by their ids; rows whose id only contains one of them are not taken for it."""
    reader, script = a_place()
    script.on("GET", ROWS, reply(a_page([a_row("GID-1"), a_row("GID-10"), a_row("GID-2")])))
    ids = [ReplicationId("GID-1"), ReplicationId("GID-2"), ReplicationId("GID-3")]
    rows = reader.appliance.syncs.replications(PAIRING, ids, local_vc_id="")
    assert [row.id for row in rows] == ["GID-1", "GID-2"]
    (request,) = script.asked("GET", "/replications")
    assert request.url.params.get_list("filter") == ids
    assert request.url.params["filter_property"] == "id"
    many = [ReplicationId(f"GID-{number}") for number in range(MOST_IDS + 10)]
    reader.appliance.syncs.replications(PAIRING, many, local_vc_id="")
    assert len(script.requests[-1].url.params.get_list("filter")) == MOST_IDS


def test_A48_a_task_is_read_or_known_to_be_gone() -> None:
    """A 404 is an answer."""
    reader, script = a_place()
    script.on("GET", "/tasks/task-1", reply(TASK), reply(status=404), reply(status=403))
    syncs = reader.appliance.syncs
    found = syncs.task(TaskId("task-1"))
    assert found is not None
    assert found.id == "task-1"
    assert syncs.task(TaskId("task-1")) is None
    assert failure_of(lambda: syncs.task(TaskId("task-1"))).reason == "forbidden"


def test_the_post_is_told_under_its_own_endpoint() -> None:
    """So that it can be counted apart."""
    reader, _ = a_place(ACCEPTED)
    post(reader)
    told = [(event.endpoint, event.method) for event in reader.told(Requested)]
    assert told.count(("sync", "POST")) == 1


def test_room_is_what_the_pace_lets_go_now() -> None:
    """It is taken by requests and given back a minute later."""
    clock = ManualClock()
    pace = Pace(5, clock=clock.clock(), tell=lambda _: None)
    reader, _ = a_place(clock=clock, pace=pace)
    syncs = reader.appliance.syncs
    assert syncs.room() == 5
    reader.appliance.tasks()
    assert syncs.room() == 3
    clock.advance(60)
    assert syncs.room() == 5


def a_row(replication_id: str = ONE) -> dict[str, Any]:
    """The least that a replication's row has."""
    return {"id": replication_id, "name": "db-01", "status": {"status": "OK"}}
