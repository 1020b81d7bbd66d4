from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.asking import an_asker, body_of
from vr_exporter.simulator.messages import SimRequest


def test_trailing_slash_is_accepted() -> None:
    """Both forms of a path answer."""
    asker = an_asker()
    assert asker.get("/info/").status == asker.get("/info").status == 200


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/pairings//issues", "/info//", "/v2/info"])
def test_unknown_path_answers_404_without_a_body(path: str) -> None:
    """What no operation has is not found."""
    response = an_asker().get(path)
    assert (response.status, response.body) == (404, b"")


def test_path_outside_of_the_api_answers_404() -> None:
    """Nothing but the API is served."""
    assert an_asker().api.answer(SimRequest("GET", "/")).status == 404


def test_wrong_method_answers_405() -> None:
    """A known path with another method is no such operation."""
    assert an_asker().ask("PUT", "/info").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/pairings/unknown",
        "/pairings/unknown/issues",
        "/pairings/unknown/remote-session",
        "/pairings/unknown/replications",
        "/pairings/unknown/replications/count",
        "/pairings/unknown/replications/issues",
        "/pairings/unknown/replications/unknown",
        "/pairings/unknown/vrs/unknown",
        "/pairings/unknown/vrs/unknown/replication-servers",
        "/replication-servers/unknown",
        "/tasks/unknown",
    ],
)
def test_unknown_id_answers_404_without_a_body(path: str) -> None:
    """An id that nothing has is not found."""
    response = an_asker().get(path)
    assert (response.status, response.body) == (404, b"")


def test_management_servers_of_an_unknown_pairing_are_a_bad_request() -> None:
    """The document lists no 404 for that list."""
    assert an_asker().get("/pairings/unknown/vrs").status == 400


def test_ids_are_read_percent_encoded_or_plain() -> None:
    """Colons in ids may stand for themselves."""
    asker = an_asker()
    server_id = asker.read("/replication-servers")["list"][0]["id"]
    assert ":" in server_id
    for form in (server_id, quote(server_id, safe="")):
        assert asker.read(f"/replication-servers/{form}")["id"] == server_id


def test_extended_info_adds_the_sync_group() -> None:
    """Without it, progress, duration and size of syncs are left out."""
    asker = an_asker()
    plain, extended = asker.rows()[0], asker.rows("?extended_info=true")[0]
    left_out = {"sync_progress", "last_sync_duration", "last_sync_size"}
    assert extended.keys() - plain.keys() == left_out


def test_fields_bound_to_extended_info_are_a_switch() -> None:
    """Which fields they are is not published."""
    asker = an_asker(unextended_leaves_out=("rpo",))
    assert "rpo" not in asker.rows()[0]
    assert "last_sync_size" in asker.rows()[0]


def test_count_is_of_both_directions() -> None:
    """The count agrees with the list."""
    asker = an_asker(replications=17)
    document = asker.read(f"{asker.replications}/count")
    assert document == {"count": 17, "_meta": {"errors": []}}


def test_points_in_time_are_switched_on() -> None:
    """As in 2.0.0 their path answers 404, unless the appliance is newer."""
    assert (old := an_asker()).get(f"{old.replication()}/instances").status == 404
    new = an_asker(instances=True)
    assert "list" in new.read(f"{new.replication()}/instances")


def test_sync_answers_a_task_that_can_be_read() -> None:
    """202 carries the task, which is then found alone and among the recent ones."""
    asker = an_asker()
    answer = asker.post(f"{asker.replication()}/actions/sync")
    task = body_of(answer)
    assert (answer.status, task["_meta"]) == (202, {"errors": []})
    found = asker.read(f"/tasks/{quote(task['id'], safe='')}")
    assert found["queued_time"] == task["queued_time"]
    assert task["id"] in [row["id"] for row in asker.read("/tasks")["list"]]


def test_pause_and_resume_answer_tasks() -> None:
    """Both work with a remote session."""
    asker = an_asker().log_in_remotely()
    path = asker.replication()
    for action in ("pause", "resume"):
        assert asker.post(f"{path}/actions/{action}").status == 202
        asker.clock.advance(120)


def test_refusal_of_the_world_is_a_response_error() -> None:
    """A sync of a paused replication is refused with a code and an id for support."""
    asker = an_asker()
    asker.world.pause(asker.world.find(asker.rows()[0]["id"]))
    answer = asker.post(f"{asker.replication()}/actions/sync")
    assert answer.status in {400, 500}
    assert set(body_of(answer)) == {"error_code", "message", "op_id"}


def test_members_without_a_value_can_be_left_out() -> None:
    """Null or absent is a switch; links are seen as null and stay."""
    asker = an_asker(null_members="absent")
    page = asker.read("/pairings")
    assert "remote_vc_server" not in page["list"][0]
    assert page["_meta"]["links"]["next"] is None


def test_unit_of_progress_is_a_switch() -> None:
    """A ratio can be asked for in place of percent."""
    asker = an_asker(progress_unit="ratio").log_in_remotely()
    asker.post(f"{asker.replication()}/actions/sync")
    asker.clock.advance(5)
    progress = [row["sync_progress"] for row in asker.rows("?extended_info=true")]
    running = [row["progress"] for row in progress if row]
    assert running
    assert all(0 <= ratio <= 1 for ratio in running)


def test_wording_of_error_codes_is_a_switch() -> None:
    """Codes are not published."""
    response = an_asker(error_codes="upper").get("/tasks?limit=x")
    assert body_of(response)["error_code"] == "BAD_REQUEST"


def test_date_header_is_the_wall_clock() -> None:
    """Every answer carries the time of the injected clock."""
    asker = an_asker()
    assert asker.get("/info").header("Date") == "Thu, 09 Oct 2025 08:53:20 GMT"
    assert asker.get("/nothing").header("Date") == "Thu, 09 Oct 2025 08:53:20 GMT"


def test_same_seed_gives_the_same_answers() -> None:
    """Two appliances of one seed and one clock answer byte for byte alike."""
    first, second = an_asker(replications=30), an_asker(replications=30)
    assert first.token == second.token
    path = f"{first.replications}?extended_info=true"
    assert first.get(path).body == second.get(path).body


def test_requests_are_counted_by_endpoint_and_session() -> None:
    """What was asked can be asserted on."""
    asker = an_asker()
    asker.get("/tasks")
    asker.get("/nothing")
    counters = asker.api.counters
    assert counters.requests == {"POST /session": 1, "GET /tasks": 1, "GET (unknown)": 1}
    assert counters.by_session == {asker.token: 2}
    assert counters.answers["GET /tasks", 200] == 1
    assert counters.total == 3


def test_many_threads_get_whole_answers() -> None:
    """One lock makes the appliance safe to ask from anywhere."""
    asker = an_asker(replications=50)
    path = f"{asker.replications}?extended_info=true"
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: asker.get(path).body, range(64)))
    assert {len(json.loads(body)["list"]) for body in bodies} == {50}
    assert asker.api.counters.requests["GET /pairings/{pairing_id}/replications"] == 64
