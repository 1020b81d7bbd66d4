"""docs/fault-rows.md from the names of the tests: `python -m tests.fault_rows` prints it."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Final

from tests.documentation.repository import ROOT, modules

ROWS: Final = (
    *(f"R{number}" for number in range(1, 11)),  # rules that hold in every row
    *(f"A{number}" for number in range(1, 62)),  # appliance faults
    *(f"B{number}" for number in range(1, 31)),  # own faults
    *(f"C{number}" for number in range(1, 35)),  # hostile input
    *(f"T{number}" for number in range(1, 8)),  # transactions of the ledger
    *(f"K{number}" for number in range(1, 13)),  # crashes and failed commits
)

ARGUED: Final = {
    "A20": "duplicate keys in one JSON object: no two readers of ours could disagree about them, "
    "and a check would cost the fast decoder",
}
"""Rows without a test, each with its reason."""

ARGUED_IN_PART: Final = {
    "C31": "an audit against a live advisory base cannot be shown offline: the locks are held to "
    "a list of published faults instead, with its control; 15 packages cannot hold with the "
    "libraries chosen in docs/decisions: 27 is the cap",
}
"""Rows whose tests leave out a part, each with what and why."""

_ID = re.compile(r"[A-Z]\d+")


def ids_in(name: str) -> set[str]:
    """The rows that the name of a test carries; `K1_to_K9` are all of them."""
    words = name.split("_")
    found = {word for word in words if _ID.fullmatch(word)}
    for (first, between), (_, last) in pairwise(pairwise(words)):
        if between == "to" and _ID.fullmatch(first) and _ID.fullmatch(last):
            numbers = range(int(first[1:]), int(last[1:]) + 1)
            found |= {f"{first[0]}{number}" for number in numbers}
    return found


@cache
def names_of_tests() -> tuple[tuple[str, str], ...]:
    """File and name of every test that is run."""
    paths = [path for path in modules("tests") if path.name.startswith("test_")]
    return tuple(
        (str(path.relative_to(ROOT / "tests")), node.name)
        for path in paths
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@cache
def files_by_row() -> Mapping[str, frozenset[str]]:
    """The files whose tests carry a row, by row."""
    found = defaultdict(set)
    for file, name in names_of_tests():
        for row in ids_in(name):
            found[row].add(file)
    return {row: frozenset(files) for row, files in found.items()}


_HEAD = """\
# Rows of the fault matrix and their tests

<!-- Made by `python -m tests.fault_rows`; a test holds this file to the tests. -->

What may go wrong was written down before it was built, one row each: rules that hold in every row
(R), faults of the appliance (A), of our own (B), hostile input (C), transactions of the ledger (T),
crashes and failed commits (K). A test carries its rows in its name: `.venv/bin/pytest tests -k C18`
runs those of a row. The build fails on a row that has neither a test nor a reason.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterable[str]:
    yield _HEAD
    yield "## Without a test\n"
    yield from (f"- **{row}**: {reason}." for row, reason in ARGUED.items())
    yield "\n## Tested in part\n"
    yield from (f"- **{row}**: {reason}." for row, reason in ARGUED_IN_PART.items())
    yield "\n## Tested\n\n| row | in `tests/` |\n|---|---|"
    for row in ROWS:
        if row in files_by_row():
            yield f"| {row} | {', '.join(sorted(files_by_row()[row]))} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
