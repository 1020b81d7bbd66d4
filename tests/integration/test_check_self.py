from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command_line import ROOT, run, settings_file
from tests.simulated import ManualClock
from vr_exporter.cli.local import socket_in
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.web.message import Request, Response
from vr_exporter.web.server import Server


@contextmanager
def an_exporter(
    *, is_healthy: bool = True, unix_socket: Path | None = None
) -> Iterator[tuple[Server, list[str]]]:
    """The exporter's own server with a health of our choice, and the paths that it was asked."""
    asked: list[str] = []

    def handle(request: Request) -> Response:
        asked.append(request.path)
        line = b"healthy: 2 sites watched\n" if is_healthy else b"no heartbeat of madrid\n"
        return Response(200 if is_healthy else 503, (), (line,))

    server = Server(
        handle, clock=ManualClock().clock(), listen=("127.0.0.1:0",), unix_socket=unix_socket
    )
    server.start()
    try:
        yield server, asked
    finally:
        server.stop(0.5)


def address_of(server: Server) -> str:
    """Where it listens, as `--web.listen-address` has it."""
    return server.urls[0].removeprefix("http://")


@pytest.fixture
def free_address() -> Iterator[str]:
    """An address at which nobody answers."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{closed.getsockname()[1]}"


def test_a_healthy_exporter_is_exit_code_0() -> None:
    """Its own line is shown, and nothing but its health was asked."""
    with an_exporter() as (server, asked):
        ended = run("check", "--self", "--web.listen-address", address_of(server))
    assert (ended.code, ended.out) == (0, "healthy: 2 sites watched\n")
    assert asked == ["/-/healthy"]


def test_an_unhealthy_exporter_is_exit_code_5_with_the_reason() -> None:
    """A container's health check fails, and its log says why."""
    with an_exporter(is_healthy=False) as (server, _):
        ended = run("check", "--self", VR_WEB_LISTEN_ADDRESS=address_of(server))
    assert (ended.code, ended.out) == (5, "no heartbeat of madrid\n")


def test_the_socket_answers_where_the_address_does_not(short_path: Path, free_address: str) -> None:
    """An exporter that listens elsewhere, or asks for client certificates, is still found."""
    path = socket_in(short_path / "state")
    path.parent.mkdir(parents=True)
    file = settings_file(short_path, {"madrid": {"url": "https://vr.madrid.example"}})
    with an_exporter(unix_socket=path):
        ended = run("check", "--self", "--web.listen-address", free_address, "--config.file", file)
    assert (ended.code, ended.out) == (0, "healthy: 2 sites watched\n")


def test_no_exporter_is_exit_code_5(tmp_path: Path, free_address: str) -> None:
    """Where nobody answers, the address that was asked is named."""
    file = settings_file(tmp_path, {"madrid": {"url": "https://vr.madrid.example"}})
    ended = run("check", "--self", "--web.listen-address", free_address, "--config.file", file)
    assert (ended.code, ended.out) == (5, f"no exporter answers at {free_address}\n")


def test_the_health_check_needs_no_settings(free_address: str) -> None:
    """A container without settings is unhealthy, not misused."""
    assert run("check", "--self", "--web.listen-address", free_address).code == 5


def test_the_socket_is_where_the_holder_of_the_state_puts_it(tmp_path: Path) -> None:
    """Server and client agree on the place; looking for it makes no folder."""
    place = socket_in(tmp_path / "state")
    assert not place.parent.exists()
    assert StateFolder(tmp_path / "state").socket == place


def test_the_health_check_imports_neither_settings_nor_client() -> None:
    """It runs every 30 s beside the exporter, so it has to be cheap."""
    with an_exporter() as (server, _):
        ended = run(
            "check",
            "--self",
            "--web.listen-address",
            address_of(server),
            PYTHONPROFILEIMPORTTIME="1",
            PYTHONPATH=str(ROOT),
        )
    assert ended.code == 0
    assert "vr_exporter.cli.check.alive" in ended.err
    for heavy in ("pydantic", "httpx", "rich", "ssl", "cryptography", "yaml"):
        assert f" {heavy}\n" not in ended.err
