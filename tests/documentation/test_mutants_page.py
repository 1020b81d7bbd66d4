"""The page of mutation testing holds what was asked of it."""

from __future__ import annotations

import re
import tomllib

from tests.documentation.repository import ROOT
from tests.mutation.areas import AREAS
from tests.mutation.report import GOAL

PAGE = (ROOT / "docs/mutants.md").read_text(encoding="utf-8")
REASONS = tomllib.loads((ROOT / "tests/mutation/reasons.toml").read_text(encoding="utf-8"))
SCORE = re.compile(
    r"^(\w+): (\d+) of (\d+) killed.*? ([\d.]+) %(, a sample of \d+)?\.$", re.MULTILINE
)
SURVIVOR = re.compile(r"^\| vr_exporter/\S+ \S+ \| `.*` \| (?P<reason>[^|`]+) \|$", re.MULTILINE)


def test_every_area_has_its_score_and_reaches_the_goal() -> None:
    """All of its mutants were tried."""
    found = SCORE.findall(PAGE)
    assert {row[0] for row in found} == set(AREAS)
    assert all(float(row[3]) >= GOAL and not row[4] for row in found)


def test_every_survivor_has_its_reason() -> None:
    """As many as the scores say, each with one of the reasons on the list."""
    survivors = [match["reason"] for match in SURVIVOR.finditer(PAGE)]
    assert len(survivors) == sum(int(row[2]) - int(row[1]) for row in SCORE.findall(PAGE))
    assert set(survivors) <= REASONS.keys()
