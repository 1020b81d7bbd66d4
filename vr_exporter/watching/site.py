"""One site from poll to poll: a reading and what was known before make the next snapshot."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from vr_exporter.domain.counts import Add, Born, SeenTasks, SiteChanges
from vr_exporter.domain.inventory import Pairing
from vr_exporter.domain.names import PairingId, PairingName, SiteName
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
from vr_exporter.watching.intake import Intake
from vr_exporter.watching.missing import Missing
from vr_exporter.watching.reading import PairingReading, SiteReading

MINIMUM_STALE_SECONDS = 300.0
STALE_INTERVALS = 3

_SITE, _SERVERS, _TASKS = "site", "servers", "tasks"


@dataclass(frozen=True, slots=True)
class Observation:
    """The next snapshot, still without the ledger's totals, what to record, and what surprised."""

    snapshot: SiteSnapshot
    changes: SiteChanges
    surprises: tuple[str, ...] = ()


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
        intake = Intake(reading, before, now)
        intake.additions.append(Born("vr_replications_removed_total", ()))
        pairings = self._pairings(intake)
        is_up = any(pairing.up for pairing in pairings)
        self._renew(reading, pairings, is_up=is_up)
        gone = self._missing.gone(before.totals.replications.keys(), reading.pairings)
        if gone:
            intake.additions.append(Add("vr_replications_removed_total", (), len(gone)))
        tasks, ended = intake.tasks(pairings, seen_tasks)
        snapshot = replace(
            before,
            url=self._url,
            up=is_up,
            appliance=reading.facts or before.appliance,
            pairings=pairings,
            servers=before.servers if reading.servers is None else reading.servers,
            tasks=tasks,
            poll=intake.facts(is_up=is_up, interval_seconds=interval_seconds),
        )
        changes = SiteChanges(tuple(intake.additions), intake.totals, gone, ended)
        return Observation(self.aged(snapshot), changes, tuple(intake.surprises))

    def observe_tasks(
        self,
        tasks: tuple[Task, ...],
        *,
        before: SiteSnapshot,
        seen_tasks: SeenTasks | None,
        now: float,
    ) -> Observation:
        """Take in the tasks alone, as they are looked at between two polls."""
        intake = Intake(SiteReading(tasks=tasks), before, now)
        shown, ended = intake.tasks(before.pairings, seen_tasks)
        self._freshness.renew(_TASKS)
        changes = SiteChanges(tuple(intake.additions), ended_tasks=ended)
        return Observation(replace(before, tasks=shown), changes)

    def aged(self, snapshot: SiteSnapshot) -> SiteSnapshot:
        """Mark the site, and each pairing, as stale whose last good reading is too old.

        Servers and tasks have no mark: of a site that is fresh otherwise they are dropped.
        """
        limit = self.stale_after(snapshot.poll.interval_seconds)
        is_stale = self._freshness.has_aged(_SITE, limit)
        pairings = tuple(
            replace(pairing, stale=self._freshness.has_aged(pairing.pairing.id, limit))
            for pairing in snapshot.pairings
        )
        snapshot = replace(snapshot, stale=is_stale, pairings=pairings)
        if not is_stale and self._freshness.has_aged(_SERVERS, limit):
            snapshot = replace(snapshot, servers=())
        if not is_stale and self._freshness.has_aged(_TASKS, limit):
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

    def _pairings(self, intake: Intake) -> tuple[PairingSnapshot, ...]:
        reading, known = intake.reading, intake.before.pairings
        if reading.pairings is None:
            text = str(reading.failures[-1].error) if reading.failures else ""
            return tuple(replace(pairing, up=False, error=text) for pairing in known)
        by_id = {pairing.pairing.id: pairing for pairing in known}
        result = []
        for read in reading.pairings:
            old = by_id.get(read.pairing.id) or PairingSnapshot(read.pairing, up=False)
            result.append(self._pairing(read, old, intake))
        names = {pairing.pairing.name for pairing in result}
        missing = [name for name in self._configured if name not in names]
        return (*result, *(_missing_pairing(name) for name in missing))

    def _pairing(
        self, read: PairingReading, old: PairingSnapshot, intake: Intake
    ) -> PairingSnapshot:
        snapshot = replace(
            old,
            pairing=read.pairing,
            up=read.replications is not None,
            issues=read.issues,
            remote_session_up=read.remote_session_up,
            error=str(read.error) if read.error else "",
        )
        if read.replications is None:
            return replace(snapshot, replications=intake.kept(old.replications))
        rows = intake.unseen(read.replications)
        changes = changes_of(read.pairing, rows, self._look(old, intake))
        intake.additions += changes.additions
        intake.totals.update(changes.totals)
        return replace(
            snapshot,
            replications=self._kept_if_emptied(read, old, changes.watched, intake),
            last_success_timestamp_seconds=intake.now,
        )

    def _look(self, old: PairingSnapshot, intake: Intake) -> Look:
        age = self._freshness.age(old.pairing.id)
        return Look(
            before={row.replication.id: row for row in old.replications},
            totals=intake.before.totals.replications,
            grace=self._grace,
            seen_seconds=age if old.up and age is not None else 0.0,
            now=intake.now,
        )

    def _kept_if_emptied(
        self,
        read: PairingReading,
        old: PairingSnapshot,
        watched: tuple[WatchedReplication, ...],
        intake: Intake,
    ) -> tuple[WatchedReplication, ...]:
        """Believe an empty list after a full one only when a second poll agrees (A37)."""
        pairing_id = read.pairing.id
        if watched or not old.replications:
            self._emptied.discard(pairing_id)
            return watched
        if pairing_id in self._emptied:
            return watched
        self._emptied.add(pairing_id)
        intake.surprises.append("count")
        return intake.kept(old.replications)


def _missing_pairing(name: PairingName) -> PairingSnapshot:
    """Show a pairing of the settings that the appliance does not list (A27)."""
    return PairingSnapshot(Pairing(PairingId(""), name), up=False, error="not listed by the site")
