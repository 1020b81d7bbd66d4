"""What a run was made on: kind of machine, Python, libraries, commit; no names of hosts."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.side import ROOT

_LIBRARIES = ("prometheus-client", "requests", "msgspec", "isal", "httpx")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine before the run; `load` is the average over five minutes."""

    commit: str
    cores: int
    processor: str
    memory_gigabytes: int
    load: float
    python: str
    libraries: str

    @classmethod
    def here(cls) -> Machine:
        """This one, now."""
        return cls(
            commit=_commit(),
            cores=os.cpu_count() or 0,
            processor=_first("/proc/cpuinfo", r"model name\s*: (.*)"),
            memory_gigabytes=int(_first("/proc/meminfo", r"MemTotal:\s+(\d+)") or 0) // 2**20,
            load=os.getloadavg()[1],
            python=platform.python_version(),
            libraries=", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
        )

    def text(self, rounds: int) -> str:
        """The lines below a table."""
        return (
            f"commit {self.commit}, {rounds} rounds; {self.cores} cores ({self.processor}),"
            f" {self.memory_gigabytes} GB, load before {self.load:.1f}\n"
            f"CPython {self.python}, {self.libraries}"
        )


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _first(file: str, pattern: str) -> str:
    found = re.search(pattern, Path(file).read_text(encoding="utf-8"))
    return found[1] if found else ""


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
