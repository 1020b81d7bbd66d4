"""What came of the mutants, as lines to read and as the page docs/mutants.md."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutation.children import DEADLINE
from tests.mutation.trial import Tried

GOAL: Final = 90.0
"""Percent of an area's mutants that its tests have to notice."""

_REASONS: Final = Path(__file__).with_name("reasons.toml")
_HEAD: Final = """# Mutation testing

Each function of the areas below was broken in small ways, one at a time: a comparison turned, a
condition negated or left out, a constant changed, a call, a keyword or a raise dropped, arguments
swapped, None returned. A mutant is killed when a test notices it. Asked are tests of the area that
come by the broken lines, for four seconds of a core at most; `tests/mutation/areas.py` names the
modules, the tests, and those left out because they take longer. Messages of log lines are not
broken, nor is code outside functions: tables have tests of their own.

Written by `make mutation`, which fails where an area has less than 90 %; one area anew by
`.venv/bin/python -m tests.mutation AREA --page docs/mutants.md`. Why the tool is our own:
[decision 19](decisions/0019-own-mutator.md).
"""


@dataclass(frozen=True, slots=True)
class Score:
    """The mutants of an area that were tried, of so many there are."""

    area: str
    total: int
    tried: tuple[Tried, ...]

    @property
    def survivors(self) -> tuple[Tried, ...]:
        """Those that no test noticed."""
        return tuple(each for each in self.tried if not each.killer)

    @property
    def percent(self) -> float:
        """The share that was noticed."""
        return 100 * (1 - len(self.survivors) / max(len(self.tried), 1))

    @property
    def line(self) -> str:
        """The score in one line."""
        tried = len(self.tried)
        sampled = "" if tried == self.total else f", a sample of {self.total}"
        killed = tried - len(self.survivors)
        late = sum(each.killer == DEADLINE for each in self.tried)
        by_time = f" ({late} came to no end)" if late else ""
        return f"{self.area}: {killed} of {tried} killed{by_time}, {self.percent:.1f} %{sampled}"

    @property
    def survivors_shown(self) -> list[str]:
        """Each survivor in a line, with its reason."""
        reasons = _reasons()
        return [f"  {each.mutant.name} [{_reason(each, reasons)}]" for each in self.survivors]


def written(page: Path, scores: Iterable[Score]) -> str:
    """The page with the sections of these areas written anew, and the others as they stand."""
    old = page.read_text(encoding="utf-8").split("\n## ")[1:] if page.exists() else []
    sections = {text.partition("\n")[0]: text.rstrip("\n") for text in old}
    sections |= {score.area: _section(score) for score in scores}
    return "\n## ".join([_HEAD, *(text + "\n" for _, text in sorted(sections.items()))])


def _section(score: Score) -> str:
    reasons = _reasons()
    by_module: dict[str, list[Tried]] = {}
    for each in score.tried:
        by_module.setdefault(each.mutant.module, []).append(each)
    rows = [
        f"| {module} | {len(tried)} | {sum(bool(each.killer) for each in tried)} |"
        for module, tried in by_module.items()
    ]
    table = ["| module | mutants | killed |", "|---|---|---|", *rows]
    left = [
        "| survivor | was | became | reason |",
        "|---|---|---|---|",
        *(_row(each, reasons) for each in score.survivors),
    ]
    return "\n".join([score.area, "", f"{score.line}.", "", *table, "", *left])


def _row(tried: Tried, reasons: dict[str, str]) -> str:
    mutant = tried.mutant
    where = f"{mutant.module} {mutant.function}"
    return f"| {where} | {_code(mutant.was)} | {_code(mutant.now)} | {_reason(tried, reasons)} |"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", r"\|") if "`" not in text else f"`` {text} ``"


def _reasons() -> dict[str, str]:
    listed = tomllib.loads(_REASONS.read_text(encoding="utf-8"))
    return {name: reason for reason, names in listed.items() for name in names}


def _reason(tried: Tried, reasons: dict[str, str]) -> str:
    default = "not tested" if tried.is_reached else "no test comes by"
    return reasons.get(tried.mutant.name, default)
