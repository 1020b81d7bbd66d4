"""Trying mutants: the tests are collected once, then each mutant has a process of its own."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any, Final

import pytest

from tests.mutation.children import Child, first_to_end
from tests.mutation.mutants import Mutant

SECONDS_EACH: Final = 4.0
"""Tests of so many seconds, as measured under the tracer, are asked about a mutant at most."""

SHORTEST_SECONDS: Final = 5.0
LONGEST_SECONDS: Final = 900.0
_TIMES_SLOWER: Final = 4
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder with a name of its own is made in it

Line = tuple[str, int]
Seen = Mapping[str, tuple[float, set[Line]]]
"""Of each test its seconds, and the lines it came by."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a mutant: the test that noticed it, or how else it ended."""

    mutant: Mutant
    killer: str
    is_reached: bool = True


@dataclass(slots=True, eq=False)  # pytest keeps plugins in sets
class Trial:
    """A plugin of pytest: it runs the collected tests once, then tries each mutant with them.

    A test is asked only about lines it came by, those first that found most in the function.
    `broken` names a test that fails without any mutant.
    """

    mutants: Sequence[Mutant]
    at_once: int
    tried: list[Tried] = field(default_factory=list)
    broken: str = ""
    _failed: bool = False
    _functions: dict[str, list[FunctionType]] = field(default_factory=dict)
    _items: dict[str, pytest.Item] = field(default_factory=dict)
    _killers: Counter[tuple[str, str]] = field(default_factory=Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear how a test went."""
        self._failed = self._failed or report.failed

    def pytest_sessionstart(self) -> None:
        """Have hypothesis try the same for every mutant; nobody needs the smallest that fails."""
        import hypothesis  # noqa: PLC0415 - pytest wants to be the first who imports it

        hypothesis.settings.register_profile(
            "mutation",
            phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        hypothesis.settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        self._items = {item.nodeid: item for item in session.items}
        self._functions = live_functions({mutant.file for mutant in self.mutants})
        gc.freeze()
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            place = Path(folder)
            seen = Child(place / "0", self._measured, seconds=LONGEST_SECONDS).end()
            if isinstance(seen, dict):
                order = {id(mutant): number for number, mutant in enumerate(self.mutants)}
                ended = [_told(each) for each in self._all(seen, place)]
                self.tried.extend(sorted(ended, key=lambda each: order[id(each.mutant)]))
            else:
                self.broken = str(seen)
        return True

    def _measured(self, folder: Path) -> object:
        met: dict[str, set[Line]] = {}
        seconds: dict[str, float] = {}
        modules = {mutant.file: mutant.module for mutant in self.mutants}
        for name, item in self._items.items():
            met[name], begun = set(), time.process_time()
            with _traced(modules, met[name]):
                self._run([item], folder)
            seconds[name] = time.process_time() - begun
            if self._failed:
                return name
        return {name: (seconds[name], lines) for name, lines in met.items()}

    def _all(self, seen: Seen, folder: Path) -> Iterator[Tried]:
        by_line: dict[Line, set[str]] = defaultdict(set)
        for name, (_, lines) in seen.items():
            for line in lines:
                by_line[line].add(name)
        running: dict[Child, Mutant] = {}
        for number, mutant in enumerate(self.mutants, 1):
            found = {name for line in mutant.lines for name in by_line[mutant.module, line]}
            names = self._chosen(mutant, found, seen)
            if not names:
                yield Tried(mutant, "", is_reached=False)
                continue
            running[self._begun(mutant, names, folder / str(number), seen)] = mutant
            if len(running) == self.at_once:
                yield self._ended(running)
        while running:
            yield self._ended(running)

    def _chosen(self, mutant: Mutant, found: set[str], seen: Seen) -> list[str]:
        """Order tests, what found most here and is quick first, as far as the time goes."""
        names = sorted(
            found, key=lambda name: (-self._killers[mutant.function, name], seen[name][0])
        )
        spent = accumulate(seen[name][0] for name in names)
        return [name for name, so_far in zip(names, spent, strict=True) if so_far <= SECONDS_EACH]

    def _begun(self, mutant: Mutant, names: Sequence[str], folder: Path, seen: Seen) -> Child:
        items = [self._items[name] for name in names]
        seconds = _TIMES_SLOWER * sum(seen[name][0] for name in names)

        def tried(place: Path) -> object:
            if not break_code(mutant, self._functions[mutant.file]):
                return ""
            return self._run(items, place)

        return Child(folder, tried, seconds=max(SHORTEST_SECONDS, seconds))

    def _ended(self, running: dict[Child, Mutant]) -> Tried:
        child = first_to_end(running)
        mutant, killer = running.pop(child), str(child.end())
        self._killers[mutant.function, killer] += 1
        return Tried(mutant, killer)

    def _run(self, items: Sequence[pytest.Item], folder: Path) -> str:
        """Run tests until one fails, and name it."""
        items[0].config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined] # a folder for each mutant
        _stay_in(folder)
        for item, after in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self._failed:
                return item.nodeid
        return ""


def _told(tried: Tried) -> Tried:
    """Let whoever waits see how far it is, and what lives."""
    sys.stderr.write("." if tried.killer else f"\n{tried.mutant.name}\n")
    sys.stderr.flush()
    return tried


def live_functions(files: set[str]) -> dict[str, list[FunctionType]]:
    """Every function that is alive and comes from one of these files, by file."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename in files:
            found[each.__code__.co_filename].append(each)
    return found


def break_code(mutant: Mutant, functions: Iterable[FunctionType]) -> bool:
    """Give the mutant's code to its function, and to those that it made before."""
    broken = False
    for each in functions:
        code = mutant.codes.get((each.__qualname__, each.__code__.co_firstlineno))
        if code is not None and code.co_freevars == each.__code__.co_freevars:
            each.__code__ = code
            broken = True
    return broken


@contextmanager
def _traced(modules: Mapping[str, str], lines: set[Line]) -> Iterator[None]:
    """Note the lines that are come by in these files, in every thread."""

    def called(frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        return stepped if frame.f_code.co_filename in modules else None

    def stepped(frame: FrameType, event: str, _arg: Any) -> Callable[..., Any]:
        if event == "line":
            lines.add((modules[frame.f_code.co_filename], frame.f_lineno))
        return stepped

    threading.settrace(called)
    sys.settrace(called)
    try:
        yield
    finally:
        sys.settrace(None)
        threading.settrace(None)


def _stay_in(folder: Path) -> None:
    """Have tests that work in memory do so in here: one that is cut short tidies nothing up."""
    for module in list(sys.modules.values()):
        if getattr(module, "MEMORY", None) == _MEMORY:
            vars(module)["MEMORY"] = folder


def _memory() -> Path | None:
    """A folder in memory, where there is one: what a mutant writes need not reach a disk."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None
