"""A day with its rules, stored: what the proof asks and what a preview is drawn from."""

from __future__ import annotations

import fcntl
import pickle
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.command_line import ROOT
from tests.day import alerts
from tests.day.asking import Asking
from tests.day.blocks import Blocks
from tests.day.day import Plan, Told, tell

RULES = ROOT / "dashboards" / "rules"

Groups = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredDay:
    """A day in blocks; `raised` are the alerts that its rules would have sent."""

    plan: Plan
    told: Told
    blocks: Blocks
    raised: tuple[alerts.Raised, ...] = ()

    @contextmanager
    def serve(self, *, listen: str = "127.0.0.1:0") -> Iterator[Asking]:
        """Run a Prometheus on it."""
        with self.blocks.serve(listen=listen) as prometheus:
            yield Asking(prometheus.url, self.plan.start, self.plan.end)


def shared(plan: Plan, folder: Path, *, groups: Groups, own: Path) -> StoredDay:
    """Store a day in a folder unless another test process has done so, and take a copy of it."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "day.pickle"
    with (folder / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(store(plan, folder, groups=groups)))
    day: StoredDay = pickle.loads(kept.read_bytes())  # noqa: S301 - written by ourselves
    shutil.copytree(folder / "data", own / "data")
    return replace(day, blocks=Blocks(own))


def store(
    plan: Plan, folder: Path, *, groups: Groups, say: Callable[[str], object] = lambda _: None
) -> StoredDay:
    """Step through a day, store it, and add what the rules make of it."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    blocks = Blocks(folder)
    begun = _seconds()
    told = tell(plan, folder, take=blocks.load)
    say(f"{plan.hours:g} h told in {_seconds() - begun:.0f} s: {told.samples:,} samples")
    blocks.finish()
    say(f"loaded after {_seconds() - begun:.0f} s")
    levels = blocks.record(groups, start=plan.start, end=plan.end)
    day = StoredDay(plan, told, blocks)
    with day.serve() as asking:
        raised = tuple(alerts.raised(groups, asking))
    if raised:
        alerts.store(raised, folder / "alerts.om")
        blocks.load(folder / "alerts.om")
        blocks.finish()
    fired = {one.labels["alertname"] for one in raised if one.state == "firing"}
    say(f"rules after {_seconds() - begun:.0f} s: {levels} levels, {len(fired)} alerts fired")
    return StoredDay(plan, told, blocks, raised)


def read_rules(*paths: Path) -> Groups:
    """Read the groups of rule files; without any, of those that the project ships."""
    chosen = paths or sorted(path for path in RULES.glob("*.yml") if "_test" not in path.name)
    return [
        group
        for path in chosen
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    ]


def _seconds() -> float:
    return time.monotonic()  # noqa: TID251 - says what the machine took, not what the day did
