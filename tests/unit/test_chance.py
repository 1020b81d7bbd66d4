"""Two runs of one commit draw the same, whatever else a process has read."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.chance import VARIABLE
from tests.command_line import ROOT

DRAWS = """
import sys
from hypothesis import given, strategies as st
from tests import chance

chance.settle()
if sys.argv[1:]:
    import tests.builders, vr_exporter.domain.inventory

@given(st.text(), st.integers())
def draw(text, number):
    sys.stdout.write(ascii((text, number)))

draw()
"""


def drawn(*arguments: str, **environ: str) -> str:
    """What a process of its own draws; with an argument after it has read modules of ours."""
    kept = {name: value for name, value in os.environ.items() if name != VARIABLE}
    ended = subprocess.run(
        [sys.executable, "-c", DRAWS, *arguments],
        cwd=ROOT,
        env=kept | environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout


@pytest.mark.parametrize("seed", ["1", "2"])
def test_draws_are_the_same_whatever_was_imported_and_however_things_are_hashed(seed: str) -> None:
    """The verdict on a commit hangs on neither the order of tests nor the day."""
    assert drawn("more", PYTHONHASHSEED=seed) == drawn(PYTHONHASHSEED="3")


def test_a_search_draws_other_things_each_time_and_as_many_as_it_is_told() -> None:
    """The long run looks where no run has looked before."""
    first, second = (drawn(**{VARIABLE: "300"}) for _ in range(2))
    assert first != second
    assert first.count("('") + first.count('("') > 200
