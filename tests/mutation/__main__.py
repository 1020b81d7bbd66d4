"""`python -m tests.mutation [AREA …]`: the share of mutants that the tests of each area notice."""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.mutation.areas import AREAS, Area
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.report import GOAL, Score, written
from tests.mutation.trial import Trial, Tried

_ROOT: Final = Path(__file__).parents[2]
_SEED: Final = 20


def main() -> None:
    """Try the areas that are named, or all; end badly where one misses the goal."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("areas", nargs="*", metavar="AREA", help=", ".join(AREAS))
    parser.add_argument("--only", default="", help="only modules whose path contains this")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants of each area")
    parser.add_argument("--at-once", type=int, default=2, help="processes")
    parser.add_argument("--page", type=Path, help="write the sections of this page anew")
    asked = parser.parse_args()
    unknown = set(asked.areas) - AREAS.keys()
    if unknown:
        parser.error(f"no such area: {', '.join(unknown)} (known: {', '.join(AREAS)})")
    if len(asked.areas) == 1:
        sys.exit(_is_missed(asked.areas[0], asked))
    options = sys.argv[1 + len(asked.areas) :]
    sys.exit(max([_apart(area, options) for area in asked.areas or AREAS]))


def _apart(area: str, options: list[str]) -> int:
    """Try an area in a process of its own: a second pytest in one process is no fresh one."""
    command = [sys.executable, "-m", "tests.mutation", area, *options]
    return subprocess.run(command, check=False).returncode


def _is_missed(area: str, asked: argparse.Namespace) -> bool:
    mutants = _mutants(AREAS[area], asked.only)
    chosen = mutants
    if 0 < asked.sample < len(mutants):
        chosen = random.Random(_SEED).sample(mutants, asked.sample)  # noqa: S311 - a sample, no secret
    score = Score(area, len(mutants), tuple(_tried(AREAS[area], chosen, asked.at_once)))
    sys.stdout.writelines(f"{line}\n" for line in (score.line, *score.survivors_shown))
    sys.stdout.flush()
    if asked.page:
        asked.page.write_text(written(asked.page, [score]), encoding="utf-8")
    return score.percent < GOAL


def _mutants(area: Area, only: str) -> list[Mutant]:
    package = _ROOT / "vr_exporter"
    files = [path for pattern in area.modules for path in sorted(package.glob(pattern))]
    names = [(path, str(path.relative_to(_ROOT))) for path in files]
    return [each for path, name in names if only in name for each in mutants_of(path, name)]


def _tried(area: Area, mutants: list[Mutant], at_once: int) -> list[Tried]:
    """Have pytest collect the tests of an area, and try the mutants with them."""
    trial = Trial(mutants, at_once)
    tests = [f"tests/{each}" for each in area.tests]
    options = ["-qq", "-s", "-o", "timeout=0"]
    if area.without:
        options += ["-k", " and ".join(f"not {name}" for name in area.without)]
    pytest.main([*options, *tests], plugins=[trial])
    if trial.broken or not trial.tried:
        sys.exit(f"{trial.broken or 'no mutant was tried'}: this fails without any mutant")
    return trial.tried


if __name__ == "__main__":
    main()
