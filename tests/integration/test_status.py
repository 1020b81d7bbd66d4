from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    NOW,
    a_pairing_snapshot,
    a_replication,
    a_site_snapshot,
    a_snapshot,
    a_watched,
    some_progress,
)
from tests.command_line import PASSWORD, ROOT, USERNAME, Ended, a_world, run, served, settings_file
from tests.simulated import ManualClock
from vr_exporter.cli.local import socket_in
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.web import api
from vr_exporter.web.message import Request, Response
from vr_exporter.web.server import Server

REMOTE = {"username": USERNAME, "password": PASSWORD}


def table(ended: Ended) -> list[list[str]]:
    """The cells of a plain table, headings first."""
    return [[cell.strip() for cell in line.split("  ") if cell] for line in ended.lines]


def some_replications() -> Snapshot:
    """One that is met, one that is late and syncing."""
    late = a_watched(
        a_replication(id="GID-2", vm="web-\x1b[2J", progress=some_progress()), verdict=Verdict.LATE
    )
    return a_snapshot(a_site_snapshot(a_pairing_snapshot(a_watched(), late)))


@contextmanager
def an_exporter(
    snapshot: Snapshot, *, unix_socket: Path | None = None
) -> Iterator[tuple[str, list[Request]]]:
    """The API of an exporter that shows this snapshot: its URL, and what it was asked."""
    asked: list[Request] = []
    listings = {"/api/v1/sites": api.SITES, "/api/v1/replications": api.REPLICATIONS}

    def handle(request: Request) -> Response:
        asked.append(request)
        return listings[request.path].answer(snapshot, request, now=NOW)

    server = Server(
        handle, clock=ManualClock().clock(), listen=("127.0.0.1:0",), unix_socket=unix_socket
    )
    server.start()
    try:
        yield server.urls[0], asked
    finally:
        server.stop(0.5)


def test_alone_it_reads_the_appliances_once_and_says_so(tmp_path: Path) -> None:
    """Without an exporter the sites are asked, each with one login and one logout."""
    world = a_world(replications=20)
    with served(world) as madrid, served(world, site="berlin") as berlin:
        sites = {"madrid": {"url": madrid.url}, "berlin": {"url": berlin.url}}
        ended = run("status", "--config.file", settings_file(tmp_path, sites))
        counters = [each.api.counters for each in (madrid, berlin)]
    assert ended.code == 0, ended
    assert ended.err == "from the appliances, read once just now\n"
    headings, *rows = table(ended)
    assert headings[:4] == ["site", "state", "last poll", "replications"]
    assert [row[:2] for row in rows] == [["madrid", "up"], ["berlin", "up"]]
    assert [row[3] for row in rows] == ["20", "20"]
    assert [(each.logins, each.logouts) for each in counters] == [(1, 1), (1, 1)]
    assert [each.remote_logins for each in counters] == [1, 1]


def test_alone_every_replication_of_the_simulated_truth_is_listed(tmp_path: Path) -> None:
    """As JSON, with the members of the API."""
    world = a_world(replications=30)
    with served(world) as server:
        site = {"url": server.url, "remote": REMOTE}
        file = settings_file(tmp_path, {"madrid": site})
        ended = run("status", "--replications", "--output", "json", "--config.file", file)
    answer = json.loads(ended.out)
    assert ended.code == 0, ended
    assert answer["source"] == "the appliances, read once just now"
    view = world.view("madrid")
    names = {each.name for each in view.replications(view.pairings()[0]["pairing_id"])}
    assert {row["vm"] for row in answer["replications"]} == names
    assert {row["verdict"] for row in answer["replications"]} <= {"met", "late", "excused"}


def test_alone_a_site_that_cannot_be_read_is_exit_code_5(tmp_path: Path) -> None:
    """The others are shown all the same."""
    with served() as server:
        wrong = {"url": f"{server.url.replace('127.0.0.1', 'localhost')}", "password": "wrong-one"}
        right = {"url": server.url, "remote": REMOTE}
        sites: dict[str, dict[str, Any]] = {"berlin": wrong, "madrid": right}
        ended = run("status", "--config.file", settings_file(tmp_path, sites))
    assert ended.code == 5
    _, berlin, madrid = table(ended)
    assert (berlin[1], madrid[1]) == ("down", "up")
    assert "401" in berlin[-1]


def test_an_exporter_that_runs_here_is_asked_through_its_socket(short_path: Path) -> None:
    """The state folder tells where it is; no appliance is asked then."""
    path = socket_in(short_path / "state")
    path.parent.mkdir(parents=True)
    file = settings_file(short_path, {"madrid": {"url": "http://127.0.0.1:9"}})
    with an_exporter(some_replications(), unix_socket=path) as (_, asked):
        ended = run("status", "--config.file", file)
    assert ended.code == 0, ended
    assert ended.err == f"from the exporter that runs here ({path})\n"
    assert [request.path for request in asked] == ["/api/v1/sites", "/api/v1/replications"]
    assert all(request.is_local for request in asked)
    assert table(ended)[1][4:10] == ["1", "1", "0", "0", "0", "1"]


def test_a_server_is_asked_over_http_and_needs_no_settings() -> None:
    """From any machine, with the same table."""
    with an_exporter(some_replications()) as (url, asked):
        ended = run("status", "--server", url, "--replications")
    assert ended.code == 0, ended
    assert ended.err == f"from the exporter at {url}\n"
    assert [row[0] for row in table(ended)] == ["vm", "web-\\u001b[2J", "db-01"]
    assert not any("authorization" in request.headers for request in asked)


def test_filters_are_handed_to_the_exporter() -> None:
    """It sends only what was asked for."""
    with an_exporter(some_replications()) as (url, asked):
        ended = run("status", "--late", "--match", "web-*", "--site", "madrid", VR_SERVER=url)
    assert len(ended.lines) == 2
    assert asked[1].query == (("site", "madrid"), ("match", "web-*"), ("late", "true"))


def test_the_token_is_read_from_its_file_and_sent_as_a_bearer(tmp_path: Path) -> None:
    """It stands on no command line and in no output."""
    token = tmp_path / "token"
    token.write_text(f"{PASSWORD}\n", encoding="utf-8")
    with an_exporter(some_replications()) as (url, asked):
        ended = run("status", "--server", url, "--token-file", str(token))
    assert ended.code == 0, ended
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {PASSWORD}"}


def test_csv_has_one_row_for_each_replication() -> None:
    """With the columns that stay."""
    with an_exporter(some_replications()) as (url, _):
        ended = run("status", "--server", url, "--replications", "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert [(row["vm"], row["verdict"], row["progress.ratio"]) for row in rows] == [
        ("web-\\u001b[2J", "late", "0.5"),
        ("db-01", "met", ""),
    ]
    assert ended.err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("--server", "exporter:10843"), 2, "--server: not an address"),
        (("--server", "http://300.1.1.1"), 2, "--server: not an address"),
        (("--server", "http://xn--a.example"), 2, "--server: not an address"),
        (("--server", "http://a..b:1"), 2, "--server: not an address"),
        (("--server", "http://[::1]:1"), 5, "the exporter at http://[::1]:1: "),
        (("--server", "http://u:p@h"), 2, "--server: an address holds no credentials"),
        (("--server", "http://127.0.0.1:9"), 5, "the exporter at http://127.0.0.1:9: "),
        (
            ("--server", "http://127.0.0.1:9", "--token-file", "/no"),
            2,
            "--token-file: /no: no such",
        ),
    ],
)
def test_a_server_that_cannot_be_asked_is_named_in_one_line(
    arguments: Sequence[str], code: int, line: str
) -> None:
    """Usage is 2, silence is 5."""
    ended = run("status", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith(line)
    assert len(ended.err.splitlines()) == 1


def test_an_answer_of_another_server_is_named() -> None:
    """Something that is no exporter, or an older one, is not shown as an empty table."""
    with served() as server:
        ended = run("status", "--server", server.url)
    assert ended.code == 5
    assert "no JSON at /api/v1/sites (HTTP 404)" in ended.err


def test_the_exporters_own_words_are_shown_for_a_problem() -> None:
    """An unknown site is said with those that it knows."""
    with an_exporter(some_replications()) as (url, _):
        ended = run("status", "--server", url, "--site", "nowhere")
    assert ended.code == 5
    assert ended.err == f"the exporter at {url}: no such site (known: madrid)\n"


def test_a_terminal_gets_a_table_with_bars() -> None:
    """Colour and bars are for people; hostile names stay escaped."""
    with an_exporter(some_replications()) as (url, _):
        written = _on_a_terminal("status", "--server", url, "--replications")
    assert "━━━━━━" in written
    assert "web-\\u001b[2J" in written
    assert "\x1b[2J" not in written
    assert "\x1b[" in written


def _on_a_terminal(*arguments: str) -> str:
    """What a command writes to a terminal of 200 columns."""
    leader, follower = pty.openpty()
    environment: dict[str, Any] = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    with subprocess.Popen(
        [sys.executable, "-m", "vr_exporter", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(follower)
        written = b""
        try:
            while piece := os.read(leader, 65_536):
                written += piece
        except OSError:
            pass
        process.wait(60)
    os.close(leader)
    return written.decode()
