"""How what the ledger knows reaches the disk: with the next commit that works, whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from vr_exporter.domain.triggers import Origin, Trigger, TriggerState
from vr_exporter.ledger import pruning, trigger_rows
from vr_exporter.ledger.book import US, Book
from vr_exporter.ledger.steps import ended_with, expired, unanswered
from vr_exporter.ledger.store import Store, StoreFailed


@dataclass(frozen=True, slots=True)
class Doubt:
    """A commit that failed: T1 or T2 of a trigger, and when."""

    key: str
    step: str
    at: float


class Writer:
    """Puts the book into the store; its user sees to it that one thread at a time is inside.

    After a failure of T1 or T2 what the disk says of the trigger is the truth (F1).
    """

    def __init__(self, store: Store, book: Book) -> None:
        self._store = store
        self._book = book
        self._doubts: dict[str, Doubt] = {}

    def find(self, key: str) -> Trigger | None:
        """Return a trigger as it stands, from disk where memory has it no more."""
        return self._book.get(key) or self._on_disk(key)

    @contextmanager
    def transaction(self, step: str, *, op: str = "commit") -> Iterator[sqlite3.Connection]:
        """One transaction; all that waits to be written goes first, and waits no more after it."""
        with self._store.transaction(step, op=op) as connection:
            self._book.write(connection)
            yield connection
        self._book.written()

    def write_behind(self, step: str) -> bool:
        """Commit what memory holds already; when that fails it waits for the next commit."""
        try:
            self._store.open_again()
            self._read_back()
            if not self._store.is_up:
                self._book.meta["probed"] = str(self._store.facts.writes)
            if self._book.has_unwritten:
                with self.transaction(step):
                    pass
        except StoreFailed:
            self._book.audit.tell()
            return False
        return True

    def must_be_up(self) -> None:
        """Raise StoreFailed since a commit failed, until one works again."""
        if not self._store.is_up:
            raise StoreFailed(f"{self._store.path}: cannot be written since a commit failed")

    def reserve(self, placed: Trigger, *, now: float) -> None:
        """Take in a wish (T1); memory holds it only once that is durable, or raises StoreFailed."""
        with (
            self._doubted(Doubt(placed.key, "T1", now)),
            self._book.trial(None, placed, now=now),
            self.transaction("T1") as connection,
        ):
            trigger_rows.put(connection, placed)

    def claim(self, known: Trigger, *, now: float) -> bool:
        """Make a wish ours to post (T2) on disk; memory follows only once that is durable."""
        claimed = replace(known, state=TriggerState.POSTING, claimed_at=now)
        with (
            self._doubted(Doubt(known.key, "T2", now)),
            ExitStack() as trial,
            self.transaction("T2") as connection,
        ):
            is_ours = trigger_rows.take(connection, claimed.key, now=now)
            if is_ours:
                trial.enter_context(self._book.trial(known, claimed, now=now))
                if claimed.origin is Origin.ALERT:
                    replication = claimed.target.replication_id
                    trial.enter_context(self._book.unhealed.trial(replication, connection))
                self._book.audit.write(connection)
        return is_ours

    def prune(self, *, now: float) -> int:
        """Remove some rows that are too old (T7), and return how many."""
        self.must_be_up()
        with self.transaction("T7", op="prune") as connection:
            return pruning.remove_old(connection, now=now)

    @contextmanager
    def _doubted(self, doubt: Doubt) -> Iterator[None]:
        """When the commit fails, look what is on disk of it, now or as soon as the file opens."""
        try:
            yield
        except StoreFailed:
            self._doubts[doubt.key] = doubt
            with suppress(StoreFailed):
                self._read_back()
            raise

    def _on_disk(self, key: str) -> Trigger | None:
        return self._store.read(lambda connection: trigger_rows.find(connection, key))

    def _read_back(self) -> None:
        for doubt in list(self._doubts.values()):
            found = self._on_disk(doubt.key)
            self._store.read(self._book.audit.read_back)
            del self._doubts[doubt.key]
            if found is not None:
                self._take_as_truth(found, doubt)

    def _take_as_truth(self, found: Trigger, doubt: Doubt) -> None:
        """No POST was made, and the caller knows of a failure: K2 and K5."""
        known = self._book.get(found.key)
        if doubt.step == "T2":
            was_waiting = known is not None and known.state is TriggerState.RESERVED
            if was_waiting and found.state is TriggerState.POSTING:
                self._book.put(known, unanswered(found), now=doubt.at, actor=US)
        elif found.state is TriggerState.RESERVED:
            end = expired(found, doubt.at, "the ledger failed when it was asked for")
            self._book.put(None, end, now=doubt.at, actor=US)
        elif found.state is TriggerState.JOINED:
            self._book.put(None, found, now=doubt.at, actor=US)
            leader = self._book.get(found.follows)
            if leader is not None and leader.state.is_final:
                self._book.put(found, ended_with(found, leader), now=doubt.at, actor=US)
