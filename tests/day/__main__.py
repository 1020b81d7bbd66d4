"""`python -m tests.day`: prove the dashboards, or serve a stored day."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.day import dashboards
from tests.day.day import DAY_HOURS, Plan
from tests.day.days import Groups, StoredDay, read_rules, store
from tests.day.proof import Proof
from tests.day.quiet import SHIPPED

SCENARIOS = ("lively", "bad")


def main() -> int:
    """Do what the command line says."""
    given = _parser().parse_args()
    groups = read_rules(*given.rules)
    if given.command == "serve":
        return _serve(given, groups)
    return _prove(given, groups)


def _prove(given: argparse.Namespace, groups: Groups) -> int:
    with _folder(given.folder) as folder:
        days = [_stored(name, given, folder=folder / name, groups=groups) for name in SCENARIOS]
        lively, bad = days
        with lively.serve() as one, bad.serve() as other:
            types = {**lively.told.types, **bad.told.types}
            found = dashboards.read_all(given.dashboards, quiet=SHIPPED)
            report = Proof(one, other, types).run(found)
    for line in report.lines():
        _say(line)
    return 1 if report.failures or not report.dashboards else 0


def _serve(given: argparse.Namespace, groups: Groups) -> int:
    given.folder.mkdir(parents=True, exist_ok=True)
    day = _stored(given.scenario, given, folder=given.folder, groups=groups)
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    with day.serve(listen=given.listen) as asking:
        _say(f"{asking.url} start={asking.start:.0f} end={asking.end:.0f}")
        end.wait()
    return 0


def _stored(scenario: str, given: argparse.Namespace, *, folder: Path, groups: Groups) -> StoredDay:
    folder.mkdir(parents=True, exist_ok=True)
    now = time.time()  # noqa: TID251 - the day ends now, so that a browser's "last 24 h" shows it
    plan = Plan(
        end=now // 60 * 60,
        hours=given.hours,
        replications=given.replications,
        is_bad=scenario == "bad",
        broken=given.broken,
    )
    return store(plan, folder, groups=groups, say=lambda line: _say(f"{scenario}: {line}"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="vr-day-") as folder:
        yield Path(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    prove = commands.add_parser("prove", help="run every query of every dashboard")
    prove.add_argument("--dashboards", type=Path, default=dashboards.FOLDER)
    prove.add_argument("--folder", type=Path, help="keep the blocks here")
    serve = commands.add_parser("serve", help="run Prometheus on a day until Ctrl-C")
    serve.add_argument("folder", type=Path)
    serve.add_argument("--scenario", choices=SCENARIOS, default="lively")
    serve.add_argument("--listen", default="127.0.0.1:0")
    for command in (prove, serve):
        command.add_argument("--hours", type=float, default=DAY_HOURS)
        command.add_argument("--replications", type=int, default=60)
        command.add_argument("--rules", type=Path, action="append", default=[])
        command.add_argument("--break", dest="broken", default="", metavar="METRIC")
    return parser


if __name__ == "__main__":
    sys.exit(main())
