"""Making the page, every replication changed, against `generate_latest` of the same samples."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.line import Goal, Line, compared
from benchmarks.side import Side

REPLICATIONS = 10_000
_POLLS = 3


def measure(rounds: int) -> Iterator[Line]:
    """Compare like with like: ours without its gzip with theirs, then both with gzip."""
    with tempfile.TemporaryDirectory() as folder, Side("fleet", REPLICATIONS) as fleet:
        page = Path(folder) / "page.txt"
        where = fleet.go("where")
        with Side("exporter", where["urls"]["madrid"]) as ours:
            ours.go("cycle", where["now"])
            for _ in range(_POLLS):
                ours.go("cycle", fleet.go("tick")["now"])
            samples = ours.go("write", page)["samples"]
            with Side("collector", page) as theirs:
                made, first, base = [], [], []
                for _ in range(rounds):
                    made.append(ours.go("page"))
                    first.append(ours.go("first_page")["seconds"] * 1e3)
                    base.append(theirs.go("page"))
            size = f"{samples / 1000:.0f}k"
            peak = ours.peak_megabytes()
    plain = [1e3 * each["seconds"] for each in base]
    packed = [1e3 * (each["seconds"] + each["gzip_seconds"]) for each in base]
    whole = [1e3 * each["seconds"] for each in made]
    render = [1e3 * (each["seconds"] - each["gzip_seconds"]) for each in made]
    yield compared(
        "make the page", size, ours=render, base=plain, goal=Goal(15, 25), peak_megabytes=peak
    )
    yield compared("make the page, gzip both", size, ours=whole, base=packed, goal=Goal(15, 25))
    yield compared("make the page, gzip ours alone", size, ours=whole, base=plain, goal=None)
    yield compared("make the first page, gzip ours alone", size, ours=first, base=plain, goal=None)
