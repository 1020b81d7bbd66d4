"""One side of a comparison: a process of its own that does a piece of work whenever told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
_END_SECONDS = 20.0

Work = Callable[..., Mapping[str, Any]]


class Side:
    """A running module of this folder; `go` names the work and returns what it tells of it."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._program.pid

    def go(self, work: str, *words: object) -> dict[str, Any]:
        """Let a piece of work be done, and wait for its end."""
        if self._program.stdin is None or self._program.stdout is None:
            raise RuntimeError("a side is talked to through its pipes")
        self._program.stdin.write(json.dumps([work, *words], default=str) + "\n")
        self._program.stdin.flush()
        said = self._program.stdout.readline()
        if not said:
            raise RuntimeError(f"{self._program.args!r} ended at {work!r}; see above")
        answer: dict[str, Any] = json.loads(said)
        return answer

    def peak_megabytes(self) -> float:
        """The largest resident size that it had so far."""
        return peak_megabytes(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._program.stdin:
            self._program.stdin.close()
        try:
            self._program.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait(_END_SECONDS)
        if self._program.stdout:
            self._program.stdout.close()


def obey(works: Mapping[str, Work]) -> None:
    """Be a side: do what is asked on standard input until it closes."""
    for line in sys.stdin:
        work, *words = json.loads(line)
        sys.stdout.write(json.dumps(dict(works[work](*words))) + "\n")
        sys.stdout.flush()


def peak_megabytes(pid: int) -> float:
    """Read the largest resident size that a process had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    if found is None:
        raise RuntimeError(f"process {pid} has no memory any more")
    return int(found[1]) / 1024
