"""A real Prometheus that scrapes `serve`, and node_exporter with the same samples in a textfile."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.fetch import await_answer, fetch_seconds
from benchmarks.line import Goal, Line, compared
from benchmarks.peers import environment, peer
from benchmarks.served import await_polls, page_of, serving
from benchmarks.side import Side, peak_megabytes
from tests.prometheus import Prometheus, prometheus
from tests.tools import tool

REPLICATIONS = 10_000
_INTERVAL_SECONDS = 8
_OURS, _THEIRS = 18_434, 18_435
_TEXTFILE = "page.prom"


def measure(rounds: int) -> Iterator[Line]:
    """Let both be scraped by one Prometheus while our poller runs."""
    with tempfile.TemporaryDirectory() as name, Side("fleet", REPLICATIONS) as fleet:
        folder = Path(name)
        urls = fleet.go("where")["urls"]
        (folder / "textfile").mkdir()
        with serving(folder / "ours", urls, port=_OURS) as ours:
            await_polls(_OURS, 1)
            text = page_of(_OURS)
            Path(folder, "textfile", _TEXTFILE).write_text(text, encoding="utf-8")
            with (
                _node_exporter(folder / "textfile") as theirs,
                prometheus(
                    tool("prometheus"),
                    folder,
                    {"ours": f"127.0.0.1:{_OURS}", "theirs": f"127.0.0.1:{_THEIRS}"},
                    interval=f"{_INTERVAL_SECONDS}s",
                ) as watching,
            ):
                quick, slow = _durations(watching, rounds)
                await_polls(_OURS, 2)
                peaks = peak_megabytes(ours.pid), peak_megabytes(theirs.pid)
    size = f"{sum(not line.startswith('#') for line in text.splitlines()) / 1000:.0f}k"
    yield compared(
        "scrape_duration_seconds of Prometheus",
        size,
        ours=quick,
        base=slow,
        goal=Goal(4, 6),
        peak_megabytes=peaks[0],
    )
    yield Line(
        case="scraped and polling, memory",
        size=size,
        unit="MB",
        ours=peaks[0],
        base=peaks[1],
        judged=peaks[0] / peaks[1],
        peak_megabytes=peaks[0],
        goal=Goal(1 / 3, 1 / 3, is_most=True),
    )


def _durations(watching: Prometheus, rounds: int) -> tuple[list[float], list[float]]:
    """The milliseconds of so many scrapes of each; the first, which makes the series, not."""
    seen: dict[str, dict[float, float]] = {"ours": {}, "theirs": {}}
    while min(map(len, seen.values())) <= rounds:
        time.sleep(_INTERVAL_SECONDS / 2)
        for job, found in seen.items():
            at = watching.query(f'timestamp(scrape_duration_seconds{{job="{job}"}})')
            up = watching.query(f'up{{job="{job}"}}')
            if at and sum(up.values()) == 1:
                took = watching.value(f'scrape_duration_seconds{{job="{job}"}}')
                found[next(iter(at.values()))] = 1e3 * took
    quick, slow = (list(found.values())[1 : rounds + 1] for found in seen.values())
    if statistics.median(slow) == 0:
        raise RuntimeError("Prometheus measured nothing")
    return quick, slow


@contextmanager
def _node_exporter(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = subprocess.Popen(
        [
            *(str(peer("prometheus-node-exporter")), "--collector.disable-defaults"),
            *("--collector.textfile", f"--collector.textfile.directory={folder}"),
            *("--web.disable-exporter-metrics", f"--web.listen-address=127.0.0.1:{_THEIRS}"),
            "--log.level=error",
        ],
        env=environment(),
    )
    try:
        await_answer(f"http://127.0.0.1:{_THEIRS}")
        size = fetch_seconds(f"http://127.0.0.1:{_THEIRS}")[1]
        if size < (folder / _TEXTFILE).stat().st_size / 2:
            raise RuntimeError(f"node_exporter shows {size} bytes, not the page")
        yield program
    finally:
        program.terminate()
        program.wait(timeout=10)
