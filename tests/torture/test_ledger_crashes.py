"""Kills by the dozen: no accepted wish is lost, none is posted twice (fault-matrix 6)."""

from __future__ import annotations

import sys

import pytest

from tests.killing import POINTS
from tests.verdicts import verdict_of

KILLS = 72
"""How many lives are killed; `make torture` takes 1,000."""

KILLS_OF_CONTROL = 12


@pytest.mark.timeout(600 + KILLS)
def test_K1_to_K9_and_K12_a_kill_neither_loses_nor_doubles_a_wish() -> None:
    """At each point and at any moment, under load and with commits that fail."""
    verdict = verdict_of("tests.killing", KILLS)
    sys.stdout.write(f"{verdict}\n")
    assert verdict["complaints"] == []
    assert verdict["doubles"] == 0
    assert verdict["kills"] == KILLS
    assert verdict["posted"] > KILLS / 2
    assert set(POINTS) <= set(verdict["died_at"])


def test_control_without_the_condition_of_the_claim_wishes_are_doubled() -> None:
    """The same kills on a ledger that claims whatever there is: the test above can fail."""
    verdict = verdict_of("tests.killing", KILLS_OF_CONTROL, "--broken-claim")
    assert verdict["doubles"] > 0
    assert any("posted" in complaint for complaint in verdict["complaints"])
