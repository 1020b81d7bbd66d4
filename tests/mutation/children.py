"""Processes forked off a warm one: each does one thing, says what came of it, and ends."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final

DEADLINE: Final = "the deadline"
"""What is said for a process that came to no end."""

_WALL_TIMES: Final = 4
_LEAST_WALL_SECONDS: Final = 20
_FORK: Final = get_context("fork")

Task = Callable[[Path], object]
"""Works in a folder of its own, and returns what is to be said."""


class Child:
    """One process in a group of its own, for so many seconds of a core at most.

    One that stands still has more of the wall clock: the machine may be busy with others.
    """

    def __init__(self, folder: Path, task: Task, *, seconds: float) -> None:
        self.ear, mouth = _FORK.Pipe(duplex=False)
        self._folder = folder
        self._process = _FORK.Process(target=_do, args=(folder, task, mouth, seconds))
        self._process.start()
        mouth.close()

    def end(self) -> object:
        """Wait for what it says, or for how else it ends; nothing of it is left."""
        said: object = "its process ended"
        with suppress(EOFError):
            said = self.ear.recv()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid or 0, signal.SIGKILL)
        self._process.join()
        if self._process.exitcode in (-signal.SIGALRM, -signal.SIGPROF):
            said = DEADLINE
        self.ear.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        return said


def first_to_end(children: Iterable[Child]) -> Child:
    """Wait for the first child that says something or ends."""
    ears = {child.ear: child for child in children}
    return ears[next(each for each in wait(list(ears)) if isinstance(each, Connection))]


def _do(folder: Path, task: Task, mouth: Connection, seconds: float) -> None:
    """Never to return: what was begun before the fork is not ours to end."""
    os.setpgid(0, 0)
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(int(_WALL_TIMES * seconds) + _LEAST_WALL_SECONDS)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    folder.mkdir()
    try:
        mouth.send(task(folder))
        os._exit(0)
    finally:
        os._exit(1)
