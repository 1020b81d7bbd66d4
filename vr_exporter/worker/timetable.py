"""When a site is polled, and how long that may take: by its size, our pace and its throttle."""

from __future__ import annotations

import logging
import math

from vr_exporter.appliance.pace import REQUESTS_PER_MINUTE
from vr_exporter.domain.names import SiteName
from vr_exporter.watching.reading import SiteReading

log = logging.getLogger(__name__)

PLANNED_PER_MINUTE = 30
"""What a poll may plan with: the rest of the pace is left to triggers and what follows them."""

MINIMUM_POLL_SECONDS = 60.0
FIRST_POLL_REQUESTS = 210
"""A first poll is allowed for as if it read 20,000 replications in pages of 100."""

MOST_POLL_REQUESTS = 2000
"""A poll is never allowed for as if it took more: 75 minutes at our pace."""

LONGEST_STRETCH = 16
LONGEST_STRETCHED_SECONDS = 900.0
"""A throttled site is asked at least so often, unless its settings want it more seldom."""


class Timetable:
    """A grid of time whose interval is stretched where a poll would not fit; times in seconds."""

    def __init__(self, site: SiteName, wanted_interval_seconds: float) -> None:
        self._site = site
        self._wanted = wanted_interval_seconds
        self._requests = self._allowed_requests = FIRST_POLL_REQUESTS
        self._was_read = False
        self._stretch = 1
        self.interval_seconds = wanted_interval_seconds

    def next_due(self, due: float, *, now: float) -> tuple[float, int]:
        """Return the next point of the grid, and how many passed: those are not made up for."""
        due += self.interval_seconds
        if due > now:
            return due, 0
        missed = math.floor((now - due) / self.interval_seconds) + 1
        return due + missed * self.interval_seconds, missed

    def planned_requests(self) -> int:
        """Say how much of a minute's pace the next poll wants."""
        return min(self._requests, PLANNED_PER_MINUTE)

    def poll_seconds(self) -> float:
        """Return how long a poll may take: fault-matrix R8.

        Where a site turned out larger than allowed for, the next poll is allowed for twice that,
        or the end of its lists would never be read.
        """
        return max(MINIMUM_POLL_SECONDS, 1.5 * self._allowed_requests * 60 / REQUESTS_PER_MINUTE)

    def learn(self, reading: SiteReading, *, requests: int) -> None:
        """Go by what a poll took, and stretch the interval to what pace and throttle leave."""
        if reading.is_whole:
            self._requests = self._allowed_requests = requests
            self._was_read = True
        elif "deadline" in reading.reasons and requests > self._allowed_requests:
            self._allowed_requests = min(2 * requests, MOST_POLL_REQUESTS)
        self._set_interval(was_throttled="throttled" in reading.reasons)

    def _set_interval(self, *, was_throttled: bool) -> None:
        self._stretch = min(self._stretch * 2, LONGEST_STRETCH) if was_throttled else 1
        needed = self._requests * 60 / PLANNED_PER_MINUTE if self._was_read else 0.0
        stretched = min(self._wanted * self._stretch, LONGEST_STRETCHED_SECONDS)
        interval = max(self._wanted, stretched, needed)
        if interval != self._wanted and 0 < self.interval_seconds - interval < interval / 10:
            return
        if interval != self.interval_seconds:
            log.warning(
                "poll interval changed",
                extra={
                    "site": self._site,
                    "interval_seconds": round(interval, 1),
                    "wanted_seconds": self._wanted,
                    "requests": self._requests,
                    "throttled": was_throttled,
                },
            )
        self.interval_seconds = interval
