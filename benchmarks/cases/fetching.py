"""Fetching the page of an idle exporter, against prometheus_client's `start_http_server`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fetch import fetch_seconds
from benchmarks.line import Goal, Line, compared
from benchmarks.side import Side

REPLICATIONS = 10_000


def measure(rounds: int) -> Iterator[Line]:
    """Fetch in turns, plain and as gzip."""
    with tempfile.TemporaryDirectory() as folder, Side("fleet", REPLICATIONS) as fleet:
        page = Path(folder) / "page.txt"
        where = fleet.go("where")
        with Side("exporter", where["urls"]["madrid"]) as ours:
            ours.go("cycle", where["now"])
            ours.go("write", page)
            with Side("collector", page) as theirs:
                here, there = ours.go("serve")["url"], theirs.go("serve")["url"]
                for encoding in ("identity", "gzip"):
                    quick, slow, size = [], [], 0
                    for _ in range(rounds):
                        seconds, size = fetch_seconds(here, encoding=encoding)
                        quick.append(1e3 * seconds)
                        slow.append(1e3 * fetch_seconds(there, encoding=encoding)[0])
                    yield compared(
                        f"fetch the page, idle, {encoding}",
                        f"{size / 1e6:.1f}MB",
                        ours=quick,
                        base=slow,
                        goal=Goal(50, 100),
                        peak_megabytes=ours.peak_megabytes(),
                    )
