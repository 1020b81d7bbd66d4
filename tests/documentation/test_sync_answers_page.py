"""The page of what comes of a sync is the table that the tests run."""

from __future__ import annotations

from tests.documentation.repository import ROOT
from tests.sync_answers import ROWS, page


def test_page_of_answers_is_fresh() -> None:
    """`python -m tests.sync_answers` prints docs/sync-answers.md as it lies there."""
    assert page() == (ROOT / "docs" / "sync-answers.md").read_text(encoding="utf-8")


def test_every_answer_has_one_row() -> None:
    """Nobody finds two stories about the same answer."""
    assert len({row.answer for row in ROWS}) == len(ROWS)
