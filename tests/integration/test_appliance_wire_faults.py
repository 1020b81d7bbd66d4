from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.ports import free_port
from tests.wire_server import Caller, Connection, Serve, a_caller, a_server
from vr_exporter.appliance.errors import ApplianceError, Unreachable
from vr_exporter.appliance.transport import Ask, Limits
from vr_exporter.domain.events import Requested

SHORT = Limits(connect_seconds=60, read_seconds=1, response_seconds=60)
PATIENT_READS = Limits(connect_seconds=60, read_seconds=60, response_seconds=0.4)


@contextmanager
def talking_to(serve: Serve, limits: Limits | None = None) -> Iterator[Caller]:
    """A caller of a server that behaves so."""
    with a_server(serve) as server, a_caller(f"http://127.0.0.1:{server.port}", limits) as caller:
        yield caller


def reason_of(caller: Caller) -> str:
    """Why a request fails."""
    with pytest.raises(ApplianceError) as caught:
        caller.get()
    return caught.value.reason


def test_A1_a_name_that_does_not_resolve_is_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up afresh for every connection, and its failure is named."""
    asked: list[object] = []

    def nobody(*args: object, **_: object) -> None:
        asked.append(args[0])
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with a_caller("https://vr.madrid.example") as caller:
        for _ in range(2):
            with pytest.raises(
                Unreachable, match=r"^vr.madrid.example: the name does not resolve$"
            ):
                caller.get()
    assert asked == ["vr.madrid.example"] * 2


def test_A2_a_refused_connection_is_connect() -> None:
    """The operating system's words are kept."""
    port = free_port()
    with (
        a_caller(f"http://127.0.0.1:{port}") as caller,
        pytest.raises(Unreachable, match=f"127.0.0.1:{port}: Connection refused") as caught,
    ):
        caller.get()
    assert caught.value.reason == "connect"


def test_A3_a_black_hole_ends_at_the_connect_limit() -> None:
    """A handshake that nobody answers is given up by its own limit."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        place = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(place)
        limits = Limits(connect_seconds=0.3, read_seconds=60, response_seconds=60)
        with a_caller(f"http://127.0.0.1:{place[1]}", limits) as caller:
            assert reason_of(caller) == "connect"
            assert caller.told(Requested)[0].seconds < 30
        for filler in fillers:
            filler.close()


def test_a_name_with_several_addresses_is_tried_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first address refuses, the second is asked."""

    def serve(connection: Connection) -> None:
        connection.request()
        connection.answer()

    with a_server(serve) as server:
        found = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, server.port))
            for host in ("127.0.0.2", "127.0.0.1")
        ]
        real = socket.getaddrinfo

        def resolve(host: str, *rest: Any, **more: Any) -> Any:
            return found if host == "localhost" else real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with a_caller(f"http://localhost:{server.port}") as caller:
            assert caller.get() == b'{"list": []}'


@pytest.mark.parametrize("where", ["head", "body"])
def test_A8_a_drip_is_cut_at_the_deadline(where: str) -> None:
    """Bytes that keep coming do not keep an answer alive, neither in its head nor in its body."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"

    def serve(connection: Connection) -> None:
        connection.request()
        if where == "body":
            connection.send(head + b"\r\n")
        connection.drip(head + b"X-Slow: " + b"z" * 1000)

    with talking_to(serve, PATIENT_READS) as caller:
        assert reason_of(caller) == "deadline"
        assert 0.3 < caller.told(Requested)[0].seconds < 15


@pytest.mark.parametrize("where", ["before", "after"])
def test_A9_a_hang_is_a_timeout(where: str) -> None:
    """Silence before or after the head ends at the read limit."""

    def serve(connection: Connection) -> None:
        connection.request()
        if where == "after":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        connection.hang()

    with talking_to(serve, SHORT) as caller:
        assert reason_of(caller) == "timeout"
        assert caller.told(Requested)[0].code == ("200" if where == "after" else "error")


def test_A9_the_line_is_good_after_a_hang() -> None:
    """The next request opens a connection of its own."""

    def serve(connection: Connection) -> None:
        connection.request()
        if connection.number == 1:
            connection.hang()
        connection.answer()

    with talking_to(serve, SHORT) as caller:
        assert reason_of(caller) == "timeout"
        assert caller.get() == b'{"list": []}'


@pytest.mark.parametrize("how", ["reset", "short", "chunk", "nothing"])
def test_A10_an_answer_that_breaks_off_is_reset(how: str) -> None:
    """Torn down, shorter than declared, or never begun: nothing of it is used."""

    def serve(connection: Connection) -> None:
        connection.request()
        if how == "chunk":
            connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc")
        elif how != "nothing":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        if how == "reset":
            connection.reset()

    with talking_to(serve) as caller:
        assert reason_of(caller) == "reset"


def test_A11_a_kept_connection_that_was_closed_is_replaced_in_silence() -> None:
    """The server closed it just as we asked again: one new connection, one request told."""

    def serve(connection: Connection) -> None:
        connection.request()
        connection.answer()
        if connection.number == 1:
            connection.request()
            return
        connection.request()
        connection.answer()

    with talking_to(serve) as caller:
        for _ in range(3):
            assert caller.get() == b'{"list": []}'
        assert [event.code for event in caller.told(Requested)] == ["200"] * 3


def test_A11_nothing_but_a_read_is_repeated_in_silence() -> None:
    """A request that may act is not sent a second time unseen."""

    def serve(connection: Connection) -> None:
        connection.request()
        connection.answer()
        connection.request()

    with talking_to(serve) as caller:
        caller.get()
        with pytest.raises(Unreachable) as caught:
            caller.line.send(Ask("session", "/session", "POST"), seconds=60)
    assert caught.value.reason == "reset"


def test_A11_a_connection_is_kept_between_requests() -> None:
    """Ten requests need one connection."""

    def serve(connection: Connection) -> None:
        while connection.request():
            connection.answer()

    with a_server(serve) as server, a_caller(f"http://127.0.0.1:{server.port}") as caller:
        for _ in range(10):
            caller.get()
        assert server.connections == 1


def test_A13_a_bomb_is_not_even_read() -> None:
    """A gzip body that was not asked for costs no memory: its head is enough."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024), 9)

    def serve(connection: Connection) -> None:
        connection.request()
        connection.answer(bomb, "Content-Encoding: gzip")

    with talking_to(serve) as caller:
        tracemalloc.start()
        assert reason_of(caller) == "encoding"
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1024 * 1024
        assert caller.told(Requested)[0].received_bytes == 0


def test_A14_an_endless_chunked_body_is_left_at_the_cap() -> None:
    """Without a declared length reading stops at the cap all the same."""
    limits = Limits(60, 60, 60, body_bytes=100_000)

    def serve(connection: Connection) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.send(b"2000\r\n" + b" " * 0x2000 + b"\r\n")

    with talking_to(serve, limits) as caller:
        assert reason_of(caller) == "too_large"


def test_what_speaks_no_http_is_named() -> None:
    """Another protocol on the port is a schema of its own."""

    def serve(connection: Connection) -> None:
        connection.request()
        connection.send(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n")

    with talking_to(serve) as caller:
        assert reason_of(caller) == "schema"


def test_requests_say_who_asks_and_want_no_encoding() -> None:
    """JSON is accepted, identity is the encoding, and no cookie is ever sent back."""
    heads: list[bytes] = []

    def serve(connection: Connection) -> None:
        while head := connection.request():
            heads.append(head.lower())
            connection.answer(b"{}", "Set-Cookie: a=b")

    with talking_to(serve) as caller:
        caller.get()
        caller.get()
    for head in heads:
        assert b"accept: application/json\r\n" in head
        assert b"accept-encoding: identity\r\n" in head
        assert b"user-agent: vr-exporter/" in head
        assert b"cookie" not in head


def test_environment_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go to the appliance, whatever the environment says of proxies."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    def serve(connection: Connection) -> None:
        connection.request()
        connection.answer()

    with talking_to(serve) as caller:
        assert caller.get() == b'{"list": []}'


@pytest.mark.parametrize(
    "location",
    ["https:|//elsewhere", "https://[v1.a]/", "https://xn--a.example/", "https://elsewhere:port/"],
)
def test_A21_a_redirect_to_what_is_no_address_is_a_redirect(location: str) -> None:
    """Whatever the Location holds, it is never followed, and never a bug of ours."""

    def serve(connection: Connection) -> None:
        connection.request()
        connection.answer(b"", f"Location: {location}", status="302 Found")

    with talking_to(serve) as caller:
        assert reason_of(caller) == "redirect"


@pytest.mark.parametrize(
    "url", ["https://300.1.1.1", "https://m\u00fcnchen_.example", "https://xn--a.example"]
)
def test_A1_a_request_to_what_is_no_address_is_no_redirect(url: str) -> None:
    """Nobody was asked, so nobody redirects: the url is at fault, and nothing has left."""
    with a_caller(url) as caller, pytest.raises(Unreachable) as caught:
        caller.get()
    assert caught.value.reason == "connect"
    place = url.removeprefix("https://")
    said = f"{place}:443: not asked, no request can be sent to this url: "
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("extra", ["answer", "garbage"])
def test_A10_what_follows_an_answer_is_never_taken_for_the_next(extra: str) -> None:
    """A proxy that sends an answer twice would put all that is read after it out of step."""

    def serve(connection: Connection) -> None:
        connection.request()
        body = b'{"list": [%d]}' % connection.number
        once = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        connection.send(once + (once if extra == "answer" else b"\r\nmore"))
        connection.request()

    with talking_to(serve) as caller:
        found = [caller.get() for _ in range(3)]
    assert found == [b'{"list": [1]}', b'{"list": [2]}', b'{"list": [3]}']


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_A10_what_comes_while_nothing_is_asked_is_never_taken_for_an_answer(method: str) -> None:
    """The connection is given up for another: a login, too, has not been sent on it."""
    may_send, has_sent = threading.Event(), threading.Event()

    def serve(connection: Connection) -> None:
        connection.request()
        connection.answer(b'{"list": [%d]}' % connection.number)
        if connection.number == 1:
            may_send.wait(60)
            connection.answer(b'{"list": ["late"]}')
            has_sent.set()
        connection.request()

    with talking_to(serve) as caller:
        assert caller.get() == b'{"list": [1]}'
        may_send.set()
        assert has_sent.wait(60)
        ask = Ask("session", "/session", method)
        assert caller.line.send(ask, seconds=60).body == b'{"list": [2]}'


def test_A10_an_answer_that_was_there_before_a_login_fails_it() -> None:
    """A request that may act is not sent a second time: the next one has a fresh connection."""

    def serve(connection: Connection) -> None:
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" * 2)
        connection.request()

    with talking_to(serve) as caller:
        caller.get()
        with pytest.raises(ApplianceError) as caught:
            caller.line.send(Ask("session", "/session", "POST"), seconds=5)
        assert caught.value.reason == "schema"
        assert caller.get() == b"{}"
