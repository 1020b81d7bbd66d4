"""Our side: the exporter's own parts put together, polling when told instead of by its clock."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.settings import write_settings
from benchmarks.side import obey
from vr_exporter.app.accounts import credentials_reader
from vr_exporter.app.alarm import Alarm
from vr_exporter.app.garbage import look_seldom
from vr_exporter.app.rooms import Served
from vr_exporter.app.sites import worker_for
from vr_exporter.appliance.lockout import Lockout
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.metrics import fragment
from vr_exporter.metrics.deflate import deflate
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.metrics.page import Page
from vr_exporter.settings import Secrets, load
from vr_exporter.syncing.desk import Desk, Policy
from vr_exporter.watching.board import Board
from vr_exporter.watching.peers import Peers
from vr_exporter.web.routes import Routes, Sources
from vr_exporter.web.server import Server

_BETWEEN_POLLS_SECONDS = 120.0
"""More than a minute, so that the pace never holds a poll back: it is work that is measured."""


@dataclass(slots=True)
class _Time:
    """The appliance's wall clock; monotonic seconds that pass with the polls."""

    wall: float = 0.0
    polls: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def clock(self) -> Clock:
        return Clock(lambda: self.wall, self.monotonic, self.stop.wait)

    def monotonic(self) -> float:
        return time.monotonic() + self.polls * _BETWEEN_POLLS_SECONDS


class _Packing:
    """Times what of making a page is gzip."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._deflate = deflate

    def __enter__(self) -> Self:
        fragment.deflate = self._timed  # type: ignore[attr-defined] # where it is called
        return self

    def __exit__(self, *_: object) -> None:
        fragment.deflate = self._deflate  # type: ignore[attr-defined] # as it was

    def _timed(self, plain: bytes) -> bytes:
        began = time.perf_counter()
        packed = self._deflate(plain)
        self.seconds += time.perf_counter() - began
        return packed


class Exporter:
    """Everything between the appliance's bytes and ours."""

    def __init__(self, folder: Path, urls: Mapping[str, str]) -> None:
        self._time = _Time()
        clock = self._time.clock()
        settings = load(write_settings(folder, urls), environ={})
        ledger = Ledger(folder / "state.db", now=0.0)
        self._own = OwnMetrics(store=lambda: ledger.facts)
        self._page = Page(own=self._own, clock=clock)
        self._page_seconds = 0.0
        self._shown: list[Snapshot] = []
        self._seen: set[int] = set()
        self._board = Board(on_change=self._show)
        secrets = Secrets(learned=lambda _: None, failed=lambda: None)
        desk = Desk(
            ledger,
            snapshot=self._board.current,
            policy=Policy(),
            now=clock.now,
            nudge=lambda _: None,
        )
        served = Served(
            board=self._board,
            lockout=Lockout(folder),
            peers=Peers(lambda: ()),
            settings=lambda: settings,
            clock=clock,
            credentials_of=credentials_reader(secrets),
            ledger=ledger,
            own=self._own,
            desk=lambda: desk,
            policy=lambda: desk.policy,
        )
        for name in map(SiteName, urls):
            self._own.watch_site(name)
        self._workers = [
            worker_for(SiteName(name), settings, served, alarm=Alarm()) for name in urls
        ]

    def cycle(self, now: float) -> Mapping[str, Any]:
        """Poll each site once; how long all took, and the page alone, in seconds.

        `changed` is the share of replications that were not in the poll before as they are now.
        """
        self._time.wall = now
        self._time.polls += 1
        self._page_seconds = 0.0
        began, busy_before = time.perf_counter(), time.process_time()
        for worker in self._workers:
            worker.poll()
        took, busy = time.perf_counter() - began, time.process_time() - busy_before
        sites = self._board.current().sites.values()
        if not all(site.up for site in sites):
            raise RuntimeError("a poll failed: nothing to measure")
        seen = {
            hash(row.replication)
            for site in sites
            for paired in site.pairings
            for row in paired.replications
        }
        changed, self._seen = len(seen - self._seen) / len(seen), seen
        return {
            "seconds": took,
            "processor_seconds": busy,
            "page_seconds": self._page_seconds,
            "changed": changed,
        }

    def page(self) -> Mapping[str, Any]:
        """Make the page of the other of the last two polls, gzip included; in seconds."""
        self._shown.reverse()
        with _Packing() as packing:
            began = time.perf_counter()
            self._page.put(self._shown[-1])
            took = time.perf_counter() - began
        return {"seconds": took, "gzip_seconds": packing.seconds}

    def first_page(self) -> Mapping[str, Any]:
        """Make the page of a process that has nothing yet."""
        page = Page(own=self._own, clock=self._time.clock())
        began = time.perf_counter()
        page.put(self._shown[-1])
        return {"seconds": time.perf_counter() - began}

    def write(self, file: str) -> Mapping[str, Any]:
        """Write the page in the text format to a file."""
        body = self._page.body(openmetrics=False, gzip=False)
        with Path(file).open("wb") as out:
            out.writelines(body.chunks)
        samples = sum(chunk.count(b"\n") - chunk.count(b"\n# ") for chunk in body.chunks)
        return {"bytes": body.length, "samples": samples}

    def serve(self) -> Mapping[str, Any]:
        """Begin to answer; where."""
        sources = Sources(
            snapshot=self._board.current,
            metrics_body=self._page.body,
            is_healthy=lambda: (True, "healthy"),
            now=time.time,
            version="0",
        )
        routes = Routes(sources)
        clock = Clock(time.time, time.monotonic, threading.Event().wait)
        server = Server(routes, gate=routes, clock=clock, listen=("127.0.0.1:0",))
        server.start()
        return {"url": server.urls[0]}

    def _show(self, snapshot: Snapshot, site: SiteName | None) -> None:
        began = time.perf_counter()
        self._page.put(snapshot, changed=site)
        self._page_seconds += time.perf_counter() - began
        self._shown = [*self._shown[-1:], snapshot]


def main() -> None:
    """Work for a site at the given address until standard input closes."""
    look_seldom()
    with tempfile.TemporaryDirectory() as folder:
        exporter = Exporter(Path(folder), {"madrid": sys.argv[1]})
        obey(
            {
                "cycle": exporter.cycle,
                "page": exporter.page,
                "first_page": exporter.first_page,
                "write": exporter.write,
                "serve": exporter.serve,
            }
        )


if __name__ == "__main__":
    main()
