"""One site from poll to poll: a reading and what was known before make the next snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vr_exporter.domain.counts import (
    Add,
    Addition,
    Born,
    ReplicationTotals,
    SeenTasks,
    SiteChanges,
    TaskIdentity,
)
from vr_exporter.domain.inventory import Pairing, Replication
from vr_exporter.domain.names import PairingId, PairingName, ReplicationId, SiteName
from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.snapshot import (
    PairingSnapshot,
    PollFacts,
    SiteSnapshot,
    WatchedReplication,
)
from vr_exporter.domain.tasks import Task
from vr_exporter.watching.changes import Look, changes_of
from vr_exporter.watching.inventory import PairingReading, SiteReading
from vr_exporter.watching.tasks import changes_of_tasks, matched

MISSES_TO_BE_GONE = 2
"""So many polls in a row must lack a replication before it counts as removed (A28, A37)."""

MINIMUM_STALE_SECONDS = 300.0
STALE_INTERVALS = 3


@dataclass(frozen=True, slots=True)
class Observation:
    """The next snapshot, still without the ledger's totals, what to record, and what surprised."""

    snapshot: SiteSnapshot
    changes: SiteChanges
    surprises: tuple[str, ...] = ()


@dataclass(slots=True)
class _Poll:
    """One poll being taken in: what it read, what was known, and what it adds."""

    reading: SiteReading
    before: SiteSnapshot
    now: float
    additions: list[Addition] = field(default_factory=list)
    totals: dict[ReplicationId, ReplicationTotals] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    ids: set[ReplicationId] = field(default_factory=set)

    def unseen(self, rows: tuple[Replication, ...]) -> tuple[Replication, ...]:
        """Leave out what another pairing of the site has shown: a series may stand but once."""
        fresh = tuple(row for row in rows if row.id not in self.ids)
        self.surprises += ["duplicate"] * (len(rows) - len(fresh))
        self.ids |= {row.id for row in fresh}
        return fresh


class SiteWatch:
    """Follows one site on its worker's thread.

    `stale_after_seconds` None stands for the larger of five minutes and three intervals.
    `configured` names the pairings of the settings, which are shown even when they are gone.
    """

    def __init__(
        self,
        site: SiteName,
        *,
        url: str,
        grace: Grace,
        stale_after_seconds: float | None,
        configured: tuple[PairingName, ...] = (),
    ) -> None:
        self._site = site
        self._url = url
        self._grace = grace
        self._stale_after = stale_after_seconds
        self._configured = configured
        self._misses: dict[ReplicationId, int] = {}
        self._home: dict[ReplicationId, PairingId] = {}
        self._emptied: set[PairingId] = set()

    def before_first_poll(self, interval_seconds: float) -> SiteSnapshot:
        """Return the snapshot of a site that was never asked: down, and nothing known."""
        return SiteSnapshot(site=self._site, url=self._url, poll=PollFacts(interval_seconds))

    def observe(
        self,
        reading: SiteReading,
        *,
        before: SiteSnapshot,
        seen_tasks: SeenTasks | None,
        interval_seconds: float,
        now: float,
    ) -> Observation:
        """Make the next snapshot of the site, and say what is to be recorded."""
        poll = _Poll(reading, before, now)
        poll.additions.append(Born("vr_replications_removed_total", ()))
        pairings = self._pairings(poll)
        if gone := self._gone(poll):
            poll.additions.append(Add("vr_replications_removed_total", (), len(gone)))
        tasks, ended = _tasks(poll, pairings, seen_tasks)
        snapshot = replace(
            before,
            url=self._url,
            up=any(pairing.up for pairing in pairings),
            appliance=reading.facts or before.appliance,
            pairings=pairings,
            servers=before.servers if reading.servers is None else reading.servers,
            tasks=tasks,
        )
        snapshot = self.aged(_polled(snapshot, poll, interval_seconds), now)
        changes = SiteChanges(tuple(poll.additions), poll.totals, gone, ended)
        return Observation(snapshot, changes, tuple(poll.surprises))

    def aged(self, snapshot: SiteSnapshot, now: float) -> SiteSnapshot:
        """Mark the site, and each pairing, as stale whose last good reading is too old."""
        limit = self.stale_after(snapshot.poll.interval_seconds)
        pairings = tuple(
            replace(pairing, stale=_is_older(pairing.last_success_timestamp_seconds, limit, now))
            for pairing in snapshot.pairings
        )
        is_stale = _is_older(snapshot.poll.last_success_timestamp_seconds, limit, now)
        return replace(snapshot, stale=is_stale, pairings=pairings)

    def stale_after(self, interval_seconds: float) -> float:
        """Return the age in seconds at which detail is withheld."""
        if self._stale_after is not None:
            return self._stale_after
        return max(MINIMUM_STALE_SECONDS, STALE_INTERVALS * interval_seconds)

    def _pairings(self, poll: _Poll) -> tuple[PairingSnapshot, ...]:
        reading, known = poll.reading, poll.before.pairings
        if reading.pairings is None:
            text = str(reading.failures[-1].error) if reading.failures else ""
            return tuple(replace(pairing, up=False, error=text) for pairing in known)
        by_id = {pairing.pairing.id: pairing for pairing in known}
        result = []
        for read in reading.pairings:
            old = by_id.get(read.pairing.id) or PairingSnapshot(read.pairing, up=False)
            result.append(self._pairing(read, old, poll))
        names = {pairing.pairing.name for pairing in result}
        missing = [name for name in self._configured if name not in names]
        return (*result, *(_missing_pairing(name) for name in missing))

    def _pairing(self, read: PairingReading, old: PairingSnapshot, poll: _Poll) -> PairingSnapshot:
        snapshot = replace(
            old,
            pairing=read.pairing,
            up=read.replications is not None,
            issues=read.issues,
            remote_session_up=read.remote_session_up,
            error=str(read.error) if read.error else "",
        )
        if read.replications is None:
            return snapshot
        rows = poll.unseen(read.replications)
        changes = changes_of(read.pairing, rows, self._look(old, poll))
        poll.additions += changes.additions
        poll.totals.update(changes.totals)
        return replace(
            snapshot,
            replications=self._kept_if_emptied(read, old, changes.watched, poll.surprises),
            last_success_timestamp_seconds=poll.now,
        )

    def _look(self, old: PairingSnapshot, poll: _Poll) -> Look:
        seen = old.last_success_timestamp_seconds
        return Look(
            before={row.replication.id: row for row in old.replications},
            totals=poll.before.totals.replications,
            grace=self._grace,
            seen_seconds=max(0.0, poll.now - seen) if old.up and seen is not None else 0.0,
            now=poll.now,
        )

    def _kept_if_emptied(
        self,
        read: PairingReading,
        old: PairingSnapshot,
        watched: tuple[WatchedReplication, ...],
        surprises: list[str],
    ) -> tuple[WatchedReplication, ...]:
        """Believe an empty list after a full one only when a second poll agrees (A37)."""
        pairing_id = read.pairing.id
        if watched or not old.replications:
            self._emptied.discard(pairing_id)
            return watched
        if pairing_id in self._emptied:
            return watched
        self._emptied.add(pairing_id)
        surprises.append("count")
        return old.replications

    def _gone(self, poll: _Poll) -> frozenset[ReplicationId]:
        """Count the polls that lack a replication; a list not read whole lacks nothing (A35)."""
        read = poll.reading.pairings
        if read is None:
            return frozenset()
        present = {row.id: one.pairing.id for one in read for row in one.replications or ()}
        self._home.update(present)
        unsure = {one.pairing.id for one in read if not one.is_complete}
        misses = {}
        for key in poll.before.totals.replications.keys() - present.keys():
            home = self._home.get(key)
            is_missing = home not in unsure if home else not unsure
            misses[key] = self._misses.get(key, 0) + is_missing
        gone = frozenset(key for key, count in misses.items() if count >= MISSES_TO_BE_GONE)
        self._misses = {key: count for key, count in misses.items() if key not in gone}
        for key in gone:
            self._home.pop(key, None)
        return gone


def _tasks(
    poll: _Poll, pairings: tuple[PairingSnapshot, ...], seen: SeenTasks | None
) -> tuple[tuple[Task, ...] | None, Mapping[TaskIdentity, float] | None]:
    before = poll.before
    if poll.reading.tasks is None:
        return before.tasks, None
    rows = (row.replication for pairing in pairings for row in pairing.replications)
    tasks = matched(poll.reading.tasks, rows)
    codes = before.totals.counters.get("vr_task_errors_total", {})
    changes = changes_of_tasks(
        tasks,
        before=before.tasks or (),
        seen=seen,
        known_codes=(labels[0] for labels in codes),
        now=poll.now,
    )
    poll.additions += changes.additions
    return tasks, changes.ended


def _missing_pairing(name: PairingName) -> PairingSnapshot:
    """Show a pairing of the settings that the appliance does not list (A27)."""
    return PairingSnapshot(Pairing(PairingId(""), name), up=False, error="not listed by the site")


def _polled(snapshot: SiteSnapshot, poll: _Poll, interval_seconds: float) -> SiteSnapshot:
    last = poll.reading.failures[-1].error if poll.reading.failures else None
    succeeded = snapshot.poll.last_success_timestamp_seconds
    facts = PollFacts(
        interval_seconds=interval_seconds,
        last_attempt_timestamp_seconds=poll.now,
        last_success_timestamp_seconds=poll.now if snapshot.up else succeeded,
        stages=poll.reading.stages,
        rows_dropped=poll.reading.rows_dropped,
        error=str(last) if last else "",
        error_reason=last.reason if last else "",
    )
    return replace(snapshot, poll=facts)


def _is_older(timestamp: float | None, limit: float, now: float) -> bool:
    return timestamp is not None and now - timestamp > limit
