"""What the world sees of a site: its snapshot on the board, with its triggers and totals."""

from __future__ import annotations

from dataclasses import replace

from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.tasks import Task
from vr_exporter.watching.site import Observation
from vr_exporter.worker.rooms import SiteRooms


class Shown:
    """Holds the snapshot of a site and hangs each new one up."""

    def __init__(self, site: SiteName, rooms: SiteRooms, *, interval_seconds: float) -> None:
        self._site = site
        self._rooms = rooms
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

    def record(self, observation: Observation, tasks: tuple[Task, ...] | None) -> None:
        """Write down what was seen, ends and alerts it brings with it, and publish it (T4)."""
        rooms = self._rooms
        endings = rooms.syncs.endings(tasks) if tasks is not None else ()
        noticed = rooms.notice(observation.snapshot, observation.changes)
        totals = rooms.ledger.record(self._site, observation.changes, endings, noticed)
        if tasks is not None:
            rooms.syncs.reconcile(tasks)
        self.publish(replace(observation.snapshot, totals=totals))

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
