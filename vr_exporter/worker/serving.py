"""A site's triggers in its worker's time: begun and looked after beside the polls."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from vr_exporter.appliance.errors import ApplianceError, Stopping
from vr_exporter.appliance.pace import WINDOW_SECONDS
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.names import SiteName
from vr_exporter.syncing.tasks import BUSY_LOOK_SECONDS, LOOK_SECONDS
from vr_exporter.worker.rooms import SiteRooms
from vr_exporter.worker.shown import Shown
from vr_exporter.worker.timetable import Timetable

log = logging.getLogger(__name__)

EARNED_PER_PAGE = 1 / 4
"""Each page of a poll earns triggers this part of a request: less than the third that is planned
for them, as a look at the tasks may cost more than it has earned."""

FIRST_EARNED = 2.0
"""With this the first wish of a poll need not wait for its pages."""

LOOK_REQUESTS = 2
"""The list of tasks, and what became of the replications whose tasks ended."""

SHORTEST_REST_SECONDS = 1.0


class Serving:
    """Spends on triggers what polls leave of the pace, between two of them and within one."""

    def __init__(
        self, site: SiteName, rooms: SiteRooms, shown: Shown, *, timetable: Timetable, clock: Clock
    ) -> None:
        self._site = site
        self._rooms = rooms
        self._shown = shown
        self._timetable = timetable
        self._clock = clock
        self._last_look = self._polled_at = -math.inf
        self._is_working = False
        self._earned = 0.0
        self.spent_in_poll = 0
        rooms.appliance.between_pages = self._between_pages

    def begin_poll(self) -> None:
        """Note that a poll begins: what triggers may spend in it is earned anew."""
        self._polled_at = self._clock.monotonic()
        self._earned, self.spent_in_poll = FIRST_EARNED, 0

    def note_look(self) -> None:
        """Note that the tasks were just read."""
        self._last_look = self._clock.monotonic()

    def between_polls(self) -> None:
        """Serve the triggers between two polls, with what the next poll leaves of the pace."""
        self._serve(lambda: self._rooms.appliance.syncs.room() - self._reserve())

    def seconds_to_look(self) -> float:
        """Say when triggers want the worker next; a new wish wakes it at once."""
        syncs = self._rooms.syncs
        if syncs.is_following():
            left = self._last_look + LOOK_SECONDS - self._clock.monotonic()
            return max(left, SHORTEST_REST_SECONDS)
        return LOOK_SECONDS if syncs.is_waiting() else math.inf

    def _reserve(self) -> int:
        """Say what to leave of the pace for the next poll.

        Nothing in the minute from the last: when it is over, what that one took is free again.
        """
        is_recent = self._clock.monotonic() < self._polled_at + WINDOW_SECONDS
        return 0 if is_recent else self._timetable.planned_requests()

    def _between_pages(self) -> None:
        """Serve the triggers in the midst of a poll, with what its pages have earned them."""
        if self._is_working:
            return
        rooms = self._rooms
        self._earned += EARNED_PER_PAGE
        before = rooms.requests_of_polls()
        self._serve(lambda: int(self._earned) - (rooms.requests_of_polls() - before))
        spent = rooms.requests_of_polls() - before
        self._earned -= spent
        self.spent_in_poll += spent

    def _serve(self, spare: Callable[[], int]) -> None:
        """Look after what runs, begin what waits, within so many requests."""
        syncs = self._rooms.syncs
        self._is_working = True
        try:
            is_look_due = self._is_look_due()
            if is_look_due and spare() >= LOOK_REQUESTS:
                self._look()
                is_look_due = False
            if syncs.is_waiting():
                syncs.begin_queued(lambda: 0 if is_look_due else spare())
            self._shown.publish(self._shown.snapshot)
        finally:
            self._is_working = False

    def _is_look_due(self) -> bool:
        syncs = self._rooms.syncs
        interval = BUSY_LOOK_SECONDS if syncs.may_begin() else LOOK_SECONDS
        return syncs.is_following() and self._clock.monotonic() >= self._last_look + interval

    def _look(self) -> None:
        """Look at the tasks of the site: one request for all that run."""
        self.note_look()
        rooms = self._rooms
        try:
            with rooms.appliance.syncs.step():
                tasks = self._shown.named(rooms.appliance.tasks())
        except ApplianceError as error:
            log.debug("tasks not read", extra={"site": self._site, "error": str(error)})
            return
        heed_stop(self._clock)
        observation = rooms.watch.observe_tasks(
            tasks,
            before=self._shown.snapshot,
            seen_tasks=rooms.ledger.seen_tasks(self._site),
            now=self._clock.now(),
        )
        self._shown.record(observation, tasks)


def heed_stop(clock: Clock) -> None:
    """Raise Stopping once the clock says so."""
    if clock.wait(0):
        raise Stopping
