from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.builders import a_pairing
from tests.scripted import TOKEN, Answer, Reader, Script, a_page, breaks, reply
from vr_exporter.appliance.errors import ApplianceError, Refused, Stopping, Unreachable, Unreadable
from vr_exporter.domain.events import ClockRead, Requested, Retried

PAIRING = a_pairing()
LIST = f"/pairings/{PAIRING.id}/replications"
GOOD = reply(a_page([]))


def a_reader(*answers: Answer, **options: Any) -> tuple[Reader, Script]:
    """A reader whose /pairings answers so."""
    script = Script().on("GET", "/pairings", *answers)
    return Reader(script, **options), script


def failure_of(reader: Reader) -> ApplianceError:
    """What listing the pairings fails with."""
    with pytest.raises(ApplianceError) as caught:
        reader.appliance.pairings()
    return caught.value


def test_facts_come_from_info() -> None:
    """/info says who answers; the API version is the one that we logged in at."""
    info = {"version": "9.0.3", "build_number": "42", "vc_guid": "vc-1", "vc_name": "vc.example"}
    facts = Reader(Script().on("GET", "/info", reply(info))).appliance.facts()
    assert (facts.version, facts.build, facts.api) == ("9.0.3", "42", "v2")
    assert (facts.vc_id, facts.vc_name) == ("vc-1", "vc.example")


def test_replications_are_asked_for_with_extended_info_in_a_fixed_order() -> None:
    """The list is sorted by id, with the page size that the settings ask for."""
    script = Script().on("GET", LIST, reply(a_page([], limit=100)))
    reader = Reader(script, page_size=500)
    reader.appliance.replications(PAIRING, local_vc_id="vc-1")
    (request,) = script.asked("GET", "/replications")
    assert dict(request.url.params) == {
        "limit": "500",
        "offset": "0",
        "sort_by": "id",
        "extended_info": "true",
    }
    assert reader.appliance.page_limit == 100


def test_ids_are_escaped_in_paths() -> None:
    """Nothing in an id can reach another path."""
    script = Script()
    with pytest.raises(Refused):
        Reader(script).appliance.replications(a_pairing(id="a/../b?c"), local_vc_id="")
    assert b"/pairings/a%2F..%2Fb%3Fc/replications?" in script.requests[-1].url.raw_path


def test_every_request_is_told_with_its_endpoint_and_cost() -> None:
    """Logins and reads are told alike: endpoint, method, status, bytes."""
    reader, _ = a_reader(GOOD)
    reader.appliance.pairings()
    told = [(event.endpoint, event.method, event.code) for event in reader.told(Requested)]
    assert told == [("session", "POST", "200"), ("pairings", "GET", "200")]
    assert reader.told(Requested)[1].received_bytes > 0
    assert reader.appliance.requests_sent == 2


def test_A38_the_clock_of_the_appliance_is_read_from_its_answers() -> None:
    """The skew is the Date header, rounded down as it is, less the middle of the request."""
    dated = reply(a_page([]), headers={"date": "Thu, 09 Oct 2025 08:55:00 GMT"})
    reader, _ = a_reader(dated)
    reader.appliance.pairings()
    assert reader.told(ClockRead) == [ClockRead(1760000100.5 - 1760000000.0)]


def test_A2_a_refused_connection_is_tried_three_times_in_a_poll() -> None:
    """Two retries with growing jitter, then the poll has failed; the next one tries again."""
    reader, script = a_reader(breaks(httpx.ConnectError))
    assert failure_of(reader).reason == "connect"
    assert len(script.asked("GET", "/pairings")) == 3
    assert reader.clock.waits == [0.5, 1.0]
    assert reader.told(Retried) == [Retried("connect")] * 2
    failure_of(reader)
    assert len(script.asked("GET", "/pairings")) == 4


def test_A2_a_refused_connection_is_retried_at_the_login_too() -> None:
    """Where nothing was sent, even a login may be tried again."""
    script = Script().on("POST", "/session", breaks(httpx.ConnectError), reply({"session_id": "t"}))
    script.on("GET", "/pairings", GOOD)
    assert Reader(script).appliance.pairings() == ()


def test_a_login_that_may_have_worked_is_not_repeated() -> None:
    """A lost answer to a login could leak a session for every retry."""
    script = Script().on("POST", "/session", breaks(httpx.ReadTimeout))
    assert failure_of(Reader(script)).reason == "timeout"
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("error", "reason", "retry"),
    [
        (httpx.ConnectTimeout, "connect", "connect"),
        (httpx.ReadTimeout, "timeout", "timeout"),
        (httpx.ReadError, "reset", "connect"),
        (httpx.WriteError, "reset", "connect"),
    ],
)
def test_A9_A10_a_broken_answer_is_asked_for_again(
    error: type[httpx.HTTPError], reason: str, retry: Any
) -> None:
    """Timeouts and resets are named, and a read is repeated within the poll."""
    reader, _ = a_reader(breaks(error), GOOD)
    assert reader.appliance.pairings() == ()
    assert reader.told(Retried) == [Retried(retry)]
    broken, _ = a_reader(breaks(error))
    assert failure_of(broken).reason == reason


@pytest.mark.parametrize("status", [500, 502, 504])
def test_A32_a_server_error_is_retried_and_quotes_what_support_needs(status: int) -> None:
    """error_code and op_id stand in the text, the message escaped, on one line."""
    body = {"error_code": "com.x.Bad", "message": "line\none", "op_id": "0b3c"}
    reader, script = a_reader(reply(body, status=status))
    error = failure_of(reader)
    assert isinstance(error, Refused)
    assert (error.reason, error.status) == ("server_error", status)
    assert (error.code, error.op_id) == ("com.x.Bad", "0b3c")
    assert "error_code com.x.Bad" in str(error)
    assert r"line\none" in str(error)
    assert len(script.asked("GET", "/pairings")) == 3


def test_A32_a_server_error_without_a_proper_body_shows_its_beginning() -> None:
    """Status, type and the first 80 printable characters are all that is quoted."""
    page = b"<html>\n<body>" + b"x" * 200
    reader, _ = a_reader(reply(status=502, body=page, headers={"content-type": "text/html"}))
    assert str(failure_of(reader)).endswith("answered 502, text/html: <html> <body>" + "x" * 67)


def test_R7_retries_are_shared_by_the_requests_of_a_poll() -> None:
    """A poll has two retries in all, not for each request."""
    script = (
        Script().on("GET", "/pairings", reply(status=500)).on("GET", "/tasks", reply(status=500))
    )
    reader = Reader(script)
    failure_of(reader)
    with pytest.raises(Refused):
        reader.appliance.tasks()
    assert len(script.asked("GET", "/tasks")) == 1


def test_no_retry_goes_past_the_polls_deadline() -> None:
    """A wait that would end after the poll's time is not begun."""
    reader, script = a_reader(reply(status=500))
    reader.appliance.begin_poll(0.4)
    assert failure_of(reader).reason == "server_error"
    assert len(script.asked("GET", "/pairings")) == 1


def test_a_poll_whose_time_is_up_sends_nothing_more() -> None:
    """After the deadline requests fail as `deadline` without being sent."""
    reader, script = a_reader(GOOD)
    reader.appliance.begin_poll(10)
    reader.clock.advance(10)
    assert failure_of(reader).reason == "deadline"
    assert script.requests == []


def test_a_stop_ends_a_retry() -> None:
    """The wait before a retry ends with the program."""
    reader, _ = a_reader(breaks(httpx.ConnectError))
    reader.appliance.tasks()
    reader.clock.stop()
    with pytest.raises(Stopping):
        reader.appliance.pairings()


def test_A8_a_drip_ends_at_the_deadline_of_the_whole_answer() -> None:
    """However steadily bytes come, the answer must be whole within twenty seconds."""
    script = Script()
    reader = Reader(script)

    def drip() -> Iterator[bytes]:
        for _ in range(3600):
            reader.clock.advance(1)
            yield b" "

    script.on("GET", "/pairings", reply(chunks=drip))
    began = reader.clock.monotonic()
    assert failure_of(reader).reason == "deadline"
    assert reader.clock.monotonic() - began == 20
    assert len(script.asked("GET", "/pairings")) == 1


def test_no_answer_outlasts_its_poll() -> None:
    """Near its end a poll gives an answer only the time that is left."""
    script = Script()
    reader = Reader(script)

    def drip() -> Iterator[bytes]:
        while True:
            reader.clock.advance(1)
            yield b" "

    script.on("GET", "/pairings", reply(chunks=drip))
    reader.appliance.begin_poll(7)
    began = reader.clock.monotonic()
    assert failure_of(reader).reason == "deadline"
    assert reader.clock.monotonic() - began == 7


def test_A12_truncated_json_is_refused() -> None:
    """A page that breaks off in the middle is no page."""
    reader, _ = a_reader(reply(body=b'{"list": [{"pairing_id": "a'))
    assert failure_of(reader).reason == "not_json"


def test_A13_an_encoded_answer_is_refused_unread() -> None:
    """What was not asked for is not decoded: no byte of it is read."""
    reader, _ = a_reader(reply(chunks=_never, headers={"content-encoding": "gzip"}))
    assert failure_of(reader).reason == "encoding"


def test_A13_an_encoded_error_keeps_its_status() -> None:
    """A gzipped 503 page is still a 503."""
    reader, _ = a_reader(reply(status=503, chunks=_never, headers={"content-encoding": "gzip"}))
    reader.appliance.begin_poll(3)
    assert failure_of(reader).reason == "server_error"


def test_A14_a_body_beyond_the_cap_is_left() -> None:
    """Reading stops at 16 MiB, also where no length was declared."""
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 1024 * 1024

    reader, _ = a_reader(reply(chunks=endless))
    assert failure_of(reader).reason == "too_large"
    assert read == 17


def test_A14_a_declared_length_beyond_the_cap_is_not_begun() -> None:
    """A Content-Length over the cap is refused before the body."""
    reader, _ = a_reader(reply(chunks=_never, headers={"content-length": "16777217"}))
    assert failure_of(reader).reason == "too_large"


def test_A15_a_page_with_200_is_never_taken_for_data() -> None:
    """A maintenance page is named with status, type and its beginning, secrets hidden."""
    body = f"<html><h1>Maintenance</h1>\r\n{TOKEN}".encode()
    reader, _ = a_reader(reply(body=body, headers={"content-type": "text/html; charset=utf-8"}))
    error = failure_of(reader)
    assert isinstance(error, Unreadable)
    assert error.reason == "not_json"
    assert "200" in str(error)
    assert "text/html: <html><h1>Maintenance</h1> [hidden]" in str(error)


def test_A16_the_right_json_under_the_wrong_type_is_taken() -> None:
    """A wrong Content-Type surprises, and costs nothing."""
    reader, _ = a_reader(reply(a_page([]), headers={"content-type": "text/plain"}))
    assert reader.appliance.pairings() == ()
    assert reader.surprises() == {"type": 1}


@pytest.mark.parametrize("document", [[], 1, "x", {}, {"list": {}}, {"list": None}, {"items": []}])
def test_A17_another_shape_is_refused(document: Any) -> None:
    """A list must come as an object with `list` in it."""
    reader, _ = a_reader(reply(document))
    assert failure_of(reader).reason == "schema"


@pytest.mark.parametrize("where", ["list", "unknown", "row"])
def test_A18_deep_nesting_is_refused(where: str) -> None:
    """A hundred thousand levels are no JSON to us, wherever they stand."""
    deep = b"[" * 100_000 + b"]" * 100_000
    bodies = {
        "list": b'{"list": %s}' % deep,
        "unknown": b'{"list": [], "x": %s}' % deep,
        "row": b'{"list": [{"pairing_id": "a", "x": %s}]}' % deep,
    }
    reader, _ = a_reader(reply(body=bodies[where]))
    assert failure_of(reader).reason == "not_json"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_A21_a_redirect_is_never_followed(status: int) -> None:
    """Only the target's host is named, and nothing is sent there."""
    headers = {"location": "http://user:secret@evil.example:8080/path?token=x"}
    reader, script = a_reader(reply(status=status, headers=headers))
    error = failure_of(reader)
    assert error.reason == "redirect"
    assert "evil.example" in str(error)
    assert not {"secret", "8080", "token"} & set(str(error).replace(":", " ").split())
    assert {request.url.host for request in script.requests} == {"vr.madrid.example"}


def test_A26_a_403_names_the_privilege() -> None:
    """What the account lacks is said, for each endpoint its own."""
    script = Script().on("GET", "/tasks", reply(status=403)).on("GET", LIST, reply(status=403))
    reader = Reader(script)
    with pytest.raises(Refused) as caught:
        reader.appliance.tasks()
    assert (caught.value.reason, caught.value.privilege) == ("forbidden", "System.View")
    with pytest.raises(Refused, match=r"HmsReplication\.com\.vmware\.vcHms\.Replication\.View"):
        reader.appliance.replications(PAIRING, local_vc_id="")


def test_A27_a_missing_pairing_is_not_found() -> None:
    """A 404 keeps the session: only that list is gone."""
    script = Script()
    reader = Reader(script)
    with pytest.raises(Refused) as caught:
        reader.appliance.pairing_issues(PAIRING.id)
    assert caught.value.reason == "not_found"
    reader.appliance.tasks()
    assert len(script.asked("POST", "/session")) == 1


def test_an_unknown_refusal_counts_as_schema() -> None:
    """A status that nobody documents means that we do not speak the same language."""
    reader, _ = a_reader(reply(status=418))
    assert failure_of(reader).reason == "schema"


@pytest.mark.parametrize("refused", ["extended_info", "sort_by"])
@pytest.mark.parametrize("is_named", [True, False], ids=["named", "unnamed"])
def test_A33_an_unknown_parameter_is_left_away_from_then_on(
    refused: str,
    is_named: bool,  # noqa: FBT001 a test's parameter
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A 400 costs one look for what is not understood; it is remembered and logged once."""
    caplog.set_level(logging.WARNING)

    def old_version(request: httpx.Request) -> httpx.Response:
        said = {"message": f"unknown parameter {refused}" if is_named else "bad request"}
        is_bad = refused in request.url.params
        return reply(said, status=400)(request) if is_bad else GOOD(request)

    script = Script().on("GET", LIST, old_version)
    reader = Reader(script)
    for _ in range(3):
        assert reader.appliance.replications(PAIRING, local_vc_id="").is_complete
    asked = len(script.asked("GET", "/replications"))
    assert asked == (4 if is_named or refused == "extended_info" else 5)
    assert caplog.messages == ["query parameters are not understood and left away"]


def test_A33_a_new_version_is_asked_for_everything_again() -> None:
    """What an older version refused is tried again when /info says that it has changed."""
    bad = reply(status=400)
    script = Script().on("GET", LIST, bad, GOOD)
    script.on("GET", "/info", reply({"version": "8.7"}), reply({"version": "9.0"}))
    reader = Reader(script)
    reader.appliance.facts()
    reader.appliance.replications(PAIRING, local_vc_id="")
    reader.appliance.facts()
    reader.appliance.replications(PAIRING, local_vc_id="")
    has_it = ["extended_info" in r.url.params for r in script.asked("GET", "/replications")]
    assert has_it == [True, False, True]


def test_A33_a_page_size_that_is_refused_is_made_smaller() -> None:
    """Where not even the limit is understood, a hundred rows are asked for."""

    def picky(request: httpx.Request) -> httpx.Response:
        is_small = int(request.url.params["limit"]) <= 100
        return (GOOD if is_small else reply(status=400))(request)

    script = Script().on("GET", LIST, picky)
    Reader(script).appliance.replications(PAIRING, local_vc_id="")
    assert script.requests[-1].url.params["limit"] == "100"


def test_a_400_for_another_cause_is_looked_into_once() -> None:
    """When nothing that is left away helps, later polls do not search again."""
    script = Script().on("GET", LIST, reply(status=400))
    reader = Reader(script)
    for _ in range(2):
        with pytest.raises(Refused) as caught:
            reader.appliance.replications(PAIRING, local_vc_id="")
        assert caught.value.reason == "schema"
    assert len(script.requests) == 1 + 6 + 1


@pytest.mark.parametrize(
    ("code", "is_down"),
    [
        ("remote_server_down", True),
        ("com.vmware.vr.REMOTE_SERVER_DOWN", True),
        ("remoteServerDown", True),
        ("remote_not_authenticated", False),
        ("another", False),
        ("", False),
    ],
)
def test_A57_a_listing_tells_that_the_far_side_is_down(code: str, *, is_down: bool) -> None:
    """A want of a login over there is another matter: then a sync does work."""
    partial = a_page([], errors=[{"code": code, "field": "$.list[*].status"}])
    script = Script().on("GET", LIST, reply(partial))
    listing = Reader(script).appliance.replications(PAIRING, local_vc_id="")
    assert listing.is_far_side_down is is_down


def test_the_pace_holds_for_every_request_but_the_last() -> None:
    """The forty-first request within a minute waits; the logout does not."""
    script = Script()
    reader = Reader(script)
    reader.appliance.begin_poll(600)
    for _ in range(40):
        reader.appliance.tasks()
    assert sum(reader.clock.waits) == 60
    reader.appliance.close()
    assert sum(reader.clock.waits) == 60


def test_a_wait_for_the_pace_beyond_the_deadline_fails_at_once() -> None:
    """The poll's end is not waited for in vain."""
    reader = Reader(Script())
    for _ in range(39):
        reader.appliance.tasks()
    reader.appliance.begin_poll(30)
    with pytest.raises(Unreachable) as caught:
        reader.appliance.tasks()
    assert caught.value.reason == "deadline"
    assert reader.clock.waits == []


def _never() -> Iterator[bytes]:
    pytest.fail("the body was read")
    yield b""
