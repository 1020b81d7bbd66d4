"""How cycle, page and memory grow with the replications, and what `serve` needs in the end."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.fetch import fetch_seconds
from benchmarks.line import Goal, Line, exponent
from benchmarks.served import await_polls, serving
from benchmarks.side import Side, peak_megabytes

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000)
_SLOPE = Goal(1.15, 1.05, is_most=True)
_SERVED = {10_000: Goal(200, 130, is_most=True), 20_000: Goal(float("inf"), 220, is_most=True)}
_PORT = 18_440
_POLLS = 3


def measure(rounds: int) -> Iterator[Line]:
    """Measure all sizes in turns, then let `serve` poll three times beside scrapes."""
    cycles, pages, peaks = _grown(rounds)
    for case, unit, grown in (
        ("cycle time", "ms", cycles),
        ("page time", "ms", pages),
        ("memory", "MB", peaks),
    ):
        yield Line(
            case=f"growth of {case}, exponent",
            size="1-20k",
            unit=unit,
            ours=grown[-1],
            base=grown[0],
            judged=exponent(SIZES, grown),
            peak_megabytes=peaks[-1],
            goal=_SLOPE,
            note="base: at 1,000",
        )
    for place, (replications, goal) in enumerate(_SERVED.items()):
        peak = _served_megabytes(replications, port=_PORT + place)
        yield Line(
            case="memory of serve, VmHWM",
            size=str(replications),
            unit="MB",
            ours=peak,
            judged=peak,
            peak_megabytes=peak,
            goal=goal,
        )


def _grown(rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Medians in milliseconds by size, and megabytes."""
    with ExitStack() as sides:
        fleets = [sides.enter_context(Side("fleet", size)) for size in SIZES]
        wheres = [fleet.go("where") for fleet in fleets]
        ours = [sides.enter_context(Side("exporter", w["urls"]["madrid"])) for w in wheres]
        for side, where in zip(ours, wheres, strict=True):
            side.go("cycle", where["now"])
        cycles: list[list[float]] = [[] for _ in SIZES]
        pages: list[list[float]] = [[] for _ in SIZES]
        for _ in range(rounds):
            for place, (fleet, side) in enumerate(zip(fleets, ours, strict=True)):
                done = side.go("cycle", fleet.go("tick")["now"])
                cycles[place].append(1e3 * done["seconds"])
                pages[place].append(1e3 * done["page_seconds"])
        peaks = [side.peak_megabytes() for side in ours]
    return list(map(statistics.median, cycles)), list(map(statistics.median, pages)), peaks


def _served_megabytes(replications: int, *, port: int) -> float:
    with tempfile.TemporaryDirectory() as folder, Side("fleet", replications) as fleet:
        urls = fleet.go("where")["urls"]
        with serving(Path(folder), urls, port=port, poll_interval="15s") as ours:
            for polls in range(1, _POLLS + 1):
                await_polls(port, polls)
                fetch_seconds(f"http://127.0.0.1:{port}", encoding="gzip")
                fleet.go("tick")
            return peak_megabytes(ours.pid)
