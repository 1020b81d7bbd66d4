"""The HTTP server over real sockets: addresses, the cap, TLS, the unix socket, the stop."""

from __future__ import annotations

import errno
import http.client
import logging
import os
import pwd
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest
import trustme

from tests.raw_http import RawClient, a_clock, basic, echo
from vr_exporter.web.limits import Limits
from vr_exporter.web.listeners import ListenError
from vr_exporter.web.message import Request, Response
from vr_exporter.web.server import Server
from vr_exporter.web.webfile import WebFile

GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server on a free port of loopback; stopped at the end."""
    started: list[Server] = []

    def start(handle: Callable[[Request], Response] = echo, **options: object) -> Server:
        chosen = {"listen": ("127.0.0.1:0",), "clock": a_clock(), **options}
        server = Server(handle, **chosen)  # type: ignore[arg-type]
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


def port_of(server: Server) -> int:
    """The port of the first address."""
    return int(server.urls[0].rpartition(":")[2])


def connect(server: Server) -> RawClient:
    """A plain connection to the first address."""
    return RawClient(socket.create_connection(("127.0.0.1", port_of(server))))


def has_soon(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes to hold; a busy machine is given a minute."""
    beat = threading.Event()
    return any(condition() or beat.wait(0.01) for _ in range(6000)) and condition()


def test_answers_on_every_address(serve: Serve) -> None:
    """Several addresses, each with its own port."""
    server = serve(listen=("127.0.0.1:0", "127.0.0.1:0"))
    assert len(set(server.urls)) == 2
    for url in server.urls:
        client = http.client.HTTPConnection("127.0.0.1", int(url.rpartition(":")[2]), timeout=60)
        client.request("GET", "/a")
        assert client.getresponse().read() == b"GET /a () "
        client.close()


def test_address_without_host_answers_over_ipv4_and_ipv6(serve: Serve) -> None:
    """`:PORT` listens on every address of the machine, and knows IPv4 peers by their own form."""

    def tell_peer(request: Request) -> Response:
        return Response(200, (), (request.peer.encode(),))

    server = serve(tell_peer, listen=(":0",))
    hosts = ("127.0.0.1", "::1") if socket.has_dualstack_ipv6() else ("127.0.0.1",)
    for host in hosts:
        with RawClient(socket.create_connection((host, port_of(server)))) as client:
            assert client.ask(GET).body == host.encode()


def test_B20_address_in_use_is_said_in_one_line(serve: Serve) -> None:
    """A port that is taken is named, and nothing is left listening."""
    taken = serve()
    with pytest.raises(ListenError) as caught:
        serve(listen=("127.0.0.1:0", f"127.0.0.1:{port_of(taken)}"))
    assert str(caught.value).startswith(f"127.0.0.1:{port_of(taken)}: the address is in use")


def test_unix_socket_is_for_its_owner_alone_and_asks_for_nothing(
    serve: Serve, tmp_path: Path
) -> None:
    """Mode 0600, no TLS, no login; a stale socket gives way, and a stop removes it."""
    path = tmp_path / "web.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    web_yml = tmp_path / "web.yml"
    hashed = bcrypt.hashpw(b"p", bcrypt.gensalt(4)).decode()
    web_yml.write_text(f"basic_auth_users: {{ann: '{hashed}'}}")

    def tell(request: Request) -> Response:
        return Response(200, (), (f"{request.is_local} {request.peer!r}".encode(),))

    server = serve(tell, unix_socket=path, web_file=WebFile(web_yml))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    names = {each.pw_uid: each.pw_name for each in pwd.getpwall()}
    user = names.get(os.getuid(), str(os.getuid()))
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(str(path))
    with RawClient(sock) as client:
        assert client.ask(GET).body == f"True {user!r}".encode()
    with connect(server) as client:
        assert client.ask(GET).status == 401
    server.stop()
    assert not path.exists()


def test_file_in_the_place_of_the_socket_is_left_alone(serve: Serve, tmp_path: Path) -> None:
    """What is no socket is not removed."""
    path = tmp_path / "web.sock"
    path.write_text("precious")
    with pytest.raises(ListenError, match="is no socket"):
        serve(unix_socket=path)
    assert path.read_text() == "precious"


def test_C7_when_full_the_one_longest_without_a_request_gives_way(serve: Serve) -> None:
    """A newcomer is served; the oldest silent connection is closed for it."""
    server = serve(limits=Limits(connections=3))
    first, second, third = connect(server), connect(server), connect(server)
    with first, second, third:
        assert has_soon(lambda: server.connections == 3)
        assert first.ask(GET).status == 200  # waits since now, so second has waited longest
        with connect(server) as newcomer:
            assert newcomer.ask(GET).status == 200
            assert second.is_closed()
            assert first.ask(GET).status == 200
            assert third.ask(GET).status == 200


def test_C7_request_that_is_being_answered_is_not_given_up(serve: Serve) -> None:
    """With every connection at work the newcomer is the one that is closed."""
    is_asked, may_end = threading.Event(), threading.Event()

    def slow(_request: Request) -> Response:
        is_asked.set()
        may_end.wait(60)
        return Response(200, (), (b"done",))

    server = serve(slow, limits=Limits(connections=1))
    with connect(server) as client:
        client.send(GET)
        assert is_asked.wait(60)
        with connect(server) as newcomer:
            assert newcomer.is_closed()
        may_end.set()
        assert client.answer().body == b"done"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab",
    ],
    ids=["takes-nothing", "gives-little"],
)
def test_C6_C7_when_full_of_slow_clients_the_slowest_gives_way(
    serve: Serve, request_: bytes
) -> None:
    """One that takes or gives for half a second is closed for a newcomer, not before."""
    ahead = [0.0]
    clock = replace(a_clock(), monotonic=lambda: time.perf_counter() + ahead[0])

    def answer(request: Request) -> Response:
        return Response(200, (), (b"x" * (20_000_000 if request.path == "/large" else 1),))

    server = serve(answer, clock=clock, limits=Limits(connections=1))
    with connect(server) as slow:
        slow.send(request_)
        assert has_soon(lambda: any(each.held_up_since for each in server._connections._open))
        (slowest,) = server._connections._open
        ahead[0] = -1.0  # as if no time had passed since
        with connect(server) as early:
            assert early.is_closed()
        assert slowest in server._connections._open
        ahead[0] = 0.6
        with connect(server) as newcomer:
            assert newcomer.ask(GET).status == 200
        assert has_soon(lambda: server.connections == 0)


def test_connections_are_forgotten_when_they_end(serve: Serve) -> None:
    """Nothing stays behind of a client that has gone."""
    server = serve()
    clients = [connect(server) for _ in range(20)]
    for client in clients:
        assert client.ask(GET).status == 200
    assert server.connections == 20
    for client in clients:
        client.socket.close()
    assert has_soon(lambda: server.connections == 0)


def test_stop_lets_a_running_answer_end_and_closes_the_idle(serve: Serve) -> None:
    """A stop cuts nobody short who is being answered."""
    is_asked, may_end = threading.Event(), threading.Event()

    def slow(_request: Request) -> Response:
        is_asked.set()
        may_end.wait(60)
        return Response(200, (), (b"done",))

    server = serve(slow)
    with connect(server) as busy, connect(server) as idle:
        busy.send(GET)
        assert is_asked.wait(60)
        stopping = threading.Thread(target=server.stop, args=(60,))
        stopping.start()
        assert idle.is_closed()
        may_end.set()
        assert busy.answer().headers["connection"] == "close"
        stopping.join(60)
        assert not stopping.is_alive()
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_stop_does_not_wait_for_a_client_that_takes_nothing(serve: Serve) -> None:
    """A stop ends after two seconds whatever clients do, not at the end of their deadlines."""
    limits = Limits(write_seconds=3600)
    server = serve(lambda _: Response(200, (), (b"x" * 50_000_000,)), limits=limits)
    with connect(server) as client:
        client.send(GET)
        client.socket.recv(1)
        begun = time.perf_counter()
        server.stop()
        assert time.perf_counter() - begun < 60
        assert has_soon(lambda: server.connections == 0)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The error numbers with which the next accepts fail, the last one first."""
    failures: list[int] = []
    accept = socket.socket.accept

    def accept_at_last(self: socket.socket) -> object:
        if failures:
            number = failures.pop()
            raise OSError(number, os.strerror(number))
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", accept_at_last)
    return failures


@pytest.mark.parametrize(
    "number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED]
)
def test_B14_an_accept_that_fails_pauses_accepting_and_recovers(
    serve: Serve, failing: list[int], caplog: pytest.LogCaptureFixture, number: int
) -> None:
    """A failing accept is logged once, waits instead of spinning, and goes on alone."""
    waits: list[float] = []
    clock = a_clock()

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return clock.wait(0.01)

    failing += [number] * 5
    with caplog.at_level(logging.WARNING):
        server = serve(clock=type(clock)(now=clock.now, monotonic=clock.monotonic, wait=wait))
        with connect(server) as client:
            assert client.ask(GET).status == 200
    assert waits == [0.1] * 5
    assert [record.getMessage() for record in caplog.records] == ["cannot accept connections"]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_B14_where_descriptors_run_out_the_longest_idle_one_gives_way(
    serve: Serve, failing: list[int], number: int
) -> None:
    """One is given back for each accept that failed; who is served goes on."""
    server = serve(limits=Limits(head_seconds=3600, idle_seconds=3600))
    with connect(server) as idle, connect(server) as client:
        assert has_soon(lambda: server.connections == 2)
        assert client.ask(GET).status == 200  # waits since now, so that idle has waited longest
        failing.append(number)
        with connect(server) as newcomer:
            assert newcomer.ask(GET).status == 200
            assert idle.is_closed()
            assert client.ask(GET).status == 200


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signed the certificates."""
    return trustme.CA()


@pytest.fixture
def web_file(tmp_path: Path, authority: trustme.CA) -> Callable[[str], WebFile]:
    """A web file with a certificate for localhost and further lines."""
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    def write(more: str = "") -> WebFile:
        path = tmp_path / "web.yml"
        path.write_text(f"tls_server_config: {{cert_file: cert.pem, key_file: key.pem{more}}}\n")
        return WebFile(path)

    return write


def secured(
    server: Server, authority: trustme.CA, certificate: trustme.LeafCert | None = None
) -> RawClient:
    """A TLS connection, with a client certificate where one is given."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if certificate:
        certificate.configure_cert(context)
    plain = socket.create_connection(("127.0.0.1", port_of(server)), timeout=60)
    with plain:  # its descriptor moves on to the secured socket
        return RawClient(context.wrap_socket(plain, server_hostname="localhost"))


def test_https_serves_large_and_small_chunks(
    serve: Serve, web_file: Callable[[str], WebFile], authority: trustme.CA
) -> None:
    """Under TLS the same bytes arrive, and the URL says https."""
    chunks = (b"head", b"x" * 3_000_000, *(b"ab" for _ in range(1000)), b"end")
    server = serve(lambda _: Response(200, (), chunks), web_file=web_file(""))
    assert server.urls[0].startswith("https://127.0.0.1:")
    with secured(server, authority) as client:
        assert client.ask(GET).body == b"".join(chunks)
        assert client.ask(GET).body == b"".join(chunks)


def test_C6_idle_tls_clients_do_not_hold_up_a_scrape(
    serve: Serve, web_file: Callable[[str], WebFile], authority: trustme.CA
) -> None:
    """A client that never begins its handshake is served by nobody else's time (F14)."""
    server = serve(web_file=web_file(""), limits=Limits(handshake_seconds=0.5))
    with ExitStack() as stack:
        silent = [stack.enter_context(connect(server)) for _ in range(20)]
        with secured(server, authority) as client:
            assert client.ask(GET).status == 200
        assert all(each.is_closed() for each in silent)


def test_client_certificate_is_demanded(
    serve: Serve, web_file: Callable[[str], WebFile], authority: trustme.CA
) -> None:
    """Only a certificate of the authority lets in."""
    more = ", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"
    server = serve(web_file=web_file(more))
    with secured(server, authority, authority.issue_cert("prometheus.example")) as client:
        assert client.ask(GET).status == 200
    for certificate in (None, trustme.CA().issue_cert("prometheus.example")):
        with (
            pytest.raises((ssl.SSLError, ConnectionError)),
            secured(server, authority, certificate) as client,
        ):
            client.ask(GET)


def test_a_request_tells_whether_its_client_showed_a_certificate(
    serve: Serve, web_file: Callable[[str], WebFile], authority: trustme.CA
) -> None:
    """Where one is taken and not demanded, it opens the webhook, and its absence does not."""

    def tell(request: Request) -> Response:
        return Response(200, (), (str(request.has_certificate).encode(),))

    more = ", client_ca_file: ca.pem, client_auth_type: VerifyClientCertIfGiven"
    server = serve(tell, web_file=web_file(more))
    shown = authority.issue_cert("alertmanager.example")
    for certificate, said in ((shown, b"True"), (None, b"False")):
        with secured(server, authority, certificate) as client:
            assert client.ask(GET).body == said
    plain = serve(tell)
    with connect(plain) as client:
        assert client.ask(GET).body == b"False"


def test_client_certificate_needs_one_of_the_names(
    serve: Serve, web_file: Callable[[str], WebFile], authority: trustme.CA
) -> None:
    """With client_allowed_sans a good certificate of another name is turned away."""
    more = (
        ", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert"
        ", client_allowed_sans: [prometheus.example]"
    )
    server = serve(web_file=web_file(more))
    with secured(server, authority, authority.issue_cert("prometheus.example")) as client:
        assert client.ask(GET).status == 200
    with (
        pytest.raises((ssl.SSLError, ConnectionError)),
        secured(server, authority, authority.issue_cert("other.example")) as client,
    ):
        client.ask(GET)


def test_old_tls_is_refused(
    serve: Serve, web_file: Callable[[str], WebFile], authority: trustme.CA
) -> None:
    """With min_version TLS13 a client of TLS 1.2 gets no connection."""
    server = serve(web_file=web_file(", min_version: TLS13"))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection(("127.0.0.1", port_of(server)), timeout=60) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_login_over_https(
    serve: Serve, web_file: Callable[[str], WebFile], authority: trustme.CA, tmp_path: Path
) -> None:
    """TLS and logins stand in one file, as Prometheus' own programs have it."""
    hashed = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
    web_file("")
    path = tmp_path / "web.yml"
    path.write_text(path.read_text() + f"basic_auth_users: {{ann: '{hashed}'}}\n")
    server = serve(web_file=WebFile(path))
    login = f"Authorization: {basic('ann', 'open sesame')}\r\n\r\n".encode()
    with secured(server, authority) as client:
        assert client.ask(GET).status == 401
        assert client.ask(GET[:-2] + login).status == 200
        assert client.ask(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n").status == 200
