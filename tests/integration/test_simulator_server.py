from __future__ import annotations

import gzip
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.asking import Asker, an_asker
from vr_exporter.simulator.certificates import Tls, self_signed
from vr_exporter.simulator.server import SimServer, serve
from vr_exporter.simulator.truth import TruthServer

Serve = Callable[..., SimServer]


@pytest.fixture
def asker() -> Asker:
    """An appliance with a few replications."""
    return an_asker(replications=20).log_in_remotely()


@pytest.fixture
def served(asker: Asker) -> Iterator[Serve]:
    """Put the appliance on a free loopback port."""
    servers: list[SimServer] = []

    def start(tls: Tls | None = None) -> SimServer:
        servers.append(serve(asker.api, tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def tls(tmp_path: Path, asker: Asker) -> Tls:
    """A certificate that is valid for years from the injected clock on."""
    return self_signed(tmp_path, now=asker.clock.now())


def _client(server: SimServer, asker: Asker, **options: Any) -> httpx.Client:
    base = f"{server.url}/api/rest/vr/v2"
    headers = {"x-dr-session": asker.token or ""}
    return httpx.Client(base_url=base, headers=headers, timeout=60, trust_env=False, **options)


def test_one_connection_serves_many_requests(asker: Asker, served: Serve) -> None:
    """Keep-alive holds over good answers, refusals and empty bodies."""
    with _client(served(), asker) as client:
        statuses = [
            client.get("/info").status_code,
            client.get("/tasks/unknown").status_code,
            client.delete("/session").status_code,
            client.get("/info").status_code,
        ]
        assert statuses == [200, 404, 204, 401]
        assert len(client._transport._pool.connections) == 1  # type: ignore[attr-defined] # httpx keeps its pool to itself


def test_links_lead_back_to_the_server(asker: Asker, served: Serve) -> None:
    """Absolute links name the address that was asked."""
    with _client(served(), asker) as client:
        page = client.get(f"{asker.replications}?limit=15").json()
        following = client.get(page["_meta"]["links"]["next"]["href"]).json()
    assert len(following["list"]) == 5


def test_many_clients_at_once(asker: Asker, served: Serve) -> None:
    """Each connection has a thread."""
    server = served()

    def read(_: int) -> int:
        with _client(server, asker) as client:
            return len(client.get(asker.replications).json()["list"])

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(read, range(64))) == {20}


def test_tls_is_trusted_by_the_printed_certificate(asker: Asker, served: Serve, tls: Tls) -> None:
    """The self-signed certificate serves as the authority file of a client."""
    server = served(tls)
    assert server.url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=str(server.certificate_pem_path))
    with _client(server, asker, verify=context) as client:
        assert client.get("/info").status_code == 200
        assert client.get("/pairings").json()["_meta"]["links"]["self"]["href"].startswith("https:")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("certificate_expired", "expired"),
        ("certificate_not_yet_valid", "not yet valid"),
        ("certificate_other_host", "verify failed"),
    ],
)
def test_certificate_faults_fail_the_handshake(
    asker: Asker, served: Serve, tls: Tls, kind: str, told: str
) -> None:
    """A client that verifies refuses, and a fault that ends lets it in again."""
    server = served(tls)
    asker.break_by(kind)
    pem = _certificate_of(server) if kind != "certificate_other_host" else None
    context = ssl.create_default_context(cadata=pem) if pem else ssl.create_default_context()
    with (
        _client(server, asker, verify=context) as client,
        pytest.raises(httpx.ConnectError, match=told),
    ):
        client.get("/info")
    asker.api.faults.clear()
    right = ssl.create_default_context(cafile=str(tls.cert_file))
    with _client(server, asker, verify=right) as client:
        assert client.get("/info").status_code == 200


def _certificate_of(server: SimServer) -> str:
    return ssl.get_server_certificate(("127.0.0.1", server.port))


def test_hanging_handshake_times_out(asker: Asker, served: Serve, tls: Tls) -> None:
    """The connection opens and nothing follows."""
    server = served(tls)
    asker.break_by("handshake_hangs")
    with _client(server, asker, verify=False) as client, pytest.raises(httpx.ConnectTimeout):
        client.get("/info", timeout=0.3)


@pytest.mark.parametrize(
    "broken",
    [
        ("hang", httpx.ReadTimeout),
        ("hang_after_head", httpx.ReadTimeout),
        ("drip", httpx.ReadTimeout),
        ("cut", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("dropped", httpx.RemoteProtocolError),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_wire_faults_break_the_answer(
    asker: Asker, served: Serve, tls: Tls, broken: tuple[str, type[Exception]], scheme: str
) -> None:
    """A real client sees what the fault says, and the next request works."""
    kind, error = broken
    server = served(tls if scheme == "https" else None)
    asker.break_by(kind, times=1)
    patience = httpx.Timeout(60, read=0.3 if error is httpx.ReadTimeout else 60)
    errors = (error, httpx.ReadError, httpx.RemoteProtocolError) if scheme == "https" else error
    with _client(server, asker, verify=False) as client:
        with pytest.raises(errors):
            client.get("/info", timeout=patience)
        assert client.get("/info").status_code == 200


def test_slow_answer_arrives_whole_and_late(asker: Asker, served: Serve) -> None:
    """An impatient client gives up, a patient one gets everything."""
    asker.break_by("slow", value=0.4)
    with _client(served(), asker) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get("/info", timeout=httpx.Timeout(60, read=0.1))
        answer = client.get("/info")
        assert answer.elapsed.total_seconds() >= 0.4
        assert answer.json()["server_status"] == "OK"


def test_bodies_of_odd_coding_arrive_as_made(asker: Asker, served: Serve) -> None:
    """Chunks without a length, and gzip that nobody asked for."""
    with _client(served(), asker) as client:
        asker.break_by("too_large_chunked", value=1, times=1)
        chunked = client.get("/info")
        assert chunked.headers["transfer-encoding"] == "chunked"
        assert len(chunked.content) > 2**20
        asker.break_by("gzip", times=1)
        with client.stream("GET", "/info") as packed:
            raw = b"".join(packed.iter_raw())
        assert json.loads(gzip.decompress(raw))["server_status"] == "OK"


def test_site_down_refuses_connections_until_it_ends(asker: Asker, served: Serve) -> None:
    """The socket is closed meanwhile, open connections are cut, and the port comes back."""
    server = served()
    with _client(server, asker) as client:
        assert client.get("/info").status_code == 200
        asker.break_by("site_down")
        with pytest.raises(httpx.TransportError):
            client.get("/info")
        assert _eventually(lambda: not _accepts(server.port))
        asker.api.faults.clear()
        assert _eventually(lambda: _accepts(server.port))
        assert client.get("/info").status_code == 200


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _eventually(is_so: Callable[[], bool]) -> bool:
    return any(is_so() or Event().wait(0.05) for _ in range(100))


def test_close_ends_at_once_with_clients_hanging(asker: Asker) -> None:
    """Stopping does not wait for anybody."""
    server = serve(asker.api)
    asker.break_by("hang")
    with socket.create_connection(("127.0.0.1", server.port)) as hanging:
        hanging.sendall(b"GET /api/rest/vr/v2/info HTTP/1.1\r\nHost: x\r\n\r\n")
        server.close()
        hanging.settimeout(2)
        assert hanging.recv(10) == b""
    server.close()


def test_truth_is_the_world_as_json(asker: Asker) -> None:
    """Whoever checks an exporter reads there what is so."""
    server = TruthServer(asker.world)
    try:
        assert urlsplit(server.url).hostname == "127.0.0.1"
        with httpx.Client(trust_env=False) as client:
            assert client.get(server.url).json() == json.loads(json.dumps(asker.world.truth()))
    finally:
        server.close()
