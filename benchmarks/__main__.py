"""`python -m benchmarks`: measure every case, print the table, end with 1 on a missed floor."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.line import HEADER, Goal, Line
from benchmarks.machine import Machine
from benchmarks.side import ROOT

_FEWEST_ROUNDS = 2


def main() -> int:
    """Measure what is asked for; each case in a process of its own."""
    options = _options()
    if options.inside:
        for line in import_module(f"benchmarks.cases.{options.inside}").measure(options.rounds):
            print(json.dumps(asdict(line)), flush=True)
        return 0
    machine = Machine.here()
    print(HEADER, flush=True)
    lines = []
    failed = []
    for case in options.case or CASES:
        try:
            for line in _measured(case, options.rounds):
                print(line.text(), flush=True)
                lines.append(line)
        except subprocess.CalledProcessError:
            failed.append(case)
            print(f"{case}: could not be measured, see above", flush=True)
    print(machine.text(options.rounds))
    if options.json:
        _append(options.json, machine, lines)
    missed = [line.case for line in lines if line.is_missed]
    return 1 if missed or failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--case", choices=CASES, action="append", help="only this; repeatable")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the run to a history")
    parser.add_argument("--inside", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < _FEWEST_ROUNDS:
        parser.error(f"--rounds: at least {_FEWEST_ROUNDS}, for a spread")
    return options


def _measured(case: str, rounds: int) -> Iterator[Line]:
    command = [sys.executable, "-m", "benchmarks", "--inside", case, "--rounds", str(rounds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        for text in program.stdout or ():
            line = Line(**json.loads(text))
            goal = line.goal
            yield replace(line, goal=Goal(**goal)) if isinstance(goal, dict) else line
    if program.returncode:
        raise subprocess.CalledProcessError(program.returncode, command)


def _append(file: Path, machine: Machine, lines: list[Line]) -> None:
    """One JSON object a line and run: the history grows at its end."""
    run = {"at": int(time.time()), **asdict(machine), "lines": [asdict(line) for line in lines]}
    with file.open("a", encoding="utf-8") as history:
        history.write(json.dumps(run) + "\n")


if __name__ == "__main__":
    sys.exit(main())
