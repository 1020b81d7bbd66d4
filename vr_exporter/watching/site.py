"""One site from poll to poll: a reading and what was known before make the next snapshot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
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
from vr_exporter.watching.freshness import Freshness
from vr_exporter.watching.missing import Missing
from vr_exporter.watching.reading import PairingReading, SiteReading
from vr_exporter.watching.tasks import changes_of_tasks, matched

MINIMUM_STALE_SECONDS = 300.0
STALE_INTERVALS = 3

NOTHING_TO_WATCH = "the site lists no pairing, so that there is nothing to watch"
"""Why a site that answers well is not up all the same (fault-matrix R2)."""

_SITE, _SERVERS, _TASKS = "site", "servers", "tasks"


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

    def kept(self, rows: tuple[WatchedReplication, ...]) -> tuple[WatchedReplication, ...]:
        """Keep the last values of a pairing, save what another pairing has shown by now."""
        kept = tuple(row for row in rows if row.replication.id not in self.ids)
        self.ids |= {row.replication.id for row in kept}
        return kept

    def unseen(self, rows: tuple[Replication, ...]) -> tuple[Replication, ...]:
        """Leave out what another pairing of the site has shown: a series may stand but once."""
        fresh = tuple(row for row in rows if row.id not in self.ids)
        self.surprises += ["duplicate"] * (len(rows) - len(fresh))
        self.ids |= {row.id for row in fresh}
        return fresh


class SiteWatch:
    """Follows one site on its worker's thread; ages are by the monotonic clock.

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
        monotonic: Callable[[], float],
        configured: tuple[PairingName, ...] = (),
    ) -> None:
        self._site = site
        self._url = url
        self._grace = grace
        self._stale_after = stale_after_seconds
        self._configured = configured
        self._missing = Missing()
        self._emptied: set[PairingId] = set()
        self._freshness = Freshness(monotonic)

    def before_first_poll(self, interval_seconds: float) -> SiteSnapshot:
        """Return the snapshot of a site that was never asked: down, and nothing known."""
        return SiteSnapshot(site=self._site, url=self._url, poll=PollFacts(interval_seconds))

    def resumed(self, known: SiteSnapshot, interval_seconds: float) -> SiteSnapshot:
        """Go on from what another watch of this site knew; what it held for fresh ages anew."""
        stale: dict[str, bool] = dict.fromkeys((_SITE, _SERVERS, _TASKS), known.stale)
        stale |= {each.pairing.id: each.stale for each in known.pairings}
        for part, is_stale in stale.items():
            self._freshness.renew(part, age=math.inf if is_stale else 0.0)
        return replace(known, poll=replace(known.poll, interval_seconds=interval_seconds))

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
        is_up = any(pairing.up for pairing in pairings)
        self._renew(reading, pairings, is_up=is_up)
        gone = self._missing.gone(before.totals.replications.keys(), reading.pairings)
        if gone:
            poll.additions.append(Add("vr_replications_removed_total", (), len(gone)))
        tasks, ended = _tasks(poll, pairings, seen_tasks)
        snapshot = replace(
            before,
            url=self._url,
            up=is_up,
            appliance=reading.facts or before.appliance,
            pairings=pairings,
            servers=before.servers if reading.servers is None else reading.servers,
            tasks=tasks,
        )
        snapshot = self.aged(_polled(snapshot, poll, interval_seconds))
        changes = SiteChanges(tuple(poll.additions), poll.totals, gone, ended)
        return Observation(snapshot, changes, tuple(poll.surprises))

    def observe_tasks(
        self,
        tasks: tuple[Task, ...],
        *,
        before: SiteSnapshot,
        seen_tasks: SeenTasks | None,
        now: float,
    ) -> Observation:
        """Take in the tasks alone, as they are looked at between two polls."""
        poll = _Poll(SiteReading(tasks=tasks), before, now)
        shown, ended = _tasks(poll, before.pairings, seen_tasks)
        self._freshness.renew(_TASKS)
        changes = SiteChanges(tuple(poll.additions), ended_tasks=ended)
        return Observation(replace(before, tasks=shown), changes)

    def aged(self, snapshot: SiteSnapshot) -> SiteSnapshot:
        """Mark the site, and each pairing, as stale whose last good reading is too old.

        Servers and tasks have no mark: of a site that is fresh otherwise they are dropped.
        """
        limit = self.stale_after(snapshot.poll.interval_seconds)
        is_stale = self._freshness.is_older(_SITE, limit)
        pairings = tuple(
            replace(pairing, stale=self._freshness.is_older(pairing.pairing.id, limit))
            for pairing in snapshot.pairings
        )
        snapshot = replace(snapshot, stale=is_stale, pairings=pairings)
        if not is_stale and self._freshness.is_older(_SERVERS, limit):
            snapshot = replace(snapshot, servers=())
        if not is_stale and self._freshness.is_older(_TASKS, limit):
            snapshot = replace(snapshot, tasks=None)
        return snapshot

    def fresh_for(self, snapshot: SiteSnapshot) -> float:
        """Return in how many seconds the next part of a snapshot grows stale."""
        return self._freshness.seconds_until_older(self.stale_after(snapshot.poll.interval_seconds))

    def stale_after(self, interval_seconds: float) -> float:
        """Return the age in seconds at which detail is withheld."""
        if self._stale_after is not None:
            return self._stale_after
        return max(MINIMUM_STALE_SECONDS, STALE_INTERVALS * interval_seconds)

    def _renew(
        self, reading: SiteReading, pairings: tuple[PairingSnapshot, ...], *, is_up: bool
    ) -> None:
        """Note what was read, and forget pairings that are no longer listed."""
        ids = {pairing.pairing.id for pairing in pairings}
        self._freshness.keep_only({_SITE, _SERVERS, _TASKS, *ids})
        self._emptied &= ids
        parts = {_SITE: is_up, _SERVERS: reading.servers is not None}
        parts[_TASKS] = reading.tasks is not None
        for part in (part for part, was_read in parts.items() if was_read):
            self._freshness.renew(part)
        for pairing in pairings:
            if pairing.up:
                self._freshness.renew(pairing.pairing.id)

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
            return replace(snapshot, replications=poll.kept(old.replications))
        rows = poll.unseen(read.replications)
        changes = changes_of(read.pairing, rows, self._look(old, poll))
        poll.additions += changes.additions
        poll.totals.update(changes.totals)
        return replace(
            snapshot,
            replications=self._kept_if_emptied(read, old, changes.watched, poll),
            last_success_timestamp_seconds=poll.now,
        )

    def _look(self, old: PairingSnapshot, poll: _Poll) -> Look:
        age = self._freshness.age(old.pairing.id)
        return Look(
            before={row.replication.id: row for row in old.replications},
            totals=poll.before.totals.replications,
            grace=self._grace,
            seen_seconds=age if old.up and age is not None else 0.0,
            now=poll.now,
        )

    def _kept_if_emptied(
        self,
        read: PairingReading,
        old: PairingSnapshot,
        watched: tuple[WatchedReplication, ...],
        poll: _Poll,
    ) -> tuple[WatchedReplication, ...]:
        """Believe an empty list after a full one only when a second poll agrees (A37)."""
        pairing_id = read.pairing.id
        if watched or not old.replications:
            self._emptied.discard(pairing_id)
            return watched
        if pairing_id in self._emptied:
            return watched
        self._emptied.add(pairing_id)
        poll.surprises.append("count")
        return poll.kept(old.replications)


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


def _what_lacks(reading: SiteReading) -> str:
    return "" if reading.pairings else NOTHING_TO_WATCH


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
        error=str(last) if last else _what_lacks(poll.reading),
        error_reason=last.reason if last else "",
    )
    return replace(snapshot, poll=facts)
