"""A whole cycle, from the appliance's bytes to a packed page, against a hand-made loop."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.line import Goal, Line, compared
from benchmarks.side import Side

REPLICATIONS = 10_000
_MINUTE, _HOURS = 60.0, 6 * 3600.0
"""What passes between two polls as they are set, and until nearly every replication has synced."""


def measure(rounds: int) -> Iterator[Line]:
    """Let both read the same appliance in turns; a first round of each is not counted."""
    with Side("fleet", REPLICATIONS) as fleet:
        where = fleet.go("where")
        url = where["urls"]["madrid"]
        with Side("exporter", url) as ours, Side("handmade", url) as theirs:
            ours.go("cycle", where["now"])
            theirs.go("cycle")
            for case, between in (("a minute on", _MINUTE), ("all changed", _HOURS)):
                quick, slow = [], []
                for _ in range(rounds):
                    now = fleet.go("tick", between)["now"]
                    quick.append(1e3 * ours.go("cycle", now)["seconds"])
                    slow.append(1e3 * theirs.go("cycle")["seconds"])
                peaks = ours.peak_megabytes(), theirs.peak_megabytes()
                yield compared(
                    f"whole cycle, {case}",
                    str(REPLICATIONS),
                    ours=quick,
                    base=slow,
                    goal=Goal(10, 20),
                    peak_megabytes=peaks[0],
                )
    yield Line(
        case="whole cycle, memory",
        size=str(REPLICATIONS),
        unit="MB",
        ours=peaks[0],
        base=peaks[1],
        judged=peaks[0] / peaks[1],
        peak_megabytes=peaks[0],
        goal=Goal(1.0, 0.5, is_most=True),
    )
