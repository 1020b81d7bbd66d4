"""A whole cycle, from the appliance's bytes to a packed page, against a hand-made loop."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.line import Goal, Line, compared
from benchmarks.side import Side

Pair = tuple[Mapping[str, Any], Mapping[str, Any]]
"""What ours and the peer say of one round."""

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
                pairs = []
                for _ in range(rounds):
                    now = fleet.go("tick", between)["now"]
                    pairs.append((ours.go("cycle", now), theirs.go("cycle")))
                peaks = ours.peak_megabytes(), theirs.peak_megabytes()
                changed = statistics.median(quick["changed"] for quick, _ in pairs)
                yield _compared(f"whole cycle, {case}", pairs, "seconds", Goal(10, 20), changed)
                yield _compared(f"  {case}, processor time", pairs, "processor_seconds")
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


def _compared(
    case: str,
    pairs: Sequence[Pair],
    figure: str,
    goal: Goal | None = None,
    changed: float | None = None,
) -> Line:
    """One figure of both sides, round by round."""
    return compared(
        case,
        str(REPLICATIONS),
        ours=[1e3 * quick[figure] for quick, _ in pairs],
        base=[1e3 * slow[figure] for _, slow in pairs],
        goal=goal,
        note="" if changed is None else f" {changed:.0%} of the rows changed",
    )
