"""The fault matrix: each of its rows has a test that carries its id, or a reason why not."""

from __future__ import annotations

import pytest

from tests.documentation.repository import ROOT
from tests.fault_rows import ARGUED, ARGUED_IN_PART, ROWS, files_by_row, ids_in, page


def test_every_row_has_a_test_or_a_reason() -> None:
    """A row that is in neither list is work to do."""
    assert [row for row in ROWS if row not in files_by_row() and row not in ARGUED] == []


def test_no_row_is_argued_away_that_has_a_test() -> None:
    """The list of reasons is short and stays true."""
    assert set(ARGUED) & set(files_by_row()) == set()
    assert set(ARGUED) < set(ROWS)
    assert set(ARGUED_IN_PART) <= set(files_by_row())


def test_reasons_are_shown() -> None:
    """Each says in a line why."""
    for reasons in (ARGUED, ARGUED_IN_PART):
        assert all(len(reason) > 40 for reason in reasons.values())


def test_page_of_the_rows_is_fresh() -> None:
    """`python -m tests.fault_rows > docs/fault-rows.md` changes nothing."""
    assert page() == (ROOT / "docs" / "fault-rows.md").read_text(encoding="utf-8")


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
