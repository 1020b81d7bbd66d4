"""What the head of a request decides before its body is read."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import bcrypt
import pytest

from tests.desks import TOKEN, FakeDesk, some_sources
from tests.raw_http import RawClient, a_client, basic
from vr_exporter.web.limits import Limits
from vr_exporter.web.message import Request, Response
from vr_exporter.web.routes import Routes
from vr_exporter.web.webfile import WebFile

PATH = "/api/v1/sites/madrid/replications/db-01/sync"
BEARER = f"Bearer {TOKEN}".encode().decode("latin-1")
GOOD = {"host": "vr:10843", "authorization": BEARER, "content-type": "application/json"}


def routes_of(desk: FakeDesk) -> Routes:
    """Routes whose desk is a fake."""
    return Routes(some_sources(desk))


def refused(desk: FakeDesk, *, is_local: bool = False, **changes: str | None) -> Response | None:
    """The refusal of a good wish whose headers are changed; None takes one away."""
    fields = {**GOOD, **{name.replace("_", "-"): value for name, value in changes.items()}}
    headers = {name: value for name, value in fields.items() if value is not None}
    request = Request("POST", PATH, headers=headers, peer="192.0.2.1", is_local=is_local)
    routes = routes_of(desk)
    refusal = routes.refusal(request)
    if refusal is not None:
        assert routes(request) == refusal
        assert not desk.wishes
        assert not desk.turned_away
    return refusal


def status(desk: FakeDesk | None = None, **changes: Any) -> int:
    """The status of that refusal, 0 for none."""
    refusal = refused(desk or FakeDesk(), **changes)
    return refusal.status if refusal else 0


def raw(path: str = PATH, *, body: bytes = b"{}", **fields: str) -> bytes:
    """A POST as bytes."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *lines])
    return head.encode("latin-1") + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def client_of(desk: FakeDesk, **options: Any) -> RawClient:
    """A connection to routes with a gate."""
    routes = routes_of(desk)
    return a_client(routes, gate=routes, **options)


def test_good_head_passes() -> None:
    """Nothing is refused that is asked as it has to be."""
    assert refused(FakeDesk()) is None
    assert refused(FakeDesk(), authorization=f"bearer  {BEARER[7:]} ") is None


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {BEARER[7:-1]}",
        f"Bearer {BEARER[7:]}x",
        f"Basic {BEARER[7:]}",
        f"{BEARER}, {BEARER}",
        BEARER[7:],
        basic("api", TOKEN),
        "Bearer \u00ff\u00fe",
        "Bearer \u20ac",
    ],
)
def test_C2_nobody_acts_without_the_token(authorization: str | None) -> None:
    """401 with a challenge, and the desk hears nothing of it."""
    refusal = refused(FakeDesk(), authorization=authorization)
    assert refusal is not None
    assert refusal.status == 401
    challenge = dict(refusal.headers)["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="vr-exporter"')
    assert ("invalid_token" in challenge) == (authorization is not None)


@pytest.mark.parametrize("token", [None, ""])
def test_C2_without_a_token_in_the_settings_nothing_acts_over_tcp(token: str | None) -> None:
    """No credential opens what has none, not even an empty one; the socket acts all the same."""
    for authorization in (None, "Bearer ", BEARER):
        assert status(FakeDesk(token=token), authorization=authorization) == 403
    assert status(FakeDesk(token=token), authorization=None, is_local=True) == 0


def test_C2_socket_of_the_state_folder_asks_for_no_token() -> None:
    """Only this user reaches it; all other rules hold there too."""
    assert status(authorization=None, is_local=True) == 0
    assert status(authorization=None, is_local=True, content_type=None) == 415
    assert status(authorization=None, is_local=True, sec_fetch_site="cross-site") == 403


def test_C2_refusal_comes_before_the_body() -> None:
    """A client that sends a head alone has its 401; passing over the body keeps the connection."""
    desk = FakeDesk()
    with client_of(desk) as client:
        whole = raw(body=b"x" * 60_000)
        head, body = whole[:-60_000], whole[-60_000:]
        assert client.ask(head).status == 401
        client.send(body)
        answer = client.ask(raw(authorization="Bearer wrong"))
        assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")
        assert client.ask(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
    assert not desk.wishes
    assert not desk.turned_away


def test_C2_refused_client_that_sends_no_body_is_not_waited_for() -> None:
    """The connection ends soon after the answer, without a second one."""
    with client_of(FakeDesk(), limits=Limits(linger_seconds=0.1)) as client:
        assert client.ask(raw()[:-2]).status == 401
        assert client.is_closed()


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 9\r\nExpect: 100-continue\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 9\r\nConnection: close\r\n",
    ],
)
def test_C2_where_the_next_request_could_be_mistaken_the_connection_ends(fields: bytes) -> None:
    """A body that may or may not come, and one of unknown length, are not passed over."""
    with client_of(FakeDesk(), limits=Limits(linger_seconds=0.1)) as client:
        answer = client.ask(
            b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n"
        )
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        assert client.is_closed()


def test_C8_announced_body_over_64_kB_is_refused_unread() -> None:
    """Too large is said by the length alone."""
    fields = {"Authorization": BEARER, "Content_Type": "application/json"}
    with client_of(FakeDesk()) as client:
        whole = raw(body=b" " * (64 * 1024 + 1), **fields)
        assert client.ask(whole[: whole.index(b"\r\n\r\n") + 4]).status == 413


def test_C5_digests_are_compared_whatever_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one comparison runs in constant time, over digests of equal length."""
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def spy(given: bytes, expected: bytes) -> bool:
        compared.append((len(given), len(expected)))
        return compare(given, expected)

    monkeypatch.setattr("vr_exporter.web.gate.hmac.compare_digest", spy)
    for authorization in (None, "", "Basic x", "Bearer x", "Bearer " + "y" * 3000, BEARER):
        compared.clear()
        status(authorization=authorization)
        assert set(compared) == {(32, 32)}
    compared.clear()
    assert status(FakeDesk(token=None)) == 403
    assert set(compared) == {(32, 32)}


@pytest.mark.parametrize(
    ("origin", "expected"),
    [("http://vr:10843", 0), ("https://evil.example", 403), ("null", 403), ("http://vr", 403)],
)
def test_C16_origin_has_to_name_the_host(origin: str, expected: int) -> None:
    """A name that was rebound to us is no origin of ours, token or not."""
    assert status(origin=origin) == expected


def test_C16_the_name_of_the_host_is_the_same_in_capitals() -> None:
    """Browsers write an origin in lower case, whatever was typed."""
    assert status(host="VR:10843", origin="http://vr:10843") == 0


@pytest.mark.parametrize("token", ["Xopen sesameX", "0"])
def test_C2_a_token_is_taken_as_it_stands(token: str) -> None:
    """Blanks around it alone do not count."""
    for given, wanted in ((f"Bearer {token}", 0), (f"Bearer  {token}  ", 0), ("Bearer pen", 401)):
        assert status(FakeDesk(token=token), authorization=given) == wanted


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=utf-8", " application/json\t ;charset=utf-8"],
)
def test_C17_json_is_taken(content_type: str) -> None:
    """The media type counts, not its parameters or capitals."""
    assert status(content_type=content_type) == 0


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/json+x",
        "Xapplication/jsonX",
        "text/plain; application/json",
    ],
)
def test_C17_what_a_form_can_send_is_refused(content_type: str | None) -> None:
    """A page of another site can send none but these without asking first."""
    assert status(content_type=content_type) == 415


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_C17_cross_site_is_refused_before_the_token_is_looked_at(site: str) -> None:
    """403 whatever credential comes with it."""
    assert status(sec_fetch_site=site) == 403
    assert status(sec_fetch_site=site, authorization=None) == 403


def test_C17_no_answer_lets_another_site_in() -> None:
    """There are no CORS headers and no cookies, and OPTIONS is no method of ours."""
    routes = routes_of(FakeDesk())
    request = Request("OPTIONS", PATH, headers={"host": "vr", "origin": "http://evil.example"})
    assert routes(request).status == 405
    for answer in (routes(request), routes(Request("POST", PATH, headers=GOOD))):
        names = {name.lower() for name, _ in answer.headers}
        assert not [name for name in names if name.startswith("access-control")]
        assert "set-cookie" not in names


@pytest.mark.parametrize("key", ["a", "A-z.0:9_", "k" * 128])
def test_C19_key_of_the_grammar_is_taken(key: str) -> None:
    """Up to 128 plain characters."""
    assert status(idempotency_key=key) == 0


@pytest.mark.parametrize("key", ["", "k" * 129, "a b", "a, b", '"a"', "é", "a/b", "a\tb"])
def test_C19_other_key_is_refused(key: str) -> None:
    """400, two fields in one included."""
    assert status(idempotency_key=key) == 400


def test_nothing_is_taken_while_stopping() -> None:
    """503 with a time to come back, but only for those who may act."""
    refusal = refused(FakeDesk(is_stopping=True))
    assert refusal is not None
    assert (refusal.status, dict(refusal.headers)["Retry-After"]) == (503, "5")
    assert status(FakeDesk(is_stopping=True), authorization="Bearer wrong") == 401


def test_what_there_is_not_is_refused_by_head_too() -> None:
    """404 and 405 wait for no body."""
    with client_of(FakeDesk()) as client:
        assert client.ask(raw("/nowhere")[:-2]).status == 404
        assert client.ask(b"{}" + raw("/metrics")[:-2]).status == 405


@pytest.fixture
def web_file(tmp_path: Path) -> WebFile:
    """A web file with one user."""
    hashed = bcrypt.hashpw(b"open", bcrypt.gensalt(4)).decode()
    path = tmp_path / "web.yml"
    path.write_text(f"basic_auth_users: {{ann: '{hashed}'}}")
    return WebFile(path)


def test_token_stands_in_place_of_the_login_of_the_web_file(web_file: WebFile) -> None:
    """One Authorization field carries one credential: the token acts and reads, a login reads."""
    kind = "application/json"
    get = b"GET /api/v1/sites HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n"
    with client_of(FakeDesk(), web_file=web_file) as client:
        assert client.ask(raw(Authorization=BEARER, Content_Type=kind)).status == 202
        assert client.ask(raw(Authorization=basic("ann", "open"), Content_Type=kind)).status == 401
        assert client.ask(get % BEARER.encode("latin-1")).status == 200
        assert client.ask(get % basic("ann", "open").encode()).status == 200
        assert client.ask(get % b"Bearer wrong").status == 401
