"""Slots of schedules, where clocks change and where nobody was there to notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.builders import a_pairing_snapshot, a_replication, a_site_snapshot, a_snapshot
from vr_exporter.domain.triggers import Origin
from vr_exporter.settings.cron import cron_fault
from vr_exporter.settings.triggers import Schedule as Schedules
from vr_exporter.syncing.schedules import (
    LONGEST_WAIT_SECONDS,
    PUNCTUAL_SECONDS,
    Schedule,
    Slot,
    due,
    next_slot,
    wishes_of,
)
from vr_exporter.syncing.targets import Directory, Wanted

MADRID = "Europe/Madrid"
MINUTE, HOUR, DAY = 60, 3600, 86_400


def a_schedule(cron: str = "0 2 * * *", *, timezone: str = MADRID, name: str = "s") -> Schedule:
    """A schedule of everything, by Madrid's clock."""
    return Schedule(name=name, cron=cron, timezone=timezone)


def at(text: str, *, zone: str = MADRID, fold: int = 0) -> float:
    """Read a wall clock: seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def slots_between(schedule: Schedule, begin: float, end: float) -> list[str]:
    """Every slot in (begin, end], on the wall clock of Madrid with its offset."""
    found = []
    slot = next_slot(schedule, begin)
    while slot is not None and slot <= end:
        found.append(f"{datetime.fromtimestamp(slot, ZoneInfo(MADRID)):%d %H:%M %z}")
        slot = next_slot(schedule, slot)
    return found


def test_the_next_slot_is_later_than_the_given_time() -> None:
    """At a slot, the next one is asked for; the zone is that of the schedule."""
    slot = at("2026-06-13T02:00:00")
    assert next_slot(a_schedule(), slot - 1) == slot
    assert next_slot(a_schedule(), slot) == slot + DAY
    assert next_slot(a_schedule(timezone="UTC"), slot) == slot + 2 * HOUR


GAP = (at("2026-03-28T12:00:00"), at("2026-03-30T12:00:00"))
FOLD = (at("2026-10-24T12:00:00"), at("2026-10-26T12:00:00"))


@pytest.mark.parametrize(
    ("cron", "wanted"),
    [
        ("30 2 * * *", ["29 03:00 +0200", "30 02:30 +0200"]),
        ("15,45 2 * * *", ["29 03:00 +0200", "30 02:15 +0200", "30 02:45 +0200"]),
        ("0 3 * * *", ["29 03:00 +0200", "30 03:00 +0200"]),
        ("30 1 * * *", ["29 01:30 +0100", "30 01:30 +0200"]),
    ],
)
def test_a_time_that_the_spring_gap_skips_comes_right_after_it(
    cron: str, wanted: list[str]
) -> None:
    """On 29 March 2026 Madrid's clock goes from 02:00 to 03:00: the night's sync is not lost."""
    assert slots_between(a_schedule(cron), *GAP) == wanted


@pytest.mark.parametrize(
    ("cron", "wanted"),
    [
        ("30 2 * * *", ["25 02:30 +0200", "26 02:30 +0100"]),
        ("15,45 2 * * *", ["25 02:15 +0200", "25 02:45 +0200", "26 02:15 +0100", "26 02:45 +0100"]),
        ("0 3 * * *", ["25 03:00 +0100", "26 03:00 +0100"]),
    ],
)
def test_a_time_that_the_autumn_fold_repeats_comes_once(cron: str, wanted: list[str]) -> None:
    """On 25 October 2026 Madrid's clock shows 02:00 to 03:00 twice: the first time counts."""
    assert slots_between(a_schedule(cron), *FOLD) == wanted


def test_a_line_with_a_star_has_no_slot_in_an_hour_that_is_skipped() -> None:
    """It follows the clock as it is shown: not at all in the gap, and twice in the fold.

    The description of the setting says so.
    """
    thrice = a_schedule("*/20 2 * * *")
    assert slots_between(thrice, GAP[0], GAP[0] + DAY) == []
    assert len(slots_between(thrice, FOLD[0], FOLD[0] + DAY)) == 2 * 3
    said = Schedules.model_fields["cron"].description or ""
    assert "(`*/20 2 * * *`) has no slot in it" in said


@pytest.mark.parametrize("minute", range(0, 60, 5))
def test_asked_again_in_the_repeated_hour_a_slot_that_was_is_not_told(minute: int) -> None:
    """A program that starts within the second 02:00 to 03:00 does not run the night again."""
    within = at(f"2026-10-25T02:{minute:02}:00", fold=1)
    assert next_slot(a_schedule("30 2 * * *"), within) == at("2026-10-26T02:30:00")


@pytest.mark.parametrize(("begin", "end"), [GAP, FOLD])
def test_hourly_slots_follow_time_as_it_passes(begin: float, end: float) -> None:
    """Each hour that passes has one slot, in the gap and in the fold as ever."""
    schedule = a_schedule("0 * * * *")
    slot, count = next_slot(schedule, begin), 0
    while slot is not None and slot <= end:
        count += 1
        assert slot == begin + count * HOUR
        slot = next_slot(schedule, slot)
    assert count == (end - begin) // HOUR


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "0 0 31 4,6 *"])
def test_a_line_that_no_day_fits_has_no_slot(cron: str) -> None:
    """The settings cannot tell; the schedule rests."""
    assert cron_fault(cron) == ""
    assert next_slot(a_schedule(cron), at("2026-01-01T00:00:00")) is None
    assert due([a_schedule(cron)], last=0.0, now=DAY).slots == ()


items = st.sampled_from(["*", "*/7", "1", "2-5", "1-4/2", "3,1", "0", "5/2", "10-12,1"])
names = st.sampled_from(["jan", "FEB-may", "mon-fri", "sun", "sun-sat/2", "7", "*", "4"])


@given(items, items, items, names | items, names | items)
@example("0", "0", "*", "*", "sun-7")
def test_every_line_that_the_settings_take_has_its_slots(
    minute: str, hour: str, day: str, month: str, weekday: str
) -> None:
    """What passes as a setting is read here too: all these lines fit some day."""
    cron = f"{minute} {hour} {day} {month} {weekday}"
    if cron_fault(cron) == "":
        start = at("2026-01-01T00:00:00")
        slot = next_slot(a_schedule(cron), start)
        assert slot is not None
        assert slot > start


zones = st.sampled_from([MADRID, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut"])
lines = st.sampled_from(["30 2 * * *", "0 0 * * *", "15 */2 * * *", "*/20 1-3 * * *", "5 * * * 0"])
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - made aware
    lambda drawn: drawn.replace(tzinfo=UTC, microsecond=0).timestamp()
)


@given(lines, zones, moments, st.integers(0, 3 * DAY))
def test_slots_do_not_depend_on_when_one_asks(
    cron: str, zone: str, begin: float, later: int
) -> None:
    """Asked at any time up to it, the next slot is the same; never one that has been."""
    schedule = a_schedule(cron, timezone=zone)
    first = next_slot(schedule, begin)
    assert first is not None
    assert first > begin
    asked = begin + later
    if asked < first:
        assert next_slot(schedule, asked) == first


def test_a_schedule_is_due_in_the_moment_of_its_slot() -> None:
    """Not before it, and not again after it was told."""
    slot = at("2026-06-13T02:00:00")
    assert due([a_schedule()], last=slot - 10, now=slot - 1).slots == ()
    (told,) = due([a_schedule()], last=slot - 1, now=slot).slots
    assert (told.schedule, told.at) == (a_schedule(), slot)
    assert due([a_schedule()], last=slot, now=slot + 9).slots == ()


def test_several_schedules_are_due_together() -> None:
    """Each has its own slots."""
    slot = at("2026-06-13T02:00:00")
    both = [a_schedule(name="a"), a_schedule("0 */2 * * *", name="b"), a_schedule("0 3 * * *")]
    assert [s.schedule.name for s in due(both, last=slot - 1, now=slot + 1).slots] == ["a", "b"]


@pytest.mark.parametrize("late", [PUNCTUAL_SECONDS, 6 * HOUR, 3 * DAY])
def test_a_slot_that_went_by_unnoticed_is_missed_and_not_made_up_for(late: float) -> None:
    """After downtime or sleep the schedule waits for its next slot; that it missed one is told."""
    slot = at("2026-06-13T02:00:00")
    told = due([a_schedule()], last=slot - 1, now=slot + late)
    assert told.missed == (a_schedule(),)
    assert [each.at for each in told.slots] in ([], [slot + 3 * DAY])


def test_a_program_that_starts_after_a_slot_does_not_run_it() -> None:
    """Asked from its own start, what was before it is not even missed."""
    slot = at("2026-06-13T02:00:00")
    told = due([a_schedule()], last=slot + 1, now=slot + 5)
    assert (told.slots, told.missed) == ((), ())


def test_after_sleep_the_slot_of_this_very_minute_is_run() -> None:
    """Many are missed, the last one is not."""
    slot = at("2026-06-13T12:00:00")
    told = due([a_schedule("* * * * *")], last=slot - 4 * HOUR, now=slot + 5)
    assert [each.at for each in told.slots] == [slot]
    assert told.missed


@settings(deadline=None)
@given(moments, st.lists(st.integers(1, int(PUNCTUAL_SECONDS)), min_size=1, max_size=60))
def test_asked_each_minute_at_least_every_slot_is_told_once(begin: float, waits: list[int]) -> None:
    """However the calls fall, no slot is passed over and none told twice."""
    schedule = a_schedule("*/3 * * * *")
    told, last = [], begin
    for wait in waits:
        told += [slot.at for slot in due([schedule], last=last, now=last + wait).slots]
        last += wait
    wanted, slot = [], next_slot(schedule, begin)
    while slot is not None and slot <= last:
        wanted.append(slot)
        slot = next_slot(schedule, slot)
    assert told == wanted


def test_a_clock_set_back_tells_no_slot_until_it_has_caught_up() -> None:
    """An hour earlier than last time nothing is due: the times were asked about already."""
    slot = at("2026-06-13T02:00:00")
    assert due([a_schedule()], last=slot + 5, now=slot - HOUR + 5).slots == ()


@pytest.mark.parametrize(
    ("cron", "wait"),
    [("0 2 * * *", LONGEST_WAIT_SECONDS), ("*/15 * * * *", 15 * MINUTE), ("0 2 13 6 *", 6 * HOUR)],
)
def test_a_wish_by_schedule_waits_until_the_next_slot_and_six_hours_at_most(
    cron: str, wait: float
) -> None:
    """What could not be asked by then is expired: the next slot has wishes of its own."""
    slot = at("2026-06-13T02:00:00")
    (told,) = due([a_schedule(cron)], last=slot - 1, now=slot).slots
    assert told.not_after == slot + wait


def test_a_slot_has_one_wish_for_each_match_all_at_once() -> None:
    """A large match is spread by the queue, not by the schedule."""
    rows = [a_replication(id=f"GID-{n}", vm=f"db-{n}", vm_id=f"vm-{n}") for n in range(300)]
    directory = Directory(lambda: a_snapshot(a_site_snapshot(a_pairing_snapshot(*rows))))
    schedule = Schedule("nightly", "0 2 * * *", MADRID, Wanted(patterns=("db-1*",)), 4 * HOUR)
    slot = Slot(schedule, at("2026-06-13T02:00:00"), at("2026-06-13T08:00:00"))
    wishes, found = wishes_of(slot, directory)
    assert len(wishes) == len(found.targets) == 111
    assert len({wish.key for wish in wishes}) == 111
    assert {(w.origin, w.actor, w.not_after, w.max_age_seconds) for w in wishes} == {
        (Origin.SCHEDULE, "nightly", slot.not_after, 4.0 * HOUR)
    }
    assert wishes_of(slot, directory)[0] == wishes


def test_a_slot_without_a_match_has_no_wish_and_says_why() -> None:
    """A pattern that no VM has is told, so that it can be logged."""
    schedule = Schedule("nightly", "0 2 * * *", wanted=Wanted(patterns=("gone-*",)))
    wishes, found = wishes_of(Slot(schedule, 0.0, 1.0), Directory(a_snapshot))
    assert wishes == ()
    assert found.faults[0].skip.sentence == 'no VM matches "gone-*"'


def test_a_year_of_nights_has_one_slot_a_day() -> None:
    """Through both changes of the clock, each local day has its 02:30 once."""
    begin = at("2026-01-01T00:00:00")
    days, slot = [], next_slot(a_schedule("30 2 * * *"), begin)
    while slot is not None and slot < at("2027-01-01T00:00:00"):
        days.append(datetime.fromtimestamp(slot, ZoneInfo(MADRID)).date())
        slot = next_slot(a_schedule("30 2 * * *"), slot)
    assert len(days) == 365
    assert all(b - a == timedelta(days=1) for a, b in pairwise(days))
