"""`python -m tests.drill [FAULT …]`: provoke each fault, print what came, fail on any miss."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Final

from tests.drill.episodes import EPISODES
from tests.drill.run import Outcome, Row, drill
from tests.rules_scaled import FACTOR
from tests.tools import tool

AT_ONCE: Final = 3
MOST_PLACES: Final = 4
_HEAD: Final = ("fault", "alert", "seen", "rule time", "inhibited", "told", "gone")
_WIDTHS: Final = (38, 54, 5, 9, 9, 16, 7)


def table(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """The lines of the table: seconds after the fault began, minutes as the rules count them."""
    yield _line(_HEAD)
    for outcome in outcomes:
        for row in _folded(outcome.rows):
            yield _line((f"{outcome.name}: {row.stage}", *_cells(row)))
        verdict = "; ".join(outcome.faults) or "nothing else, all resolved"
        yield f"{outcome.name}: pages: {outcome.pages}; {verdict}"


def _folded(rows: Iterable[Row]) -> Iterator[Row]:
    """One row for an alert at many places: its first sight, its last end, and all who were told."""
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        kinds.setdefault((row.stage, row.alert.split()[0]), []).append(row)
    for (_, alertname), found in kinds.items():
        if len(found) <= MOST_PLACES:
            yield from found
            continue
        told = sorted({name for row in found for name in row.told.split(", ") if name})
        gone = (
            None if any(row.gone is None for row in found) else max(row.gone or 0 for row in found)
        )
        name = f"{alertname} at {len(found)} places"
        yield replace(found[0], alert=name, told=", ".join(told), gone=gone)


def _cells(row: Row) -> tuple[str, ...]:
    gone = "never" if row.gone is None else f"{row.gone:+.0f} s"
    inhibited = "" if row.inhibited is None else f"{row.inhibited:.0f} s"
    rule_time = f"{row.seen * FACTOR / 60:.0f} min"
    return row.alert, f"{row.seen:.0f} s", rule_time, inhibited, row.told or "nobody", gone


def _line(cells: Iterable[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def main(wanted: list[str]) -> int:
    """Play these episodes, or all."""
    names = [each.name for each in EPISODES if each.name in wanted or not wanted]
    for program in ("prometheus", "prometheus-alertmanager"):
        tool(program)
    with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(drill, names))
    failed = [each.name for each in outcomes if each.faults]
    last = f"{len(outcomes)} faults, {len(failed)} not as expected: {', '.join(failed) or 'none'}"
    sys.stdout.writelines(f"{line}\n" for line in (*table(outcomes), last))
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
