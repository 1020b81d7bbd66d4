"""The fault matrix: each of its rows has a test that carries its id, or a reason why not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import pytest

from tests.documentation.repository import modules

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


def names_of_tests() -> Iterable[str]:
    """The name of every test that is run."""
    for path in modules("tests"):
        if path.name.startswith("test_"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    yield node.name


@pytest.fixture(scope="module")
def tested() -> set[str]:
    """The rows that some test carries."""
    return {row for name in names_of_tests() for row in ids_in(name)}


def test_every_row_has_a_test_or_a_reason(tested: set[str]) -> None:
    """A row that is in neither list is work to do."""
    assert [row for row in ROWS if row not in tested and row not in ARGUED] == []


def test_no_row_is_argued_away_that_has_a_test(tested: set[str]) -> None:
    """The list of reasons is short and stays true."""
    assert set(ARGUED) & tested == set()
    assert set(ARGUED) < set(ROWS)
    assert set(ARGUED_IN_PART) <= tested


def test_reasons_are_shown() -> None:
    """Each says in a line why."""
    for reasons in (ARGUED, ARGUED_IN_PART):
        assert all(len(reason) > 40 for reason in reasons.values())


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("test_A24_a_list_begins_again", {"A24"}),
        ("test_A29_A30_both", {"A29", "A30"}),
        ("test_K1_to_K3_and_K12_kills", {"K1", "K2", "K3", "K12"}),
        ("test_a_name_without_one", set()),
        ("test_A240x_is_no_id", set()),
    ],
)
def test_ids_are_read_from_names(name: str, ids: set[str]) -> None:
    """Whole words alone count, and ranges count whole."""
    assert ids_in(name) == ids
