"""The page of the alert bridge is made of the tables that decide."""

from __future__ import annotations

from tests.bridge_page import page, unnamed
from tests.documentation.repository import ROOT


def test_page_of_the_bridge_is_fresh() -> None:
    """`python -m tests.bridge_page` prints docs/alert-bridge.md as it lies there."""
    assert page() == (ROOT / "docs" / "alert-bridge.md").read_text(encoding="utf-8")


def test_every_reason_has_its_guard_on_the_page() -> None:
    """Nobody reads a reason that the page does not explain."""
    assert unnamed() == set()
