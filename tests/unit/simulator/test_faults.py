from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.asking import Asker, an_asker, body_of
from vr_exporter.simulator.faults import KINDS
from vr_exporter.simulator.faults.fault import Stage
from vr_exporter.simulator.faults.rows import WILD_NAMES
from vr_exporter.simulator.messages import Delivery


def _broken(kind: str, **details: Any) -> Asker:
    asker = an_asker(replications=12).log_in_remotely()
    asker.break_by(kind, **details)
    return asker


def _pages(asker: Asker, limit: int) -> list[str]:
    ids: list[str] = []
    for offset in range(0, 12, limit):
        ids += [row["id"] for row in asker.rows(f"?limit={limit}&offset={offset}")]
    return ids


def test_every_kind_has_a_summary_and_an_effect() -> None:
    """The table is whole: a kind either has an effect or is asked for by name."""
    assert all(kind.summary for kind in KINDS.values())
    flags = {name for name, kind in KINDS.items() if kind.effect is None}
    assert flags == {
        "site_down",
        "remote_down",
        "certificate_expired",
        "certificate_not_yet_valid",
        "certificate_other_host",
        "handshake_hangs",
        "session_expired",
    }


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].stage is not Stage.SITE])
def test_no_kind_breaks_the_simulator_itself(kind: str) -> None:
    """Under each kind, every list, entity and action still gets some answer."""
    value = 1 if kind in {"long_string", "too_large", "too_large_chunked", "gzip_bomb"} else None
    asker = an_asker(replications=4).log_in_remotely()
    path = asker.replication()
    asker.break_by(kind, value=value)
    for target in ("/pairings", "/tasks", "/info", asker.replications, path):
        assert asker.get(f"{target}?limit=2").status
    assert asker.post(f"{path}/actions/sync").status


# when a fault strikes


def test_fault_waits_for_its_time_and_ends() -> None:
    """`at` and `for` count from when the fault was added."""
    asker = _broken("unavailable", at_seconds=30, for_seconds=60)
    statuses = []
    for _ in range(4):
        statuses.append(asker.get("/info").status)
        asker.clock.advance(29.9)
    assert statuses == [200, 200, 503, 503]
    asker.clock.advance(10)
    assert asker.get("/info").status == 200


def test_fault_strikes_the_requests_that_match() -> None:
    """A glob over method and path chooses the requests."""
    asker = _broken("error", match="GET *tasks*")
    assert (asker.get("/tasks").status, asker.get("/info").status) == (500, 200)


def test_fault_of_one_operation_leaves_the_others() -> None:
    """An operation id does the same by name."""
    asker = _broken("error", operation="getVrInfo")
    assert (asker.get("/tasks").status, asker.get("/info").status) == (200, 500)


def test_fault_of_another_site_does_not_strike() -> None:
    """A site's name restricts a fault to that appliance."""
    assert _broken("error", site="berlin").get("/info").status == 200
    assert _broken("error", site="madrid").get("/info").status == 500


def test_fault_skips_and_counts() -> None:
    """`skip` lets requests pass first, `times` ends it."""
    asker = _broken("error", skip=1, times=2)
    assert [asker.get("/info").status for _ in range(4)] == [200, 500, 500, 200]


def test_rate_strikes_a_share_of_requests() -> None:
    """Half of many requests are struck, the same ones on every run."""
    first, second = (
        [asker.get("/info").status for _ in range(200)]
        for asker in (_broken("error", rate=0.5), _broken("error", rate=0.5))
    )
    assert first == second
    assert 70 < first.count(500) < 130


def test_rate_of_rows_strikes_the_same_rows_each_time() -> None:
    """A row is struck or not by its id, so that it stays broken from page to page."""
    asker = _broken("unknown_status", rate=0.5)
    first, second = (
        [row["status"]["status"] == "RECONFIGURING" for row in asker.rows()] for _ in range(2)
    )
    assert first == second
    assert 0 < sum(first) < 12


def test_row_faults_match_names_and_ids() -> None:
    """A glob over names and ids chooses the rows."""
    asker = an_asker(replications=12)
    name = asker.rows()[3]["name"]
    asker.break_by("missing_ids", match=name)
    assert [row["name"] for row in asker.rows() if "id" not in row] == [name]


def test_cleared_faults_are_over() -> None:
    """Everything works again."""
    asker = _broken("error")
    asker.api.faults.clear()
    assert asker.get("/info").status == 200


# in place of an answer


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_any_status_comes_with_and_without_a_response_error(status: int) -> None:
    """The value of both kinds is the status."""
    asker = _broken("error", value=status)
    answer = asker.get("/info")
    assert (answer.status, set(body_of(answer))) == (status, {"error_code", "message", "op_id"})
    bare = _broken("bare_error", value=status).get("/info")
    assert (bare.status, bare.body) == (status, b"")


@pytest.mark.parametrize(
    "value", [None, "7", "-5", "1000000000", "soon", "Fri, 10 Oct 2025 08:00:00 GMT"]
)
def test_throttling_says_what_it_is_told(value: str | None) -> None:
    """Retry-After is sent as given, sensible or not."""
    answer = _broken("throttled", value=value).get("/info")
    assert (answer.status, answer.header("Retry-After")) == (429, value)


def test_html_pages_stand_for_answers() -> None:
    """A maintenance page comes with 200, a proxy's with 502."""
    page, error = (_broken(kind).get("/info") for kind in ("html_page", "html_error"))
    assert (page.status, error.status) == (200, 502)
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert error.header("Content-Type") == "text/html; charset=utf-8"


def test_html_errors_come_with_any_status() -> None:
    """A gateway whose appliance is starting says 502 or 503."""
    answer = _broken("html_error", value=503).get("/info")
    assert (answer.status, answer.header("Content-Type")) == (503, "text/html; charset=utf-8")
    assert b"503 Service Unavailable" in answer.body


def test_slow_answer_is_whole_and_says_how_late_it_comes() -> None:
    """The value is how many seconds it takes."""
    answer = _broken("slow", value=2.5).get("/info")
    assert (answer.status, answer.delay_seconds) == (200, 2.5)
    assert _broken("slow").get("/info").delay_seconds == 5.0


def test_pairings_can_vanish_one_by_one() -> None:
    """Row faults on the list of pairings match the pairing's id."""
    asker = an_asker(sites=("madrid", "berlin", "paris"))
    gone, kept = (row["pairing_id"] for row in asker.read("/pairings")["list"])
    asker.break_by("row_vanishes", operation="getVrPairings", match=gone)
    assert [row["pairing_id"] for row in asker.read("/pairings")["list"]] == [kept]


def test_redirects_lead_away() -> None:
    """Each redirecting status has its kind."""
    statuses = {
        kind: _broken(kind, value="https://x.example/").get("/info")
        for kind in ("redirect", "redirect_for_good", "redirect_same_method")
    }
    assert [answer.status for answer in statuses.values()] == [302, 301, 307]
    assert statuses["redirect"].header("Location") == "https://x.example/"


def test_expired_session_strikes_in_the_middle_of_paging() -> None:
    """The session is really gone: a new login is needed, and it heals."""
    asker = an_asker(replications=12)
    asker.break_by("session_expired", operation="getAllReplications", skip=1, times=1)
    path = asker.replications
    assert [asker.get(f"{path}?limit=5&offset={n}").status for n in (0, 5, 10)] == [200, 401, 401]
    asker.log_in()
    assert asker.get(f"{path}?limit=5&offset=5").status == 200


def test_site_down_refuses_everything() -> None:
    """Nothing is answered and nothing counted."""
    asker = _broken("site_down", for_seconds=60)
    before = asker.api.counters.total
    assert asker.get("/info").delivery is Delivery.REFUSED
    assert asker.api.counters.total == before
    asker.clock.advance(60)
    assert asker.get("/info").status == 200


def test_site_that_is_down_in_the_world_refuses_too() -> None:
    """The world and the faults both can take a site away."""
    asker = an_asker()
    asker.world.set_down("madrid", True)
    assert asker.get("/info").delivery is Delivery.REFUSED


# an answer on its way out


@pytest.mark.parametrize(
    ("kind", "delivery"),
    [
        ("hang", Delivery.HANG),
        ("hang_after_head", Delivery.HANG_AFTER_HEAD),
        ("drip", Delivery.DRIP),
        ("cut", Delivery.CUT),
        ("reset", Delivery.RESET),
        ("dropped", Delivery.DROPPED),
    ],
)
def test_wire_faults_are_left_to_the_server(kind: str, delivery: Delivery) -> None:
    """The answer only says how it is to be delivered."""
    assert _broken(kind).get("/info").delivery is delivery


def test_truncated_answer_is_no_json() -> None:
    """Half of the body comes as if it were all."""
    with pytest.raises(json.JSONDecodeError):
        body_of(_broken("truncated").get("/info"))


def test_gzip_comes_unasked() -> None:
    """The body is packed and says so."""
    answer = _broken("gzip").get("/info")
    assert answer.header("Content-Encoding") == "gzip"
    assert json.loads(gzip.decompress(answer.body))["name"]


def test_gzip_bomb_is_small_on_the_wire() -> None:
    """Some kilobytes unpack to the mebibytes of its value."""
    answer = _broken("gzip_bomb", value=4).get("/info")
    assert len(answer.body) < 100_000
    assert len(gzip.decompress(answer.body)) == 4 * 2**20


def test_too_large_answers_have_the_size_of_their_value() -> None:
    """With a length, or in chunks without one."""
    whole = _broken("too_large", value=2).get("/info")
    chunked = _broken("too_large_chunked", value=2).get("/info")
    assert min(len(whole.body), len(chunked.body)) > 2 * 2**20
    assert (whole.chunked, chunked.chunked) == (False, True)


def test_deep_nesting_is_as_deep_as_its_value() -> None:
    """The brackets are balanced."""
    body = _broken("deep_nesting", value=500).get(an_asker().replications).body
    assert body.count(b"[") == body.count(b"]") == 500


def test_type_and_date_can_be_wrong() -> None:
    """The headers lie, the body is good."""
    typed = _broken("wrong_type").get("/info")
    assert (typed.header("Content-Type"), body_of(typed)["server_status"]) == ("text/plain", "OK")
    skewed = _broken("clock_skew", value=-120).get("/info")
    assert skewed.header("Date") == "Thu, 09 Oct 2025 08:51:20 GMT"


def test_sync_that_errs_runs_all_the_same() -> None:
    """The answer is a 500, and the task is in the list."""
    asker = _broken("sync_error")
    before = len(asker.read("/tasks")["list"])
    assert asker.post(f"{asker.replication()}/actions/sync").status == 500
    assert len(asker.read("/tasks")["list"]) == before + 1


def test_lost_sync_runs_all_the_same() -> None:
    """No answer comes, and the task is in the list."""
    asker = _broken("sync_lost")
    before = len(asker.read("/tasks")["list"])
    assert asker.post(f"{asker.replication()}/actions/sync").delivery is Delivery.DROPPED
    assert len(asker.read("/tasks")["list"]) == before + 1


def test_answer_of_a_sync_can_be_odd() -> None:
    """202 without an id, or with a task of something else."""
    asker = _broken("sync_without_id")
    assert "id" not in body_of(asker.post(f"{asker.replication()}/actions/sync"))
    other = _broken("sync_other_entity")
    answer = body_of(other.post(f"{other.replication()}/actions/sync"))
    assert answer["entity_name"] == "elsewhere"


# lists


def test_empty_list_claims_to_be_whole() -> None:
    """No rows, total 0."""
    page = _broken("empty_list").read(an_asker(replications=12).replications)
    assert (page["list"], page["_meta"]["total"]) == ([], 0)


def test_duplicate_row_stands_on_both_sides_of_a_page_end() -> None:
    """One id comes twice, all others once."""
    asker = _broken("duplicate_rows")
    ids = _pages(asker, 5)
    assert ids[4] == ids[5]
    asker.api.faults.clear()
    assert [*ids[:5], *ids[6:]] == [row["id"] for row in asker.rows()]


def test_shifting_pages_lose_a_row() -> None:
    """A row moves to a page that was read already."""
    asker = _broken("shifting_pages")
    assert len(set(_pages(asker, 5))) < 12


def test_total_can_be_wrong() -> None:
    """The total is off by the value, the rows are all there."""
    page = _broken("wrong_total", value=-3).read(an_asker(replications=12).replications)
    assert (len(page["list"]), page["_meta"]["total"]) == (12, 9)


def test_list_can_be_far_too_long() -> None:
    """A hundred thousand rows with ids of their own, page by page."""
    asker = _broken("many_rows")
    page = asker.read(f"{asker.replications}?limit=1000&offset=99000&sort_by=id")
    assert page["_meta"]["total"] == 100_000
    assert len({row["id"] for row in page["list"]}) == 1000


def test_next_can_lead_astray() -> None:
    """To another host, or in a circle."""
    astray = _broken("next_elsewhere")
    links = astray.read(f"{astray.replications}?limit=5")["_meta"]["links"]
    assert links["next"]["href"].startswith("https://elsewhere.example/api/")
    loop = _broken("next_loops")
    links = loop.read(f"{loop.replications}?limit=5&offset=5")["_meta"]["links"]
    assert links["next"] == links["self"]


@pytest.mark.parametrize(
    ("kind", "type_of_list"),
    [("no_list", type(None)), ("null_list", type(None)), ("object_for_list", dict)],
)
def test_shape_of_a_list_can_be_wrong(kind: str, type_of_list: type) -> None:
    """`list` is missing, null or an object."""
    assert isinstance(_broken(kind).read("/tasks").get("list"), type_of_list)


def test_bare_list_stands_for_the_object() -> None:
    """The document is a list."""
    assert isinstance(_broken("bare_list").read("/tasks"), list)


# rows


def test_every_wild_name_comes_through_as_json() -> None:
    """Names with anything in them are escaped, lone surrogates included."""
    for name in WILD_NAMES:
        asker = _broken("wild_names", value=name)
        answer = asker.get(asker.replications)
        assert answer.body.isascii()
        assert {row["name"] for row in body_of(answer)["list"]} == {name}


def test_wild_names_differ_from_row_to_row() -> None:
    """Without a value each row has its own."""
    names = {row["name"] for row in _broken("wild_names").rows()}
    assert len(names) > 4
    assert names <= set(WILD_NAMES)


@pytest.mark.parametrize(
    ("kind", "token"),
    [
        ("nan_numbers", b'"rpo":NaN'),
        ("infinite_numbers", b'"rpo":1e999'),
        ("huge_numbers", b"9" * 5000),
    ],
)
def test_numbers_that_json_lacks(kind: str, token: bytes) -> None:
    """They stand in the body as they are."""
    asker = _broken(kind)
    assert token in asker.get(asker.replications).body


def test_numbers_in_quotes() -> None:
    """Integers become strings, nested ones too."""
    row = _broken("numbers_as_strings").rows()[0]
    assert row["rpo"].isdigit()
    assert isinstance(row["last_sync_time"], str)
    assert row["encryption_enabled"] in (True, False)


@pytest.mark.parametrize(
    ("kind", "is_odd"),
    [
        ("times_in_seconds", lambda ms: ms < 10**10),
        ("times_zero", lambda ms: ms == 0),
        ("times_negative", lambda ms: ms < 0),
        ("times_far_future", lambda ms: ms > 10**15),
    ],
)
def test_times_can_be_odd(kind: str, is_odd: Any) -> None:
    """Every time of a row is struck."""
    assert all(is_odd(row["last_sync_time"]) for row in _broken(kind).rows())


def test_values_can_be_impossible() -> None:
    """Sizes below 0, progress 140, more moved than there is."""
    row = _broken("negative_sizes").rows("?extended_info=true")[0]
    assert (row["last_sync_size"], row["last_sync_duration"]) == (-1, -5)
    progress = _broken("impossible_progress").rows("?extended_info=true")[0]["sync_progress"]
    assert progress["progress"] == 140
    assert progress["transferred_current"] > progress["transferred_total"]


def test_fields_can_be_null_or_unknown() -> None:
    """Null in all fields but ids and names, or in one; members that no document has."""
    row = _broken("null_fields").rows()[0]
    assert {key for key, value in row.items() if value is not None} == {"id", "name", "vm_id"}
    assert _broken("null_fields", value="rpo").rows()[0]["rpo"] is None
    assert "added_later" in _broken("unknown_fields").rows()[0]


def test_long_string_is_as_long_as_its_value() -> None:
    """Megabytes in one name."""
    asker = _broken("long_string", value=1, match=an_asker(replications=12).rows()[0]["name"])
    assert max(len(row["name"]) for row in asker.rows()) == 1_000_000


def test_vanished_row_is_gone_from_list_and_alone() -> None:
    """A replication, or a task, leaves the list and answers 404."""
    asker = an_asker(replications=12)
    path, name = asker.replication(2), asker.rows()[2]["name"]
    asker.break_by("row_vanishes", match=name)
    assert name not in [row["name"] for row in asker.rows()]
    assert asker.get(path).status == 404
    asker.break_by("task_vanishes")
    task_id = body_of(asker.post(f"{asker.replication()}/actions/sync"))["id"]
    assert asker.read("/tasks")["list"] == []
    assert asker.get(f"/tasks/{task_id}").status == 404


def test_task_faults_break_tasks_alone() -> None:
    """A reused id, contradictions, no end, an unknown state."""
    asker = an_asker(replications=12)
    first, second = (
        body_of(asker.post(f"{asker.replication(number)}/actions/sync")) for number in (0, 1)
    )
    asker.clock.advance(1)
    asker.break_by("task_id_reused")
    rows = asker.read("/tasks")["list"]
    assert [(row["id"], row["entity"]) for row in rows] == [(first["id"], second["entity"])]
    asker.api.faults.clear()
    asker.break_by("task_contradicts")
    row = asker.read("/tasks")["list"][0]
    assert row["status"] == "SUCCESS"
    assert row["error"]
    assert row["complete_time"] < row["start_time"]
    asker.break_by("task_never_ends")
    assert asker.read("/tasks")["list"][0]["complete_time"] is None
    asker.break_by("task_unknown_status", value="SLEEPING")
    assert asker.read("/tasks")["list"][0]["status"] == "SLEEPING"
