"""What the world sees of a site: its snapshot on the board, with its triggers and totals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from vr_exporter.domain.events import Event, Surprised
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.tasks import Task
from vr_exporter.watching.reading import SiteReading
from vr_exporter.watching.site import Observation
from vr_exporter.watching.tasks import named, reused
from vr_exporter.worker.rooms import SiteRooms


class Shown:
    """Holds the snapshot of a site and hangs each new one up."""

    def __init__(
        self,
        site: SiteName,
        rooms: SiteRooms,
        *,
        interval_seconds: float,
        tell: Callable[[Event], None],
    ) -> None:
        self._site = site
        self._rooms = rooms
        self._tell = tell
        self.snapshot = self._first(interval_seconds)
        rooms.board.put(self.snapshot)

    def _first(self, interval_seconds: float) -> SiteSnapshot:
        """Go on from what a worker before us knew of the same appliance; totals stay always."""
        rooms = self._rooms
        fresh = rooms.watch.before_first_poll(interval_seconds)
        known = rooms.board.current().sites.get(self._site)
        if known is not None and known.url == fresh.url:
            return rooms.watch.resumed(known, interval_seconds)
        return replace(fresh, totals=rooms.ledger.totals(self._site))

    def translated(self, reading: SiteReading) -> SiteReading:
        """Call the tasks of a reading what our own have taught."""
        if reading.tasks is None:
            return reading
        return replace(reading, tasks=self.named(reading.tasks))

    def named(self, tasks: tuple[Task, ...]) -> tuple[Task, ...]:
        """Call tasks that tell no operation what our own have taught (fault-matrix 6, T6)."""
        return named(tasks, self._rooms.ledger.sync_kinds(self._site))

    def record(self, observation: Observation, tasks: tuple[Task, ...] | None) -> None:
        """Write down what was seen, ends and alerts it brings with it, and publish it (T4)."""
        rooms = self._rooms
        self._tell_of_reuse(tasks or ())
        endings = rooms.syncs.endings(tasks) if tasks is not None else ()
        noticed = rooms.notice(observation.snapshot, observation.changes)
        totals = rooms.ledger.record(self._site, observation.changes, endings, noticed)
        if tasks is not None:
            rooms.syncs.reconcile(tasks)
            rooms.syncs.close_doubts(_rows(observation.snapshot), tasks)
        self.publish(replace(observation.snapshot, totals=totals))

    def _tell_of_reuse(self, tasks: tuple[Task, ...]) -> None:
        """An id used for another task is a surprise; the task counts as new (A49)."""
        seen = self._rooms.ledger.seen_tasks(self._site)
        count = reused(tasks, before=self.snapshot.tasks or (), seen=seen)
        if count:
            self._tell(Surprised("duplicate", count))

    def publish(self, snapshot: SiteSnapshot) -> None:
        """Hang a snapshot up, with the triggers as they stand, where that is news."""
        shown = self._rooms.syncs.shown_on(snapshot)
        is_news = shown is not self.snapshot
        self.snapshot = shown
        if is_news:
            self._rooms.board.put(shown)

    def age(self) -> None:
        """Withhold what has grown too old."""
        aged = self._rooms.watch.aged(self.snapshot)
        if aged != self.snapshot:
            self.publish(aged)

    def seconds_to_stale(self) -> float:
        """Say when the next part grows too old."""
        return self._rooms.watch.fresh_for(self.snapshot) + 1.0


def _rows(snapshot: SiteSnapshot) -> Iterator[Replication]:
    return (row.replication for pairing in snapshot.pairings for row in pairing.replications)
