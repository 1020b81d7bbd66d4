"""docs/evidence.md: what every case measured, when, on which commit and machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from tests.command_line import ROOT
from tests.torture.running import Ran
from tests.torture.table import CASES

PAGE: Final = ROOT / "docs" / "evidence.md"
NOT_RUN: Final = "not run yet"
_ROW: Final = re.compile(r"^\| (?P<name>[^|]+) \|(?P<rest>.*)\|$")
_TEXT: Final = """\
# Evidence

What the long runs of `make torture` measured. Each line is written by the run itself:
its figures are the last line that the command printed, its commit is the tree that it ran on.

`make torture` takes under an hour on four cores; a smaller count of each runs in `make test`.
With the Python of `.venv`, `python -m tests.torture --list` shows the cases, `--case NAME` runs
one, `--quick` tries all of them in minutes with small counts, and `--evidence docs/evidence.md`
writes this page (with `--case`, the lines of those cases alone). A case fails, and the whole with
it, when its promise is broken. Speed is measured apart from this, by `make bench`.

| Case | What was measured | Took | When and on what |
|---|---|---|---|
{rows}

## What each case promises, and its command

The commands are run from the root of the repository.

{commands}
"""


def write(page: Path, ran: Iterable[Ran], *, where: str) -> None:
    """Write the lines of what was run, and where; those of other cases stay as they are."""
    rows = rows_of(page.read_text(encoding="utf-8")) if page.exists() else {}
    rows |= {each.case.name: _row(each, where) for each in ran}
    unknown = f" {NOT_RUN} | | "
    table = "\n".join(f"| {case.name} |{rows.get(case.name, unknown)}|" for case in CASES)
    commands = "\n".join(f"- **{case.name}**: {case.promise}.\n  `{case.line}`" for case in CASES)
    page.write_text(_TEXT.format(rows=table, commands=commands), encoding="utf-8")


def rows_of(text: str) -> dict[str, str]:
    """What stands behind the name of each case in the table."""
    found = (_ROW.match(line) for line in text.splitlines())
    rows = {row["name"]: row["rest"] for row in found if row}
    return {name: rest for name, rest in rows.items() if name != "Case"}


def _row(ran: Ran, where: str) -> str:
    figures = ran.figures.replace("|", "\\|")
    verdict = "" if ran.is_good else "**FAILED**: "
    return f" {verdict}{figures} | {_duration(ran.seconds)} | {where} "


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def circumstances() -> str:
    """The day, the commit and the machine."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_commit()}, {os.cpu_count()} cores,"  # noqa: TID251 - the day
        f" {memory:.0f} GiB, Python {platform.python_version()}"
    )


def _commit() -> str:
    commit = _git("rev-parse", "--short", "HEAD") or "no commit"
    changes = _git("status", "--porcelain", "--", ".", f":!{PAGE.relative_to(ROOT)}")
    return f"{commit} + changes" if changes else commit


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
