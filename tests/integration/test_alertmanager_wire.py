"""The client of an Alertmanager on real sockets: TLS, credentials, deadlines, odd answers."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.ports import free_port
from tests.wire_server import Connection, Serve, WireServer, a_real_clock, a_server
from vr_exporter.alerting import alertmanager
from vr_exporter.alerting.alertmanager import Alertmanager, Member, NotAsked, bearer
from vr_exporter.alerting.silences import UnknownForm
from vr_exporter.appliance.certificates import fingerprint

BODY = b'[{"labels": {"alertname": "x"}}]'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that no system knows."""
    return trustme.CA()


@contextmanager
def talking_to(
    server: WireServer, *, scheme: str = "http", shows: str = "", **known: Any
) -> Iterator[Alertmanager]:
    """A client of this server."""
    member = Member("am", f"{scheme}://127.0.0.1:{server.port}/prefix/", **known)
    client = Alertmanager(member, authorize=lambda: shows, clock=a_real_clock())
    try:
        yield client
    finally:
        client.close()


@contextmanager
def a_tls_server(authority: trustme.CA, serve: Serve) -> Iterator[tuple[WireServer, str]]:
    """A server with a certificate of this authority, and the certificate's fingerprint."""
    certificate = authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    with a_server(serve, context) as server:
        yield server, fingerprint(der)


def take(connection: Connection) -> None:
    """Take every post of a connection."""
    while connection.post()[0]:
        connection.answer(b"")


def test_a_post_is_json_with_the_credential_under_the_members_path() -> None:
    """Nothing of the environment gets into it."""
    heads: list[tuple[bytes, bytes]] = []

    def keep(connection: Connection) -> None:
        heads.append(connection.post())
        connection.answer(b"", "Date: Mon, 21 Sep 2026 14:13:20 GMT")

    with a_server(keep) as server, talking_to(server, shows=bearer("t0ken")) as client:
        answer = client.post(BODY)
    head, body = heads[0]
    assert (answer.status, body) == (200, BODY)
    assert head.startswith(b"POST /prefix/api/v2/alerts HTTP/1.1\r\n")
    assert b"content-type: application/json\r\n" in head.lower()
    assert b"authorization: bearer t0ken" in head.lower()
    assert answer.was_shown == "Bearer t0ken"
    assert answer.skew_seconds is not None
    assert "t0ken" not in answer.text


def test_connections_are_kept_and_a_closed_one_is_opened_again_in_silence() -> None:
    """Sending again is always safe."""

    def once(connection: Connection) -> None:
        connection.post()
        connection.answer(b"")

    with a_server(take) as server, talking_to(server) as client:
        assert [client.post(BODY).status for _ in range(3)] == [200, 200, 200]
        assert server.connections == 1
    with a_server(once) as server, talking_to(server) as client:
        assert [client.post(BODY).status for _ in range(3)] == [200, 200, 200]
        assert server.connections == 3


def test_tls_is_verified_by_the_authority_of_the_settings(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """Without it the post is not sent."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    with a_tls_server(authority, take) as (server, _):
        with talking_to(server, scheme="https", ca_file=path) as client:
            assert client.post(BODY).status == 200
        with talking_to(server, scheme="https") as client:
            answer = client.post(BODY)
        with talking_to(server, scheme="https", ca_file=tmp_path / "gone") as client:
            gone = client.post(BODY)
    assert (answer.status, "certificate" in answer.text) == (0, True)
    assert (gone.status, "tls.ca_file" in gone.text) == (0, True)


def test_tls_may_be_pinned_or_not_verified(authority: trustme.CA) -> None:
    """The pin takes one certificate, whoever signed it, and no other."""
    with a_tls_server(authority, take) as (server, pin):
        with talking_to(server, scheme="https", fingerprint_sha256=pin) as client:
            assert client.post(BODY).status == 200
        with talking_to(server, scheme="https", fingerprint_sha256="0" * 64) as client:
            assert client.post(BODY).status == 0
        with talking_to(server, scheme="https", insecure_skip_verify=True) as client:
            assert client.post(BODY).status == 200


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_C21_a_redirect_is_not_followed(status: str) -> None:
    """Neither the alerts nor the credential go to another place."""
    asked: list[bytes] = []

    def redirect(connection: Connection) -> None:
        while head := connection.post()[0]:
            asked.append(head)
            connection.answer(b"", f"Location: http://127.0.0.1:{server.port}/x", status=status)

    with a_server(redirect) as server, talking_to(server, shows=bearer("t")) as client:
        assert client.post(BODY).status == int(status[:3])
    assert len(asked) == 1


@pytest.mark.parametrize("host", ["[v1.a]", "xn--a.example"])
def test_C21_a_redirect_to_what_is_no_address_is_no_answer(host: str) -> None:
    """The sender is told of it as of any answer that cannot be used, and goes on."""

    def redirect(connection: Connection) -> None:
        connection.post()
        connection.answer(b"", f"Location: https://{host}/", status="302 Found")

    with a_server(redirect) as server, talking_to(server) as client:
        answer = client.post(BODY)
    assert (answer.status, bool(answer.text)) == (0, True)


def test_a_slow_answer_is_given_up_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then extends nothing."""
    monkeypatch.setattr(alertmanager, "WHOLE_SECONDS", 0.5)

    def drip(connection: Connection) -> None:
        connection.post()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        connection.drip(b"x" * 1000)

    def hang(connection: Connection) -> None:
        connection.post()
        connection.hang()

    for serve in (drip, hang):
        with a_server(serve) as server, talking_to(server) as client:
            answer = client.post(BODY)
            assert answer.status == 0
            assert 0.3 < answer.seconds < 8


def test_nobody_there_is_an_answer_too() -> None:
    """The sender backs off; nothing is raised."""
    member = Member("am", f"http://127.0.0.1:{free_port()}")
    client = Alertmanager(member, authorize=lambda: "", clock=a_real_clock())
    assert (client.post(BODY).status, bool(client.post(BODY).text)) == (0, True)
    with pytest.raises(NotAsked, match="am: "):
        client.silences()


def test_a_long_or_odd_answer_is_cut_and_shown_on_one_line() -> None:
    """Whatever a proxy writes into its page."""

    def long(connection: Connection) -> None:
        connection.post()
        connection.answer(b"bad\r\nalert\x00 " + b"x" * 1_000_000, status="400 Bad Request")

    def packed(connection: Connection) -> None:
        connection.post()
        connection.answer(b"...", "Content-Encoding: gzip")

    with a_server(long) as server, talking_to(server) as client:
        answer = client.post(BODY)
    assert (answer.status, answer.text.isprintable(), len(answer.text) < 1000) == (400, True, True)
    with a_server(packed) as server, talking_to(server) as client:
        assert client.post(BODY).status == 0


@pytest.mark.parametrize("content", [b"<html>", b'[{"status": {"state": "odd"}}]'])
def test_silences_of_a_form_that_we_do_not_know_are_refused(content: bytes) -> None:
    """Who asks takes the alert as silenced then."""

    def serve(connection: Connection) -> None:
        connection.post()
        connection.answer(content)

    with (
        a_server(serve) as server,
        talking_to(server) as client,
        pytest.raises(UnknownForm),
    ):
        client.silences()
