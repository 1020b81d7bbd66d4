"""One site's loop: poll on a grid of time, record, hang the snapshot up, wait."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

from vr_exporter.appliance.client import Appliance
from vr_exporter.appliance.errors import ApplianceError, Stopping
from vr_exporter.appliance.pace import REQUESTS_PER_MINUTE, WINDOW_SECONDS
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Event, Polled, PollsSkipped, Surprised
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.tasks import Task
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.tasks import BUSY_LOOK_SECONDS, LOOK_SECONDS, SyncTasks
from vr_exporter.watching.board import Board
from vr_exporter.watching.episodes import Episodes
from vr_exporter.watching.failures import key_of, told
from vr_exporter.watching.inventory import Reader
from vr_exporter.watching.reading import SiteReading
from vr_exporter.watching.site import Observation, SiteWatch

log = logging.getLogger(__name__)

PLANNED_PER_MINUTE = 30
"""What a poll may plan with: the rest of the pace is left to triggers and what follows them."""

EARNED_PER_PAGE = 1 / 4
"""Each page of a poll earns triggers this part of a request: less than the third that is planned
for them, as a look at the tasks may cost more than it has earned."""

FIRST_EARNED = 2.0
"""With this the first wish of a poll need not wait for its pages."""

LOOK_REQUESTS = 2
"""The list of tasks, and what became of the replications whose tasks ended."""

SHORTEST_REST_SECONDS = 1.0

MINIMUM_POLL_SECONDS = 60.0
FIRST_POLL_REQUESTS = 210
"""A first poll is allowed for as if it read 20,000 replications in pages of 100."""

MOST_POLL_REQUESTS = 2000
"""A poll is never allowed for as if it took more: 75 minutes at our pace."""

LONGEST_STRETCH = 16
LONGEST_STRETCHED_SECONDS = 900.0
"""A throttled site is asked at least so often, unless its settings want it more seldom."""

HEARTBEAT_SLACK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SiteRooms:
    """What a worker works with; each belongs to this site save board and ledger."""

    appliance: Appliance
    reader: Reader
    watch: SiteWatch
    ledger: Ledger
    board: Board
    syncs: SyncTasks
    trigger_appliance: Appliance | None = None

    def close(self) -> None:
        """Log out, also the account that triggers have of their own."""
        self.appliance.close()
        if self.trigger_appliance:
            self.trigger_appliance.close()


class Worker:
    """Polls one site and serves its triggers until told to stop; no appliance's fault ends it.

    `rest` waits between polls like the clock's wait, and may end early when there is a new wish.
    """

    def __init__(
        self,
        site: SiteName,
        rooms: SiteRooms,
        *,
        interval_seconds: float,
        clock: Clock,
        tell: Callable[[Event], None],
        rest: Callable[[float], bool] | None = None,
    ) -> None:
        self.site = site
        self._rest = rest or clock.wait
        self._rooms = rooms
        self._wanted_interval = interval_seconds
        self._clock = clock
        self._tell = tell
        self._episodes = Episodes(log, now=clock.monotonic)
        self._requests = self._allowed_requests = FIRST_POLL_REQUESTS
        self._was_read = False
        self._stretch = 1
        self._interval = interval_seconds
        self._bugs: set[str] = set()
        self._last_look = self._polled_at = -math.inf
        self._is_working = False
        self._earned = 0.0
        self._spent_in_poll = 0
        rooms.appliance.between_pages = self._work_between_pages
        self.due_by = math.inf
        self._snapshot = self._first_snapshot()
        rooms.board.put(self._snapshot)

    def run(self) -> None:
        """Poll until the clock's wait says stop, then log out."""
        try:
            self._loop()
        except Stopping:
            pass
        finally:
            self._rooms.close()

    def _first_snapshot(self) -> SiteSnapshot:
        """Go on from what a worker before us knew of the same appliance; totals stay always."""
        rooms = self._rooms
        fresh = rooms.watch.before_first_poll(self._wanted_interval)
        known = rooms.board.current().sites.get(self.site)
        if known is not None and known.url == fresh.url:
            return rooms.watch.resumed(known, self._wanted_interval)
        return replace(fresh, totals=rooms.ledger.totals(self.site))

    def _loop(self) -> None:
        due = self._clock.monotonic()
        while True:
            self.poll()
            due = self._next_due(due)
            if self._wait_until(due):
                return

    def _next_due(self, due: float) -> float:
        """Return the next point of the grid; points that passed meanwhile are not made up for."""
        now = self._clock.monotonic()
        due += self._interval
        if due > now:
            return due
        missed = math.floor((now - due) / self._interval) + 1
        self._tell(PollsSkipped(missed))
        return due + missed * self._interval

    def _wait_until(self, due: float) -> bool:
        """Wait for the next poll, withholding detail on the way when it grows too old."""
        self.due_by = due + HEARTBEAT_SLACK_SECONDS
        while True:
            self._guarded(self._work)
            left = due - self._clock.monotonic()
            if left <= 0:
                return False
            if self._rest(min(left, self._seconds_to_stale(), self._seconds_to_look())):
                return True
            self._age()

    def _seconds_to_look(self) -> float:
        """Say when triggers want the worker next; a new wish wakes it at once."""
        syncs = self._rooms.syncs
        if syncs.is_following():
            left = self._last_look + LOOK_SECONDS - self._clock.monotonic()
            return max(left, SHORTEST_REST_SECONDS)
        return LOOK_SECONDS if syncs.is_waiting() else math.inf

    def _work(self) -> None:
        """Serve the triggers between two polls, with what the next poll leaves of the pace."""
        self._serve(lambda: self._rooms.appliance.syncs.room() - self._reserve())

    def _reserve(self) -> int:
        """Say what to leave of the pace for the next poll.

        Nothing in the minute from the last: when it is over, what that one took is free again.
        """
        is_recent = self._clock.monotonic() < self._polled_at + WINDOW_SECONDS
        return 0 if is_recent else min(self._requests, PLANNED_PER_MINUTE)

    def _work_between_pages(self) -> None:
        """Serve the triggers in the midst of a poll, with what its pages have earned them."""
        if self._is_working:
            return
        appliance = self._rooms.appliance
        self._earned += EARNED_PER_PAGE
        before = _requests_of_polls(appliance)
        self._serve(lambda: int(self._earned) - (_requests_of_polls(appliance) - before))
        spent = _requests_of_polls(appliance) - before
        self._earned -= spent
        self._spent_in_poll += spent

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
            self._publish(self._snapshot)
        finally:
            self._is_working = False

    def _is_look_due(self) -> bool:
        syncs = self._rooms.syncs
        interval = BUSY_LOOK_SECONDS if syncs.may_begin() else LOOK_SECONDS
        return syncs.is_following() and self._clock.monotonic() >= self._last_look + interval

    def _look(self) -> None:
        """Look at the tasks of the site: one request for all that run."""
        self._last_look = self._clock.monotonic()
        appliance = self._rooms.appliance
        try:
            with appliance.syncs.step():
                tasks = appliance.tasks()
        except ApplianceError as error:
            log.debug("tasks not read", extra={"site": self.site, "error": str(error)})
            return
        self._heed_stop()
        observation = self._rooms.watch.observe_tasks(
            tasks,
            before=self._snapshot,
            seen_tasks=self._rooms.ledger.seen_tasks(self.site),
            now=self._clock.now(),
        )
        self._record(observation, tasks)

    def _record(self, observation: Observation, tasks: tuple[Task, ...] | None) -> None:
        """Write down what was seen and the triggers that it ends, whole, and publish it (T4)."""
        rooms = self._rooms
        endings = rooms.syncs.endings(tasks) if tasks is not None else ()
        totals = rooms.ledger.record(self.site, observation.changes, endings)
        if tasks is not None:
            rooms.syncs.reconcile(tasks)
        self._publish(replace(observation.snapshot, totals=totals))

    def _seconds_to_stale(self) -> float:
        return self._rooms.watch.fresh_for(self._snapshot) + 1.0

    def _age(self) -> None:
        aged = self._rooms.watch.aged(self._snapshot)
        if aged != self._snapshot:
            self._publish(aged)

    def poll(self) -> None:
        """Read the site once and publish what came of it, unless we were told to stop meanwhile.

        By then another worker may have taken the site over, or the settings know it no more.
        """
        deadline = self._poll_seconds()
        self.due_by = self._clock.monotonic() + deadline + HEARTBEAT_SLACK_SECONDS
        self._guarded(lambda: self._read_and_take_in(deadline))

    def _read_and_take_in(self, deadline_seconds: float) -> None:
        reading = self._read(deadline_seconds)
        self._heed_stop()
        self._take_in(reading)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Stopping:
            raise
        except Exception as error:  # noqa: BLE001 - the worker outlives every bug (house.md)
            self._confess(error)

    def _heed_stop(self) -> None:
        if self._clock.wait(0):
            raise Stopping

    def _read(self, deadline_seconds: float) -> SiteReading:
        appliance = self._rooms.appliance
        before = _requests_of_polls(appliance)
        self._polled_at = self._clock.monotonic()
        appliance.begin_poll(deadline_seconds)
        self._earned, self._spent_in_poll = FIRST_EARNED, 0
        reading = self._rooms.reader.read()
        sent = _requests_of_polls(appliance) - before - self._spent_in_poll
        if reading.is_whole:
            self._requests = self._allowed_requests = sent
            self._was_read = True
        elif "deadline" in reading.reasons and sent > self._allowed_requests:
            self._allowed_requests = min(2 * sent, MOST_POLL_REQUESTS)
        return reading

    def _take_in(self, reading: SiteReading) -> None:
        self._set_interval(was_throttled="throttled" in reading.reasons)
        observation = self._rooms.watch.observe(
            reading,
            before=self._snapshot,
            seen_tasks=self._rooms.ledger.seen_tasks(self.site),
            interval_seconds=self._interval,
            now=self._clock.now(),
        )
        for kind in observation.surprises:
            self._tell(Surprised(kind))
        self._tell(Polled(reading.reasons))
        self._report(reading)
        if reading.tasks is not None:
            self._last_look = self._clock.monotonic()
        self._record(observation, reading.tasks)

    def _publish(self, snapshot: SiteSnapshot) -> None:
        shown = self._rooms.syncs.shown_on(snapshot)
        is_news = shown is not self._snapshot
        self._snapshot = shown
        if is_news:
            self._rooms.board.put(shown)

    def _poll_seconds(self) -> float:
        """Return how long a poll may take: fault-matrix R8.

        Where a site turned out larger than allowed for, the next poll is allowed for twice that,
        or the end of its lists would never be read.
        """
        return max(MINIMUM_POLL_SECONDS, 1.5 * self._allowed_requests * 60 / REQUESTS_PER_MINUTE)

    def _set_interval(self, *, was_throttled: bool) -> None:
        """Stretch the interval to what the pace, and a throttling appliance, leave room for."""
        self._stretch = min(self._stretch * 2, LONGEST_STRETCH) if was_throttled else 1
        needed = self._requests * 60 / PLANNED_PER_MINUTE if self._was_read else 0.0
        stretched = min(self._wanted_interval * self._stretch, LONGEST_STRETCHED_SECONDS)
        interval = max(self._wanted_interval, stretched, needed)
        if interval != self._wanted_interval and 0 < self._interval - interval < interval / 10:
            return
        if interval != self._interval:
            log.warning(
                "poll interval changed",
                extra={
                    "site": self.site,
                    "interval_seconds": round(interval, 1),
                    "wanted_seconds": self._wanted_interval,
                    "requests": self._requests,
                    "throttled": was_throttled,
                },
            )
        self._interval = interval

    def _report(self, reading: SiteReading) -> None:
        """Log each reason once while it lasts (fault-matrix R5)."""
        self._episodes.report(
            told(self.site, reading.failures),
            lasting={key_of(failure) for failure in reading.left_alone},
        )

    def _confess(self, error: Exception) -> None:
        """Publish and log a bug of ours: its traceback once, then only its count."""
        self._tell(Polled(("internal",)))
        place = traceback.extract_tb(error.__traceback__)[-1]
        bug = f"{type(error).__name__} at {place.name}:{place.lineno}"
        is_new = bug not in self._bugs
        self._bugs.add(bug)
        facts = {"site": self.site, "reason": "internal", "error": bug}
        if is_new:
            log.error("a bug of ours", extra=facts, exc_info=error)
        self._episodes.report(
            {("internal", bug): ("a bug of ours ended a poll", facts)},
            lasting=self._episodes.open_keys,
        )
        now = self._clock.now()
        poll = replace(
            self._snapshot.poll,
            last_attempt_timestamp_seconds=now,
            error=f"a bug of ours: {bug}",
            error_reason="internal",
        )
        pairings = tuple(replace(pairing, up=False) for pairing in self._snapshot.pairings)
        failed = replace(self._snapshot, up=False, poll=poll, pairings=pairings)
        self._publish(self._rooms.watch.aged(failed))


def _requests_of_polls(appliance: Appliance) -> int:
    """Count what every poll costs: logins are rare and need no room in the interval."""
    return appliance.requests_sent - appliance.logins_sent
