"""docs/evidence.md and the cases of `make torture`: a line for each, and each can be run."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.documentation.repository import ROOT
from tests.torture.evidence import NOT_RUN, PAGE, rows_of, write
from tests.torture.running import Ran, run
from tests.torture.table import CASES, PYTHON, Case

NAMES = [case.name for case in CASES]
LAST_WORDS = "print('first'); print('1 | 2'); import sys; sys.exit({})"


def a_case(program: str, *, minutes: float = 1.0) -> Case:
    """A case that runs a line of Python."""
    return Case("kills", "none is lost", f"python -c {shlex.quote(program)}", "", minutes)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_each_case_can_be_run(case: Case) -> None:
    """Its module is there, and the tests that it names; in a hurry too."""
    for is_quick in (False, True):
        python, flag, module, *words = case.words(is_quick=is_quick)
        assert (python, flag) == (PYTHON, "-m")
        assert find_spec(module) is not None
        assert all((ROOT / word).is_file() for word in words if word.endswith(".py"))


def test_each_case_has_a_line_of_evidence() -> None:
    """In the order of the table, with its command, and none failed."""
    text = PAGE.read_text(encoding="utf-8")
    assert list(rows_of(text)) == NAMES
    assert [case.name for case in CASES if f"`{case.line}`" not in text] == []
    assert [name for name, row in rows_of(text).items() if "FAILED" in row] == []


def test_cases_have_names_of_their_own() -> None:
    """A name is how a case is asked for, and what its line is found by."""
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("status", [0, 3])
def test_a_case_is_good_when_it_ends_with_0(status: int) -> None:
    """The last line of what it prints are its figures."""
    ran = run(a_case(LAST_WORDS.format(status)))
    assert ran.is_good == (status == 0)
    assert ran.figures == "1 | 2"
    assert ("first" in ran.line) == (status != 0)


def test_a_case_that_takes_too_long_has_failed() -> None:
    """It is ended, and what it said so far is shown."""
    ran = run(a_case("import time; print('so far', flush=True); time.sleep(60)", minutes=0.02))
    assert not ran.is_good
    assert "not done after" in ran.line


def test_evidence_keeps_the_lines_of_cases_that_were_not_run(tmp_path: Path) -> None:
    """Only what was run is written anew; what never was says so."""
    page = tmp_path / "evidence.md"
    first, second = CASES[:2]
    write(page, [Ran(first, True, 61, "1 | 2")], where="here")
    write(page, [Ran(second, False, 2, "3")], where="there")
    rows = rows_of(page.read_text(encoding="utf-8"))
    assert rows[first.name] == " 1 \\| 2 | 1 min 1 s | here "
    assert rows[second.name] == " **FAILED**: 3 | 2 s | there "
    assert NOT_RUN in rows[CASES[2].name]
