"""The exporter itself, killed by the dozen under load: no wish is lost, none is sent twice."""

from __future__ import annotations

import sys

import pytest

from tests.exporter_killing import FIRST, ROUND
from tests.verdicts import verdict_of

KILLS = 20
"""How many lives are killed, each point once; `make torture` takes 1,000."""

KILLS_OF_CONTROL = 10

pytestmark = pytest.mark.xdist_group("exporter-killing")


@pytest.mark.timeout(600 + 3 * KILLS)
def test_K1_to_K9_and_K12_a_killed_exporter_neither_loses_nor_doubles_a_wish() -> None:
    """At each point and at any moment, while people wish and repeat what nobody answered."""
    verdict = verdict_of("tests.exporter_killing", KILLS)
    sys.stdout.write(f"{verdict}\n")
    assert verdict["complaints"] == []
    assert verdict["doubles"] == 0
    assert verdict["kills"] == KILLS
    assert verdict["posts"] > KILLS / 2
    assert verdict["accepted"] > KILLS / 2
    if len(FIRST + ROUND) <= KILLS:
        assert len(verdict["died_at"]) > len({*FIRST, *ROUND}) / 2


def test_control_an_exporter_that_queues_what_it_claimed_sends_twice() -> None:
    """The same kills where each start gives claimed rows back: the test above can fail."""
    verdict = verdict_of("tests.exporter_killing", KILLS_OF_CONTROL, "--careless")
    assert verdict["doubles"] > 0
    assert any("once more" in complaint for complaint in verdict["complaints"])
