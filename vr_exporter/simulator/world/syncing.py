"""How replications sync: when they begin, what they move, how they end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from vr_exporter.simulator.world.agenda import Agenda
from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.day import writes
from vr_exporter.simulator.world.link import PER_SYNC_BYTES_PER_SECOND, Link
from vr_exporter.simulator.world.machines import USED_SHARE
from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.replica import Image, Replica
from vr_exporter.simulator.world.sync import Sync, SyncKind
from vr_exporter.simulator.world.texts import (
    LASTING_TROUBLE,
    REMOTE_DOWN,
    SYNC_TROUBLES,
    Trouble,
)

FAILURE_SHARE = 0.002
"""Share of syncs that break by chance in a world of speed 1."""

MOST_FAILURES = 0.03
LEAST_DELTA_BYTES = 2_000_000
FULL_SYNC_SHARE = 0.05
"""The part of the disk that a full sync finds changed and moves."""


class Syncing:
    """The syncs of a world; every method takes the moment at which it acts.

    `on_end` is told each sync that is over, with the state in which its tasks end (SUCCESS, ERROR,
    CANCELLED), once the replication shows the outcome; `on_begin` those that begin unasked.
    """

    def __init__(
        self,
        agenda: Agenda,
        chance: Chance,
        *,
        options: WorldOptions,
        on_begin: Callable[[Sync, float], None],
        on_end: Callable[[Sync, str, float], None],
    ) -> None:
        self._agenda = agenda
        self._chance = chance
        self._speed = options.speed
        self._born = agenda.time
        self._failure_share = (
            0.0 if options.calm else min(FAILURE_SHARE * self._speed, MOST_FAILURES)
        )
        self._on_begin = on_begin
        self._on_end = on_end

    def plan(self, replica: Replica, when: float) -> None:
        """Let the next RPO-driven sync begin at that time, whatever was planned before."""
        replica.plan += 1
        self._agenda.at(when, partial(self._due, replica, replica.plan))

    def plan_by_rpo(self, replica: Replica) -> None:
        """Let the next sync begin early enough to keep the RPO, judged by the last one."""
        if replica.last_sync_at is None:
            self.plan(replica, self._agenda.time + 1.0)
            return
        wait = replica.rpo_seconds * self._chance.uniform(0.62, 0.82)
        wait -= 1.5 * replica.last_sync_seconds
        self.plan(replica, replica.last_sync_at + max(wait, 1.0))

    def begin(self, replica: Replica, now: float, *, trouble: Trouble | None = None) -> Sync:
        """Begin a sync of the kind that is needed; with `trouble` it will break off somewhere."""
        replica.plan += 1
        if replica.group_error is REMOTE_DOWN:
            replica.group_error = None
            replica.settle()
        sync = self._sized(replica, now)
        sync.trouble = trouble or self._trouble(replica)
        if sync.trouble is not None:
            sync.breaks_at = self._chance.uniform(0.02, 0.3 if replica.failing else 0.9)
        replica.sync = sync
        sync.link.join(sync, now)
        self._watch(sync.link)
        return sync

    def abort(self, replica: Replica, trouble: Trouble | None, *, now: float) -> None:
        """End a running sync before its time; without trouble it counts as taken back."""
        sync = replica.sync
        if sync is None:
            return
        sync.link.leave(sync, now)
        self._watch(sync.link)
        sync.trouble = trouble
        self._break_off(sync, now)

    def squeeze(self, link: Link, share: float, *, now: float) -> None:
        """Give a link another part of its capacity."""
        link.squeeze(share, now)
        self._watch(link)

    def fail(self, replica: Replica, trouble: Trouble, *, now: float) -> None:
        """Show the error and try again after a while."""
        if replica.group_error is None:
            replica.error_since = now
        replica.group_error = trouble
        if replica.phase == "OK":
            replica.phase = "ERROR"
        longest = 300.0 if replica.failing or trouble is REMOTE_DOWN else 180.0
        wait = self._chance.uniform(longest / 3, longest) / self._speed
        self.plan(replica, now + max(wait, 5.0))

    def _due(self, replica: Replica, plan: int, now: float) -> None:
        if plan != replica.plan or not replica.can_sync:
            return
        if replica.pairing.is_down:
            self.fail(replica, REMOTE_DOWN, now=now)
        else:
            self._on_begin(self.begin(replica, now), now)

    def _watch(self, link: Link) -> None:
        end = link.next_end()
        if end is not None:
            self._agenda.at(end, partial(self._ended, link, link.version))

    def _ended(self, link: Link, version: int, now: float) -> None:
        if version != link.version:
            return
        sync = link.take_ended(now)
        self._watch(link)
        if sync.trouble is None:
            self._complete(sync, now)
        else:
            self._break_off(sync, now)

    def _complete(self, sync: Sync, now: float) -> None:
        replica = sync.replica
        replica.sync = None
        replica.last_sync_at = round(now, 3)
        replica.last_sync_seconds = max(1, round(now - sync.began_at))
        replica.last_sync_bytes = sync.transfer_bytes
        replica.changed_since = sync.began_at
        replica.syncs_done += 1
        replica.bytes_done += sync.transfer_bytes
        replica.group_error = None
        replica.needs_full = False
        if replica.phase == "ERROR" and not replica.configuration_error:
            replica.phase = "OK"
        self._keep_image(replica, sync)
        self.plan_by_rpo(replica)
        self._on_end(sync, "SUCCESS", now)

    def _keep_image(self, replica: Replica, sync: Sync) -> None:
        if replica.images is not None:
            image = Image(
                replica.syncs_done, sync.began_at, replica.last_sync_seconds, sync.transfer_bytes
            )
            replica.images.append(image)

    def _break_off(self, sync: Sync, now: float) -> None:
        sync.replica.sync = None
        if sync.trouble is not None:
            self.fail(sync.replica, sync.trouble, now=now)
        self._on_end(sync, "ERROR" if sync.trouble else "CANCELLED", now)

    def _trouble(self, replica: Replica) -> Trouble | None:
        if replica.failing:
            return LASTING_TROUBLE
        if replica.last_sync_at is not None and self._chance.happens(self._failure_share):
            return self._chance.choice(SYNC_TROUBLES)
        return None

    def _sized(self, replica: Replica, now: float) -> Sync:
        kind: SyncKind = "delta"
        if replica.last_sync_at is None:
            kind = "initial"
        elif replica.needs_full:
            kind = "full"
        return Sync(
            replica=replica,
            link=replica.link,
            kind=kind,
            began_at=now,
            transfer_bytes=self._bytes_to_send(replica, kind, now=now),
            checksum_bytes=0 if kind == "delta" else replica.disk_bytes,
        )

    def _bytes_to_send(self, replica: Replica, kind: SyncKind, *, now: float) -> int:
        used = replica.disk_bytes * USED_SHARE
        if kind == "initial":
            return int(used)
        if replica.straggle:
            alone = PER_SYNC_BYTES_PER_SECOND * self._speed * replica.rpo_seconds
            return int(alone * replica.straggle * self._chance.uniform(0.9, 1.1))
        hour = self._born + (now - self._born) * self._speed
        changed = replica.change_bytes_per_second * writes(hour) * (now - replica.changed_since)
        if kind == "full":
            changed += replica.disk_bytes * FULL_SYNC_SHARE
        wanted = changed * self._chance.uniform(0.6, 1.4)
        return int(min(max(wanted, LEAST_DELTA_BYTES), used))
