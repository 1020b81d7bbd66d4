"""The status page of a watched world, on loopback: time is moved by hand, wishes are real."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.raw_http import a_clock
from tests.watched import Watched
from vr_exporter import __version__
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.page import Page
from vr_exporter.syncing.schedules import Schedule
from vr_exporter.syncing.targets import Directory, Wanted
from vr_exporter.web.acting import Acting
from vr_exporter.web.message import Response
from vr_exporter.web.routes import Routes, Sources
from vr_exporter.web.server import Server

TOKEN = "open-sésame"
SCHEDULES = (
    Schedule(
        "nightly databases",
        "0 2 * * *",
        "Europe/Madrid",
        Wanted(patterns=("db-*",), site="madrid"),
        max_age_seconds=4 * 3600.0,
    ),
    Schedule("before the backup", "30 */6 * * *", "UTC", Wanted(patterns=("app-*", "web-*"))),
)
EXPECTED = ("db-01", "payroll-01")


def a_lively_site(replications: int, *, minutes: int = 10, **world: Any) -> Watched:
    """Two sites of a busy world that were watched for some minutes until now."""
    site = Watched(
        sites=("madrid", "berlin"),
        start=time.time() - 60 * minutes,  # noqa: TID251 - a browser shows real time
        **{"replications": replications, "calm": False, "churn": True, "speed": 10.0, **world},
    )
    for _ in range(minutes):
        site.poll()
    return site


def sources_of(site: Watched, *, token: str | None = TOKEN) -> Sources:
    """What the exporter hands to its routes."""
    return Sources(
        snapshot=site.board.current,
        metrics_body=site.page.body,
        is_healthy=lambda: (True, "healthy"),
        now=site.time.now,
        version=__version__,
        acting=Acting(
            find=Directory(site.board.current).find,
            submit=site.desk.submit,
            preview=site.desk.preview,
            turn_away=site.desk.turn_away,
            trigger=site.ledger.trigger,
            triggers=site.ledger.triggers,
            audit=site.ledger.audit,
            acknowledge=site.ledger.acknowledge,
            token=lambda: token,
            is_stopping=lambda: False,
        ),
        schedules=lambda: SCHEDULES,
        expected_vms=lambda: EXPECTED,
    )


def sources_of_snapshot(snapshot: Callable[[], Snapshot], *, now: Callable[[], float]) -> Sources:
    """A snapshot to be looked at, where nothing acts."""
    return Sources(
        snapshot=snapshot,
        metrics_body=Page(own=OwnMetrics(), clock=a_clock()).body,
        is_healthy=lambda: (True, "healthy"),
        now=now,
        version=__version__,
    )


@contextmanager
def serving(sources: Sources) -> Iterator[str]:
    """Serve these sources on a free port of loopback; hands over the address."""
    routes = Routes(sources)
    clock = replace(a_clock(), now=sources.now)
    server = Server(routes, gate=routes, clock=clock, listen=("127.0.0.1:0",))
    with _started(server) as url:
        yield url


@contextmanager
def another_site() -> Iterator[str]:
    """A page of somebody else: to a browser `localhost` is another site than 127.0.0.1."""
    empty = Response(200, (("Content-Type", "text/html"),), (b"<title>evil</title>",))
    server = Server(lambda _: empty, clock=a_clock(), listen=("127.0.0.1:0",))
    with _started(server) as url:
        yield url.replace("127.0.0.1", "localhost")


@contextmanager
def _started(server: Server) -> Iterator[str]:
    server.start()
    try:
        yield server.urls[0]
    finally:
        server.stop()
