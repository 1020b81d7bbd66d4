"""A day of two sites and two exporters, stepped through in minutes and written as scrapes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.alertmanager import Alertmanager
from tests.day.clock import ScrapedClock
from tests.day.exporter import Exporter
from tests.day.scrapes import INTERVAL_SECONDS, Scrapes, Target
from tests.day.troubles import TROUBLES, Stage
from tests.day.wishing import Wishing
from tests.watched import ACCOUNT
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.simulator.world import World, WorldOptions

SITES = ("madrid", "berlin")
EXPECTED_VMS = ("db-01", "vm-that-is-gone")
DAY_HOURS = 24.0
MINUTE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of day: its end in seconds since 1970, its length, its size.

    A bad one has its troubles and fails four tasks in ten. `broken` is a metric that is written
    under another name.
    """

    end: float
    hours: float = DAY_HOURS
    replications: int = 60
    is_bad: bool = False
    broken: str = ""

    @property
    def start(self) -> float:
        """The first moment."""
        return self.end - self.hours * 3600.0


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a day: samples, types of families, the truth of the world at its end."""

    samples: int
    types: dict[str, str]
    truth: dict[str, Any] = field(default_factory=dict)


def tell(plan: Plan, folder: Path, *, take: Callable[[Path], None]) -> Told:
    """Step through the day and hand over its scrapes, a file for each block of Prometheus."""
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        scrapes = Scrapes(folder, take=take, broken=plan.broken)
        stage = stack.enter_context(_stage(plan, scrapes))
        for minute in range(round(plan.hours * 60)):
            _live_minute(plan, stage, minute)
        stage.first.time.advance(plan.end - stage.first.time.now())
        scrapes.close()
        return Told(scrapes.samples, scrapes.types, stage.world.truth())


def _live_minute(plan: Plan, stage: Stage, minute: int) -> None:
    end = plan.start + (minute + 1) * MINUTE_SECONDS
    time = stage.first.time
    if time.now() >= end:
        return  # a wait took the minute, and the scrapes were taken meanwhile
    if plan.is_bad:
        _trouble(plan, stage, minute)
    stage.wishing.in_minute(minute)
    if stage.first.bridge is not None and not stage.first.is_down:
        stage.first.bridge.in_minute(minute)
    for exporter in (stage.second, stage.first):
        exporter.live_until(end - 1.0)
    time.advance(end - time.now())


def _trouble(plan: Plan, stage: Stage, minute: int) -> None:
    for trouble in TROUBLES:
        begins = round(trouble.at * plan.hours * 60)
        if minute == begins:
            trouble.begin(stage)
        if minute == begins + trouble.minutes:
            trouble.cure(stage)


@contextmanager
def _stage(plan: Plan, scrapes: Scrapes) -> Iterator[Stage]:
    time = ScrapedClock(plan.start, interval_seconds=INTERVAL_SECONDS)
    options = WorldOptions(
        sites=SITES,
        replications=plan.replications,
        churn=True,
        task_failure_share=0.4 if plan.is_bad else None,
    )
    world = World(options, now=time.now)
    apis = {name: Api(world, name, ApiOptions(accounts=(ACCOUNT,))) for name in SITES}
    alertmanager = Alertmanager(time) if plan.is_bad else None
    with (
        Exporter(world, apis, time, expected_vms=EXPECTED_VMS, alertmanager=alertmanager) as first,
        Exporter(world, apis, time, expected_vms=EXPECTED_VMS, is_first=False) as second,
    ):
        targets = {
            "exporter-1:10843": first,
            "exporter-2:10843": second,
        }
        known = [Target(name, exporter.text) for name, exporter in targets.items()]

        def scrape(moment: float) -> None:
            for target, exporter in zip(known, targets.values(), strict=True):
                target.born_at = exporter.born_at
                scrapes.take(target, moment)

        time.scrape = scrape
        yield Stage(world, first, second, Wishing(first), alertmanager)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporters' log out of the output: nobody reads a day of it."""
    logger = logging.getLogger("vr_exporter")
    before = logger.propagate
    nowhere = logging.NullHandler()
    logger.propagate = False
    logger.addHandler(nowhere)
    try:
        yield
    finally:
        logger.propagate = before
        logger.removeHandler(nowhere)
