"""Maintenance windows: stretches of the week, by the wall clock of a zone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vr_exporter.domain.names import SiteName

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Window:
    """A window in which no trigger acts; without sites it holds for all, without days daily.

    `days` are those on which it begins. Where `end` is not after `begin` it lies on the next day.
    """

    begin: time
    end: time
    timezone: str = "UTC"
    sites: tuple[str, ...] = ()
    days: tuple[str, ...] = ()


def window_over(windows: Iterable[Window], site: SiteName, *, now: float) -> Window | None:
    """Find the window that holds for the site now."""
    return next((w for w in windows if site in (w.sites or (site,)) and is_in_window(w, now)), None)


def is_in_window(window: Window, now: float) -> bool:
    """Whether the window holds: from its begin, the end no longer in it."""
    return end_of(window, now) is not None


def end_of(window: Window, now: float) -> float | None:
    """Tell when the window that holds now ends, in seconds since 1970; None outside of it.

    Where clocks go back within it, the window is one stretch: from the first time the clock
    shows its begin to the last time it shows its end. Where they go forward over its begin or
    its end, that comes as much later as they skip.
    """
    zone = ZoneInfo(window.timezone)
    today = datetime.fromtimestamp(now, zone).date()
    for day in (today, today - timedelta(days=1)):
        if window.days and DAYS[day.weekday()] not in window.days:
            continue
        begin, end = _stretch(window, day, zone)
        if begin <= now < end:
            return end
    return None


def _stretch(window: Window, day: date, zone: ZoneInfo) -> tuple[float, float]:
    last = day if window.end > window.begin else day + timedelta(days=1)
    begin = datetime.combine(day, window.begin, zone)
    end = datetime.combine(last, window.end, zone)
    return begin.timestamp(), max(end.timestamp(), end.replace(fold=1).timestamp())
