"""Scrapes of `serve` while its twenty sites poll and all replications change, and while none does.

The appliances let hours pass every few seconds, and the interval is shorter than the pace allows.
The idle peer is an exporter of the same sites whose interval is a day; both are scraped in turns.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fetch import fetch_seconds
from benchmarks.line import Goal, Line
from benchmarks.served import await_polls, serving
from benchmarks.side import Side, peak_megabytes

REPLICATIONS, SITES = 10_000, 20
_BUSY, _IDLE = 18_436, 18_437
_SCRAPES_A_ROUND = 300
_BETWEEN_TICKS_SECONDS = 5.0


def measure(rounds: int) -> Iterator[Line]:
    """Scrape both in turns; a tick of the appliances' world goes on all the while."""
    over = threading.Event()
    with (
        tempfile.TemporaryDirectory() as name,
        Side("fleet", REPLICATIONS, "--sites", SITES) as fleet,
    ):
        urls = fleet.go("where")["urls"]
        folder = Path(name)
        with (
            serving(folder / "idle", urls, port=_IDLE, poll_interval="1d"),
            serving(folder / "busy", urls, port=_BUSY, poll_interval="10s") as busy,
        ):
            await_polls(_IDLE, 1, sites=SITES)
            await_polls(_BUSY, 1, sites=SITES)
            ticking = threading.Thread(target=_tick, args=(fleet, over))
            ticking.start()
            try:
                beside, idle = _scrape(rounds)
            finally:
                over.set()
                ticking.join()
            peak = peak_megabytes(busy.pid)
    for case, share in (("median", 50), ("p99", 99)):
        ours, base = (statistics.quantiles(t, n=100)[share - 1] for t in (beside, idle))
        yield Line(
            case=f"scrape beside {SITES} polling sites, {case}",
            size=str(REPLICATIONS),
            unit="ms",
            ours=ours,
            base=base,
            judged=ours / base,
            peak_megabytes=peak,
            goal=Goal(10, 3, is_most=True) if share == 99 else None,
        )


def _scrape(rounds: int) -> tuple[list[float], list[float]]:
    beside: list[float] = []
    idle: list[float] = []
    for _ in range(rounds * _SCRAPES_A_ROUND):
        for port, times in ((_BUSY, beside), (_IDLE, idle)):
            seconds, _ = fetch_seconds(f"http://127.0.0.1:{port}", encoding="gzip")
            times.append(1e3 * seconds)
        threading.Event().wait(0.01)
    return beside, idle


def _tick(fleet: Side, over: threading.Event) -> None:
    while not over.wait(_BETWEEN_TICKS_SECONDS):
        fleet.go("tick")
