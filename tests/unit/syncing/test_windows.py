"""Maintenance windows, through nights, weeks and changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.domain.names import SiteName
from vr_exporter.syncing.windows import DAYS, Window, end_of, is_in_window, window_over

MADRID = "Europe/Madrid"
SATURDAY_NIGHT = Window(begin=time(22), end=time(4), timezone=MADRID, days=("sat",))


def at(text: str, *, zone: str = MADRID, fold: int = 0) -> float:
    """Read a wall clock: seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        ("2026-06-13T21:59:59", False),
        ("2026-06-13T22:00:00", True),
        ("2026-06-14T00:00:00", True),
        ("2026-06-14T03:59:59", True),
        ("2026-06-14T04:00:00", False),
        ("2026-06-13T03:00:00", False),
        ("2026-06-14T22:30:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(
    moment: str,
    wanted: bool,  # noqa: FBT001 - a table
) -> None:
    """Saturday from 22:00 to 04:00 reaches into Sunday, and Friday's night is none of it."""
    assert is_in_window(SATURDAY_NIGHT, at(moment)) is wanted


def test_the_time_zone_is_that_of_the_window() -> None:
    """22:00 in Madrid is 20:00 in summer's UTC, 21:00 in winter's."""
    window = Window(begin=time(22), end=time(23), timezone=MADRID)
    assert is_in_window(window, at("2026-07-01T20:30:00", zone="UTC"))
    assert not is_in_window(window, at("2026-12-01T20:30:00", zone="UTC"))
    assert is_in_window(window, at("2026-12-01T21:30:00", zone="UTC"))


def test_the_spring_gap_shortens_a_night() -> None:
    """From 22:00 to 04:00 are five hours in the night of 29 March 2026."""
    begin, end = at("2026-03-28T22:00:00"), at("2026-03-29T04:00:00")
    assert end - begin == 5 * 3600
    assert end_of(SATURDAY_NIGHT, begin) == end
    assert not is_in_window(SATURDAY_NIGHT, end)


def test_the_autumn_fold_lengthens_a_night() -> None:
    """From 22:00 to 04:00 are seven hours in the night of 25 October 2026, without a break."""
    begin, end = at("2026-10-24T22:00:00"), at("2026-10-25T04:00:00")
    assert end - begin == 7 * 3600
    assert all(is_in_window(SATURDAY_NIGHT, begin + 600 * step) for step in range(42))
    assert end_of(SATURDAY_NIGHT, end - 1) == end


def test_an_end_that_comes_twice_is_the_later_one() -> None:
    """A window to 02:30 holds in one stretch until the clock shows 02:30 for the last time."""
    window = Window(begin=time(1), end=time(2, 30), timezone=MADRID)
    between = at("2026-10-25T02:45:00", fold=0)
    assert end_of(window, between) == at("2026-10-25T02:30:00", fold=1)


def test_a_begin_that_is_skipped_comes_as_much_later() -> None:
    """Where 02:15 to 02:45 do not exist, the window is the same half hour after the gap."""
    window = Window(begin=time(2, 15), end=time(2, 45), timezone=MADRID)
    assert not is_in_window(window, at("2026-03-29T03:00:00"))
    assert is_in_window(window, at("2026-03-29T03:15:00"))
    assert not is_in_window(window, at("2026-03-29T03:45:00"))


def test_a_window_without_sites_holds_for_all() -> None:
    """Named sites have their windows, the first that holds is told."""
    madrid = Window(begin=time(0), end=time(12), sites=("madrid",))
    everybody = Window(begin=time(10), end=time(12))
    windows, ten = (madrid, everybody), at("2026-06-13T10:30:00", zone="UTC")
    assert window_over(windows, SiteName("madrid"), now=ten) is madrid
    assert window_over(windows, SiteName("berlin"), now=ten) is everybody
    assert window_over(windows, SiteName("berlin"), now=ten - 3600) is None


def seconds_of(clock: time) -> int:
    """Seconds since midnight."""
    return clock.hour * 3600 + clock.minute * 60 + clock.second


times = st.times().map(lambda drawn: drawn.replace(microsecond=0))
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(  # noqa: DTZ001 - made aware
    lambda drawn: drawn.replace(tzinfo=UTC, microsecond=0).timestamp()
)
days = st.lists(st.sampled_from(DAYS), unique=True).map(tuple)


@given(times, times, days, moments)
def test_in_utc_a_window_is_arithmetic(
    begin: time, end: time, on: tuple[str, ...], now: float
) -> None:
    """Without changes of the clock, membership is a matter of the seconds since its begin."""
    window = Window(begin=begin, end=end, days=on)
    clock = datetime.fromtimestamp(now, UTC)
    start, stop, second = map(seconds_of, (begin, end, clock.time()))
    is_over_night = stop <= start
    began_today = second >= start
    length = (stop - start) % 86_400 or 86_400
    since = (second - start) % 86_400
    weekday = clock.weekday() if began_today or not is_over_night else clock.weekday() - 1
    wanted = since < length and (not on or DAYS[weekday] in on)
    assert is_in_window(window, now) is wanted


@given(times, times, moments, st.sampled_from([MADRID, "Australia/Lord_Howe", "America/Sao_Paulo"]))
def test_the_end_of_a_window_is_its_first_moment_outside(
    begin: time, end: time, now: float, zone: str
) -> None:
    """Wherever clocks change, inside has an end ahead, and at it this window is over."""
    window = Window(begin=begin, end=end, timezone=zone)
    until = end_of(window, now)
    if until is not None and begin != end:
        assert now < until
        assert end_of(window, until) != until
        assert end_of(window, until - 0.5) == until
