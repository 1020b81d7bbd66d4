"""One site's loop: poll on a grid of time, record, hang the snapshot up, wait."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Callable
from dataclasses import replace

from vr_exporter.appliance.errors import Stopping
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Event, Polled, PollsSkipped, Surprised
from vr_exporter.domain.names import SiteName
from vr_exporter.syncing.setback import is_set_back
from vr_exporter.watching.episodes import Episodes
from vr_exporter.watching.failures import key_of, told
from vr_exporter.watching.reading import SiteReading
from vr_exporter.worker.rooms import SiteRooms
from vr_exporter.worker.serving import Serving, heed_stop
from vr_exporter.worker.shown import Shown
from vr_exporter.worker.timetable import Timetable

__all__ = ["SiteRooms", "Worker"]

log = logging.getLogger(__name__)

HEARTBEAT_SLACK_SECONDS = 60.0


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
        self._clock = clock
        self._tell = tell
        self._episodes = Episodes(log, now=clock.monotonic)
        self._bugs: set[str] = set()
        self.due_by = math.inf
        self.timetable = Timetable(site, interval_seconds)
        self.shown = Shown(site, rooms, interval_seconds=interval_seconds, tell=tell)
        self.serving = Serving(site, rooms, self.shown, timetable=self.timetable, clock=clock)

    def run(self) -> None:
        """Poll until the clock's wait says stop, then log out."""
        try:
            self._loop()
        except Stopping:
            pass
        finally:
            self._rooms.close()

    def poll(self) -> None:
        """Read the site once and publish what came of it, unless we were told to stop meanwhile.

        By then another worker may have taken the site over, or the settings know it no more.
        """
        deadline = self.timetable.poll_seconds()
        self.due_by = self._clock.monotonic() + deadline + HEARTBEAT_SLACK_SECONDS
        self._guarded(lambda: self._read_and_take_in(deadline))

    def serve(self) -> None:
        """Serve the site's triggers between two polls."""
        self._guarded(self.serving.between_polls)

    def _loop(self) -> None:
        due = self._clock.monotonic()
        while True:
            self.poll()
            due = self._next_due(due)
            if self._wait_until(due):
                return

    def _next_due(self, due: float) -> float:
        due, missed = self.timetable.next_due(due, now=self._clock.monotonic())
        if missed:
            self._tell(PollsSkipped(missed))
        return due

    def _wait_until(self, due: float) -> bool:
        """Wait for the next poll, withholding detail on the way when it grows too old."""
        self.due_by = due + HEARTBEAT_SLACK_SECONDS
        while True:
            self.serve()
            left = due - self._clock.monotonic()
            if left <= 0:
                return False
            to_look = self.serving.seconds_to_look()
            if self._rest(min(left, self.shown.seconds_to_stale(), to_look)):
                return True
            self.shown.age()

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Stopping:
            raise
        except Exception as error:  # noqa: BLE001 - the worker outlives every bug (house.md)
            self._confess(error)

    def _read_and_take_in(self, deadline_seconds: float) -> None:
        reading = self._read(deadline_seconds)
        heed_stop(self._clock)
        self._take_in(reading)

    def _read(self, deadline_seconds: float) -> SiteReading:
        rooms = self._rooms
        before = rooms.requests_of_polls()
        rooms.appliance.begin_poll(deadline_seconds)
        self.serving.begin_poll()
        reading = self.shown.translated(rooms.reader.read())
        sent = rooms.requests_of_polls() - before - self.serving.spent_in_poll
        self.timetable.learn(reading, requests=sent)
        return reading

    def _take_in(self, reading: SiteReading) -> None:
        observation = self._rooms.watch.observe(
            reading,
            before=self.shown.snapshot,
            seen_tasks=self._rooms.ledger.seen_tasks(self.site),
            interval_seconds=self.timetable.interval_seconds,
            now=self._clock.now(),
        )
        for kind in observation.surprises:
            self._tell(Surprised(kind))
        self._tell(Polled(reading.reasons))
        self._report(reading)
        self._judge_age(reading)
        if reading.tasks is not None:
            self.serving.note_look()
        self.shown.record(observation, reading.tasks)

    def _judge_age(self, reading: SiteReading) -> None:
        """See whether the appliance shows an older state than it did (A60)."""
        rows = [row for one in reading.pairings or () for row in one.replications or ()]
        was_set_back = is_set_back(rows, self._rooms.ledger.totals(self.site).replications)
        if was_set_back:
            self._tell(Surprised("count"))
            log.warning("appliance shows an older state", extra={"site": self.site})
        if was_set_back or reading.is_whole:
            self._rooms.syncs.note_poll(is_set_back=was_set_back)

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
        self._publish_failed(f"a bug of ours: {bug}")

    def _publish_failed(self, text: str) -> None:
        snapshot = self.shown.snapshot
        poll = replace(
            snapshot.poll,
            last_attempt_timestamp_seconds=self._clock.now(),
            error=text,
            error_reason="internal",
        )
        pairings = tuple(replace(pairing, up=False) for pairing in snapshot.pairings)
        failed = replace(snapshot, up=False, poll=poll, pairings=pairings)
        self.shown.publish(self._rooms.watch.aged(failed))
