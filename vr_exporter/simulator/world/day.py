"""The hours of the day: how much of its average a VM writes."""

from __future__ import annotations

WRITES_BY_HOUR = (
    *(0.5, 0.4, 0.4, 0.4, 0.5, 0.6, 0.8, 1.1),
    *(1.5, 1.8, 1.7, 1.5, 1.3, 1.4, 1.7, 1.6),
    *(1.3, 1.0, 0.8, 0.7, 0.7, 0.9, 1.1, 0.7),
)
"""Share of the average, hour by hour: work in the morning and afternoon, backups at night."""

HOUR_SECONDS = 3600.0


def writes(moment: float) -> float:
    """The share at a moment (seconds since 1970, UTC), going evenly from hour to hour."""
    hour, into = divmod(moment / HOUR_SECONDS, 1.0)
    here, there = (WRITES_BY_HOUR[int(hour + step) % 24] for step in (0, 1))
    return here + (there - here) * into
