"""One day of the fleet, from its seed to its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.fleet_model.fleet import Fleet
from tests.fleet_model.growth import Growth
from tests.fleet_model.page import Mismatch

MOST_SHOWN: Final = 12
HOUR_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The same plan gives the same day."""

    hours: float = 24.0
    seed: int = 1
    step_seconds: float = 30.0
    replications: int = 40


@dataclass(frozen=True, slots=True)
class Day:
    """What came of it: nothing in `faults` where every page was as it had to be."""

    faults: list[str]
    figures: str
    reasons: frozenset[str]
    restarts: int
    compared: int


def live(plan: Plan, *, say: Callable[[str], None] = lambda _: None) -> Day:
    """Live the day to its end, or to the first page that is not as it must be."""
    fleet = Fleet(seed=plan.seed, replications=plan.replications, step_seconds=plan.step_seconds)
    growth = Growth()
    faults: list[str] = []
    try:
        while not faults and fleet.lived_seconds < plan.hours * HOUR_SECONDS:
            looks = len(growth.hours)
            faults = _told(fleet, fleet.turn(), plan)
            growth.look(fleet.lived_seconds)
            if len(growth.hours) > looks:
                say(f"{fleet.lived_seconds / HOUR_SECONDS:.1f} h: {growth}")
    finally:
        fleet.close()
    return Day(
        faults or growth.faults(),
        _figures(fleet, growth, plan),
        reasons=frozenset(reason for each in fleet.failures.values() for reason in each),
        restarts=fleet.restarts,
        compared=fleet.seen.compared,
    )


def _told(fleet: Fleet, found: list[Mismatch], plan: Plan) -> list[str]:
    if not found:
        return []
    at = f"seed {plan.seed}, {fleet.lived_seconds / HOUR_SECONDS:.4f} h"
    lines = [f"{at}: {mismatch}" for mismatch in found[:MOST_SHOWN]]
    lines.append(f"{at}: {len(found)} series not as they must be; going on: {fleet.troubles}")
    for site, told in fleet.last_poll.items():
        lines.append("\n  ".join([f"last poll of {site}: {told[0]}", *told[1:]]))
    return lines


def _figures(fleet: Fleet, growth: Growth, plan: Plan) -> str:
    reasons = {reason for each in fleet.failures.values() for reason in each}
    wishes = fleet.wishes
    return ", ".join(
        (
            f"{fleet.lived_seconds / HOUR_SECONDS:.1f} h",
            f"seed {plan.seed}",
            f"{fleet.steps} steps",
            f"{fleet.polls} polls ({fleet.failed} failed, by {len(reasons)} reasons)",
            f"{fleet.evils} faults of {fleet.kinds} kinds",
            f"{fleet.seen.compared} series compared",
            f"{fleet.syncs} syncs and {fleet.tasks} tasks seen to end",
            f"{wishes.made} wishes ({wishes.posts} posted)",
            f"{fleet.restarts} restarts",
            str(growth),
        )
    )
