"""Kills by the dozen: no accepted wish is lost, none is posted twice (fault-matrix 6)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.killing import POINTS

KILLS = int(os.environ.get("VR_TORTURE_KILLS", "72"))
"""How many lives are killed; `make torture` takes 1,000."""

SEED = int(os.environ.get("VR_TORTURE_SEED", "1"))
KILLS_OF_CONTROL = 12


def verdict_after(folder: Path, kills: int, *more: str) -> dict[str, Any]:
    """Kill so many lives one after the other on one state folder, and judge what is left."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.killing", str(folder), str(kills), str(SEED), *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


@pytest.mark.timeout(600 + KILLS)
def test_K1_to_K9_and_K12_a_kill_neither_loses_nor_doubles_a_wish(tmp_path: Path) -> None:
    """At each point and at any moment, under load and with commits that fail."""
    verdict = verdict_after(tmp_path, KILLS)
    sys.stdout.write(f"{verdict}\n")
    assert verdict["complaints"] == []
    assert verdict["doubles"] == 0
    assert verdict["kills"] == KILLS
    assert verdict["posted"] > KILLS / 2
    assert set(POINTS) <= set(verdict["died_at"])


def test_control_without_the_condition_of_the_claim_wishes_are_doubled(tmp_path: Path) -> None:
    """The same kills on a ledger that claims whatever there is: the test above can fail."""
    verdict = verdict_after(tmp_path, KILLS_OF_CONTROL, "--broken-claim")
    assert verdict["doubles"] > 0
    assert any("posted" in complaint for complaint in verdict["complaints"])
