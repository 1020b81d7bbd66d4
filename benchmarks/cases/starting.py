"""How long a person waits: `--version`, the demo's first full page, `sync` until its POST."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.line import Goal, Line, compared
from benchmarks.served import await_polls, await_sites, serving
from benchmarks.settings import write_settings
from benchmarks.side import ROOT, Side

_PORT = 18_450
_REPLICATIONS = 300
_LOOKS = 200
_ENOUGH_TO_SYNC_SECONDS = 1800


def measure(rounds: int) -> Iterator[Line]:
    """Start each often enough for a median, compiled beforehand as an installed one is."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", "vr_exporter"], cwd=ROOT, check=True)
    bare, version = [], []
    for _ in range(3 * rounds):
        bare.append(_milliseconds(["-c", "pass"]))
        version.append(_milliseconds(["-m", "vr_exporter", "--version"]))
    goal = Goal(5, 2, is_most=True)
    yield compared("--version, against python -c pass", "-", ours=version, base=bare, goal=goal)
    yield _waited("demo to its first full page", [_demo() for _ in range(rounds)], Goal(3, 1.5))
    with tempfile.TemporaryDirectory() as folder, Side("fleet", _REPLICATIONS, "--calm") as fleet:
        urls = fleet.go("where")["urls"]
        names = iter(fleet.go("names")["names"])
        alone = [
            _sync(fleet, write_settings(_made(folder, f"alone-{turn}"), urls), next(names))
            for turn in range(rounds)
        ]
        fleet.go("tick")
        many = {"max_running_per_site": 100}
        with serving(Path(folder, "beside"), urls, port=_PORT, triggers=many):
            await_polls(_PORT, 1)
            file = Path(folder, "beside/settings.yml")
            beside = [_sync(fleet, file, next(names)) for _ in range(rounds)]
    yield _waited("sync to its POST, alone", alone, Goal(1, 0.5))
    yield _waited("sync to its POST, beside serve", beside, Goal(1, 0.5))


def _waited(case: str, seconds: Sequence[float], goal: Goal) -> Line:
    middle = statistics.median(seconds)
    return Line(
        case=case,
        size=str(_REPLICATIONS),
        unit="s",
        ours=middle,
        judged=middle,
        goal=Goal(goal.floor, goal.aim, is_most=True),
        spread=(max(seconds) - min(seconds)) / middle,
    )


def _milliseconds(arguments: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - began)


def _demo() -> float:
    began = time.perf_counter()
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "vr_exporter", "demo", "--log.level", "error"),
            *("--web.listen-address", f"127.0.0.1:{_PORT}"),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        await_sites(_PORT, 2, step_seconds=0.02)
        return time.perf_counter() - began
    finally:
        program.terminate()
        program.wait(timeout=15)


def _sync(fleet: Side, file: Path, name: str) -> float:
    """Seconds from the start of the program to the moment that the appliance has the POST."""
    fleet.go("tick", _ENOUGH_TO_SYNC_SECONDS)
    before = fleet.go("posted")["at"]
    began = time.time()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "vr_exporter", "sync", "--config.file", str(file)),
            *("--no-wait", name),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("VR_")},
        capture_output=True,
        text=True,
        check=False,
    )
    at = before
    for _ in range(_LOOKS):
        at = fleet.go("posted")["at"]
        if at != before:
            break
        time.sleep(0.05)
    if at == before or done.returncode not in (0, 4):
        raise RuntimeError(f"sync {name} posted nothing: {done.stdout}{done.stderr}")
    return float(at) - began


def _made(folder: str, name: str) -> Path:
    made = Path(folder, name)
    made.mkdir()
    return made
