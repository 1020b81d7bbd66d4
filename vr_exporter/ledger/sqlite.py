"""The ledger: what was wished, asked and counted, kept in one SQLite file (fault-matrix 6)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vr_exporter.domain.alerts import Noticed
from vr_exporter.domain.counts import SiteChanges, SiteTotals
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.triggers import Skip, Trigger, TriggerState
from vr_exporter.ledger import pruning
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.ledger.book import Book, Notice, no_news
from vr_exporter.ledger.folder import StateUnusable
from vr_exporter.ledger.memory import Memory
from vr_exporter.ledger.outbox import Outbox
from vr_exporter.ledger.steps import check_step, may_turn, skipped
from vr_exporter.ledger.store import (
    DAMAGE,
    Connect,
    Store,
    StoreFacts,
    StoreFailed,
    connect,
    damaged,
    explained,
)
from vr_exporter.ledger.writing import Writer


@dataclass(frozen=True, slots=True)
class Reserved:
    """What became of a wish: the trigger as it stands.

    `is_new`: it waits, or has joined, since this call. `is_conflict`: its key stands for
    another body, so nothing was done.
    """

    trigger: Trigger
    is_new: bool
    is_conflict: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A wish that a guard turned away, with what that rested on, for the audit."""

    trigger: Trigger
    skip: Skip
    inputs: str = ""


REFUSALS_AT_A_TIME: Final = 500


class Ledger(Memory):
    """One file, one writer. Any thread may call; a call that writes returns after the commit.

    `reserve` and `claim` raise StoreFailed when they are not durable, and then nothing happened.
    All else holds at once in memory, and is written with the next commit that works. Readers
    of triggers and totals wait for no disk. Raises StateUnusable when the file is of no use.

    `notice` says what of a trigger's step is news for the outbox; it is asked within the step, so
    it must not call the ledger.
    """

    def __init__(
        self, path: Path, *, now: float, connect: Connect = connect, notice: Notice = no_news
    ) -> None:
        self._lock = threading.Lock()
        self._store = Store(path, connect=connect)
        self._kill_switch = self._store.meta.get("kill_switch") == "on"
        with ExitStack() as undoing:
            undoing.callback(self._store.close)
            self._read(path, now=now, notice=notice)
            self._writer = Writer(self._store, self._book)
            self._begin(now)
            undoing.pop_all()

    # totals

    def trigger_totals(self) -> Mapping[SiteName, SiteTotals]:
        """Return the totals that hold the families `vr_trigger_*`, as the last step left them.

        The site is empty for wishes that named none we know.
        """
        return self._published

    def record(
        self,
        site: SiteName,
        changes: SiteChanges,
        endings: Sequence[Trigger] = (),
        noticed: Noticed | None = None,
    ) -> SiteTotals:
        """Take in what a poll found, in one transaction (T4).

        The triggers that it ended and the alerts that it makes are part of it.
        """
        noticed = noticed or Noticed()
        with self._lock:
            known = [self._known(ending.key) for ending in endings]
            for before, ending in zip(known, endings, strict=True):
                check_step(before, ending)
            self._book.totals.record(site, changes)
            for ending in endings:
                ended_at = ending.ended_at or ending.asked_at
                self._book.step(self._known(ending.key), ending, now=ended_at)
            self._book.failed_syncs.put(site, noticed.failures)
            self._book.outbox.take(noticed.news)
            totals = self._book.totals.totals(site)
            self._write_behind("T4")
            return totals

    def forget(self, site: SiteName) -> None:
        """Drop the totals of a site that is no longer configured; its triggers stay."""
        with self._lock:
            self._book.totals.forget(site)
            self._book.sync_kinds.forget(site)
            self._book.failed_syncs.forget(site)
            self._write_behind("T4")

    def learn_sync_kind(self, site: SiteName, kind: str) -> None:
        """Note the kind of a task that a sync of ours is; written with the next commit."""
        with self._lock:
            self._book.sync_kinds.learn(site, kind)

    # triggers

    def reserve(self, trigger: Trigger, *, now: float) -> Reserved:
        """Take in a wish, durably (T1); one given as `joined` follows a sync of somebody else."""
        with self._lock:
            self._writer.must_be_up()
            known = self._writer.find(trigger.key)
            if known is not None and not may_turn(known, trigger):
                is_conflict = known.body_digest != trigger.body_digest
                return Reserved(known, is_new=False, is_conflict=is_conflict)
            placed = self._book.placed(trigger)
            self._writer.reserve(placed, now=now)
            self._publish()
            return Reserved(placed, is_new=True)

    def refuse(self, trigger: Trigger, skip: Skip, *, now: float) -> Trigger:
        """Note that a guard said no before the wish was taken in: there is no row of it."""
        (refused,) = self.refuse_all([Refusal(trigger, skip)], now=now)
        return refused

    def refuse_all(self, refusals: Sequence[Refusal], *, now: float) -> tuple[Trigger, ...]:
        """Note many at once, some hundreds to a transaction."""
        refused = []
        for at in range(0, len(refusals), REFUSALS_AT_A_TIME):
            with self._lock:
                for each in refusals[at : at + REFUSALS_AT_A_TIME]:
                    end = skipped(each.trigger, each.skip, now=now)
                    self._book.count(None, end)
                    self._book.audit.note(end, now=now, inputs=each.inputs)
                    refused.append(end)
                self._write_behind("T1")
        return tuple(refused)

    def claim(self, key: str, *, now: float) -> bool:
        """Make a wish ours to post (T2); True once, when that is durable: then one POST may go."""
        with self._lock:
            self._writer.must_be_up()
            known = self._writer.find(key)
            if known is None:
                return False
            is_ours = self._writer.claim(known, now=now)
            if is_ours:
                self._book.last_claims[known.target.replication_id] = now
            return is_ours

    def settle(self, trigger: Trigger, *, now: float) -> Trigger:
        """Write the next state of a trigger with its fields (T3, T6), and return it as it stands.

        Those that follow it end with it. In the same state only fields change. Raises
        IllegalStep for an edge that the table does not have, KeyError for a key unknown.
        """
        with self._lock:
            before = self._known(trigger.key)
            check_step(before, trigger)
            after = self._book.step(before, trigger, now=now)
            self._write_behind("T6" if before.state is TriggerState.AMBIGUOUS else "T3")
            return after

    def trigger(self, key: str) -> Trigger | None:
        """Return a trigger; only one that ended long ago is read from disk."""
        remembered = self._book.remembered.get(key)
        if remembered is not None:
            return remembered
        with self._lock, suppress(StoreFailed):
            return self._writer.find(key)
        return None

    def acknowledge(
        self, key_or_replication: str, *, actor: str, now: float
    ) -> tuple[Trigger, ...]:
        """Close what stayed unknown: one trigger by its key, or all of a replication."""
        with self._lock:
            acknowledged = self._book.acknowledge(key_or_replication, actor=actor, now=now)
            self._write_behind("T6")
            return acknowledged

    # alerts

    def heal(self, replication_id: ReplicationId) -> int:
        """Begin to count anew: the replication is within its RPO; return how many there were."""
        with self._lock:
            count = self._book.unhealed.forget(replication_id)
            self._write_behind("T4")
            return count

    def acknowledge_loop(self, replication_id: ReplicationId, *, actor: str, now: float) -> int:
        """Let alerts ask for a replication again, although it did not heal."""
        with self._lock:
            count = self._book.unhealed.forget(replication_id)
            if count:
                result = f"{count} triggers by alert had healed nothing"
                self._book.audit.add(
                    at=now,
                    actor=actor,
                    what="loop_acknowledged",
                    replication=replication_id,
                    result=result,
                )
            self._write_behind("T6")
            return count

    def change_outbox(self, change: Callable[[Outbox], None], *, step: str = "T5") -> None:
        """Change what is to be told, in a transaction of its own (T5)."""
        with self._lock:
            change(self._book.outbox)
            self._write_behind(step)

    # the rest

    def note(self, what: str, *, actor: str, now: float, result: str) -> None:
        """Add a row to the audit on something that people did."""
        with self._lock:
            self._book.audit.add(at=now, actor=actor, what=what, result=result)
            self._write_behind("T6")

    def audit(self, *, limit: int, of_bridge: bool = False) -> tuple[AuditRow, ...]:
        """Return the last rows of the audit, the youngest first; or those of the bridge alone."""
        audit = self._book.audit
        with self._lock:
            try:
                return self._store.read(lambda c: audit.youngest(c, limit, of_bridge=of_bridge))
            except StoreFailed:
                return audit.youngest(None, limit, of_bridge=of_bridge)

    def prune(self, *, now: float) -> int:
        """Remove what is too old, some rows a transaction (T7); return how many rows went."""
        removed = 0
        count = pruning.ROWS_AT_A_TIME
        while count == pruning.ROWS_AT_A_TIME:
            with self._lock:
                try:
                    count = self._writer.prune(now=now)
                except StoreFailed:
                    return removed
            removed += count
        self._book.remembered.drop_ended_before(now - pruning.TRIGGERS_KEPT_SECONDS)
        with self._lock, suppress(StoreFailed):
            self._store.read(self._book.forget_gone)
            self._write_behind("T7")
        return removed

    @property
    def kill_switch(self) -> bool:
        """Whether all triggers by alert are stopped."""
        return self._kill_switch

    def set_kill_switch(self, *, on: bool, actor: str, now: float) -> None:
        """Stop triggers by alert, or let them go on; it survives restarts."""
        word = "on" if on else "off"
        with self._lock:
            self._kill_switch = on
            self._book.meta["kill_switch"] = word
            self._book.audit.add(at=now, actor=actor, what="kill_switch", result=word)
            self._write_behind("T6")

    @property
    def is_up(self) -> bool:
        """Whether the last commit worked."""
        return self._store.is_up

    @property
    def facts(self) -> StoreFacts:
        """How the store fares."""
        return self._store.facts

    def probe(self) -> bool:
        """After a failure open anew, read back and commit; until that works nothing is taken in."""
        with self._lock:
            return self._write_behind("probe")

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        with self._lock:
            self._write_behind("close")
            self._store.close()

    def _read(self, path: Path, *, now: float, notice: Notice) -> None:
        try:
            self.instance = self._store.meta["instance"]
            self.boots = int(self._store.meta.get("boots", "0")) + 1
            self._book = self._store.read(
                lambda connection: Book(connection, now=now, notice=notice)
            )
        except StoreFailed as error:
            with explained(path):
                raise error.__cause__ or error from None
        except DAMAGE as error:
            raise StateUnusable(damaged(path, f"{type(error).__name__} {error}")) from error

    def _begin(self, now: float) -> None:
        self._book.take_over(now=now)
        self._book.meta["boots"] = str(self.boots)
        try:
            with self._writer.transaction("T0"):
                self._publish()
        except StoreFailed as error:
            raise StateUnusable(f"{error} (make room, and the folder writable)") from error

    def _known(self, key: str) -> Trigger:
        known = self._writer.find(key)
        if known is None:
            raise KeyError(key)
        return known

    def _write_behind(self, step: str) -> bool:
        """Commit what memory holds already, or let it wait, and show it either way."""
        try:
            return self._writer.write_behind(step)
        finally:
            self._publish()

    def _publish(self) -> None:
        self._published = self._book.totals.every
