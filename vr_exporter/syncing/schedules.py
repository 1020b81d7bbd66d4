"""Cron slots → wishes, each slot once: also where clocks change, and never afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from vr_exporter.domain.triggers import Origin, Target
from vr_exporter.syncing.targets import Directory, Found, Wanted
from vr_exporter.syncing.wishes import Wish, schedule_key

PUNCTUAL_SECONDS = 60.0
"""A slot noticed later than this was missed: the program was down or the machine asleep."""

LONGEST_WAIT_SECONDS = 6 * 3600.0
"""A wish by schedule waits for its turn until the next slot, and no longer than this."""

FIRST_READING_SECONDS = 600.0
"""A slot waits so long for sites whose first reading has not ended: what they have is unknown."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Syncs at set times: a cron line of five fields, read by the clock of `timezone`."""

    name: str
    cron: str
    timezone: str = "UTC"
    wanted: Wanted = field(default_factory=lambda: Wanted(is_all=True))
    max_age_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One time of a schedule, and until when its wishes may wait (seconds since 1970)."""

    schedule: Schedule
    at: float
    not_after: float

    def may_wait(self, now: float) -> bool:
        """Whether it may wait for the first reading of a site."""
        return now < min(self.at + FIRST_READING_SECONDS, self.not_after)


@dataclass(frozen=True, slots=True)
class Due:
    """The slots to be run now, and the schedules of which slots went by unnoticed."""

    slots: tuple[Slot, ...] = ()
    missed: tuple[Schedule, ...] = ()


def next_slot(schedule: Schedule, after: float) -> float | None:
    """Find the first slot later than `after`; None for a line that no day fits, as 30 February.

    A time of day that the clock skips comes when it has skipped it; one that the clock shows
    twice comes the first time. Lines for every hour or minute follow time as it passes.
    """
    start = datetime.fromtimestamp(after, ZoneInfo(schedule.timezone))
    try:
        slots = (slot.timestamp() for slot in CronSim(schedule.cron, start))
        return next((slot for slot in slots if slot > after), None)
    except CronSimError:
        return None


def due(schedules: Iterable[Schedule], *, last: float, now: float) -> Due:
    """Find the slots in (last, now]; of those that are long past none is made up for.

    `last` is the `now` of the call before, at first the start of the program. Asked at least
    every `PUNCTUAL_SECONDS`, it passes over none.
    """
    slots, missed = [], []
    for schedule in schedules:
        first = next_slot(schedule, last)
        if first is not None and first <= now - PUNCTUAL_SECONDS:
            missed.append(schedule)
            first = next_slot(schedule, now - PUNCTUAL_SECONDS)
        if first is not None and first <= now:
            slots.append(Slot(schedule, first, _not_after(schedule, first)))
    return Due(tuple(slots), tuple(missed))


def wishes_of(slot: Slot, directory: Directory) -> tuple[tuple[Wish, ...], Found]:
    """Make a slot's wishes, all at once: concurrency spreads them. Also tell what was found."""
    found = directory.find(slot.schedule.wanted)
    return tuple(_wish(slot, target) for target in found.targets), found


def _wish(slot: Slot, target: Target) -> Wish:
    return Wish(
        key=schedule_key(slot.schedule.name, slot.at, target.replication_id),
        target=target,
        origin=Origin.SCHEDULE,
        not_after=slot.not_after,
        actor=slot.schedule.name,
        max_age_seconds=slot.schedule.max_age_seconds,
    )


def _not_after(schedule: Schedule, slot: float) -> float:
    following = next_slot(schedule, slot)
    longest = slot + LONGEST_WAIT_SECONDS
    return longest if following is None else min(following, longest)
