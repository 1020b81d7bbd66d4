"""Runs cases: those that measure latency one after another, the others two side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from tests.command_line import ROOT
from tests.torture.table import PYTHON, Case

AT_ONCE: Final = 2
LAST_LINES: Final = 15


@dataclass(frozen=True, slots=True)
class Ran:
    """A case that was run: good when it ended with 0 in its time."""

    case: Case
    is_good: bool
    seconds: float
    figures: str
    complaint: str = ""

    @property
    def line(self) -> str:
        """What is printed of it."""
        verdict = "ok" if self.is_good else "FAILED"
        return f"{self.case.name}: {verdict}, {self.seconds:.0f} s: {self.figures}{self.complaint}"


def run_all(cases: Iterable[Case], *, is_quick: bool) -> Iterator[Ran]:
    """Run them, and hand over each as it ends."""
    chosen = list(cases)
    for case in chosen:
        if case.is_alone:
            yield run(case, is_quick=is_quick)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [
            pool.submit(run, case, is_quick=is_quick) for case in chosen if not case.is_alone
        ]
        for done in as_completed(waiting):
            yield done.result()


def run(case: Case, *, is_quick: bool = False) -> Ran:
    """Run one to its end, or to the end of its time."""
    words = case.words(is_quick=is_quick)
    began = time.monotonic()  # noqa: TID251 - how long it takes is part of the evidence
    program = subprocess.Popen(
        [sys.executable if words[0] == PYTHON else words[0], *words[1:]],
        cwd=ROOT,
        env={**os.environ, **(case.quick_environment if is_quick else case.environment)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    late = ""
    try:
        out, err = program.communicate(timeout=60 * case.minutes)
    except subprocess.TimeoutExpired:
        late = f"not done after {case.minutes} minutes\n"
        _end_family(program)
        out, err = program.communicate()
    seconds = time.monotonic() - began  # noqa: TID251 - as above
    is_good = program.returncode == 0 and not late
    figures = (out.strip().splitlines() or ["no figures"])[-1]
    return Ran(case, is_good, seconds, figures, "" if is_good else late + _last_words(out, err))


def _end_family(program: subprocess.Popen[str]) -> None:
    """Kill it with all that it started: it leads a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)


def _last_words(*texts: str) -> str:
    lines = [line for text in texts for line in text.splitlines()[-LAST_LINES:]]
    return "".join(f"\n    {line}" for line in lines)
