"""The tool of mutation testing: what it breaks, and whom it believes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import FunctionType

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.report import GOAL, Score, written
from tests.mutation.trial import Tried, break_code

SOURCE = '''"""Doc."""
LIMIT = 3


class Judge:
    """Doc."""

    @property
    def is_late(self) -> bool:
        """Doc."""
        log.info("never broken")
        return self.age >= 3 and not self.is_forced
'''
FORMS = [
    "log.info('never broken') -> pass",
    "return self.age >= 3 and (not self.is_forced) -> return None",
    "self.age >= 3 and (not self.is_forced) -> self.age >= 3 or not self.is_forced",
    "self.age >= 3 and (not self.is_forced) -> not self.is_forced",
    "self.age >= 3 and (not self.is_forced) -> self.age >= 3",
    "self.age >= 3 -> self.age > 3",
    "3 -> 4",
    "not self.is_forced -> self.is_forced",
]

CODE = """
def grown(age, *, years=1):
    if age < 0:
        raise ValueError("negative")
    return age + years


def unmet():
    return 1 + 1
"""
TESTS = """
import pytest

from code_here import grown


def test_a_year():
    assert grown(3) == 4


def test_negative():
    with pytest.raises(ValueError):
        grown(-5)
"""
RUN = """
import sys
from pathlib import Path

import pytest

from tests.mutation.mutants import mutants_of
from tests.mutation.trial import Trial

folder = Path(sys.argv[1])
trial = Trial(list(mutants_of(folder / "code_here.py", "code_here.py")), 2)
pytest.main(["-qq", "-s", "-c", str(folder / "x.ini"), str(folder)], [trial])
for each in trial.tried:
    killer = each.killer.rpartition("::")[2] if each.is_reached else "nobody"
    print(f"== {each.mutant.was} -> {each.mutant.now}: {killer}")
"""


def test_every_node_of_a_function_is_broken_in_its_ways(tmp_path: Path) -> None:
    """Decorated functions too; docstrings, messages of log lines and constants outside are not."""
    path = tmp_path / "judge.py"
    path.write_text(SOURCE)
    mutants = list(mutants_of(path, "judge.py"))
    assert [f"{mutant.was} -> {mutant.now}" for mutant in mutants] == FORMS
    assert {mutant.function for mutant in mutants} == {"Judge.is_late"}


def test_a_live_function_is_given_the_broken_code(tmp_path: Path) -> None:
    """No module is read again: what others hold is what is broken."""
    path = tmp_path / "grown.py"
    path.write_text("def grown(age):\n    return age + 1\n")
    names: dict[str, FunctionType] = {}
    exec(compile(path.read_text(), path, "exec"), names)  # noqa: S102 - written above
    grown = names["grown"]
    found = []
    for mutant in mutants_of(path, "grown.py"):
        assert break_code(mutant, [grown])
        found.append(grown(3))
    assert found == [None, 2, 5]


def test_mutants_that_no_test_notices_are_told(tmp_path: Path) -> None:
    """Each has its killer, or none; code that no test comes by is said apart."""
    (tmp_path / "code_here.py").write_text(CODE)
    (tmp_path / "test_code_here.py").write_text(TESTS)
    (tmp_path / "x.ini").write_text("[pytest]\npythonpath = .\n")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        timeout=100,
    )
    told = [line.partition("== ")[2] for line in done.stdout.splitlines() if "== " in line]
    said = dict(line.rsplit(": ", 1) for line in told)
    assert said["age + years -> age - years"] == "test_a_year"
    assert said["raise ValueError('negative') -> pass"] == "test_negative"
    assert said["age < 0 -> age <= 0"] == ""
    assert said["1 + 1 -> 1 - 1"] == "nobody"


def test_a_page_is_written_anew_for_the_areas_that_ran(tmp_path: Path) -> None:
    """The sections of the others stay."""
    page = tmp_path / "mutants.md"
    lives = Mutant("a.py", "f", "1", "2", "a.py", frozenset(), {})
    page.write_text(written(page, [Score("one", 2, (Tried(lives, ""), Tried(lives, "test")))]))
    page.write_text(written(page, [Score("two", 5, (Tried(lives, "test"),))]))
    text = page.read_text()
    assert "one: 1 of 2 killed, 50.0 %." in text
    assert "| a.py f | `1` | `2` | not tested |" in text
    assert "two: 1 of 1 killed, 100.0 %, a sample of 5." in text
    assert GOAL == 90
