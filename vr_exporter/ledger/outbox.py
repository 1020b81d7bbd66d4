"""What is still to be told to which Alertmanager: one row for each receiver and alert."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from vr_exporter.domain.alerts import Begun, Ended, EventAlert, News, Outgoing
from vr_exporter.ledger import outbox_rows
from vr_exporter.ledger.outbox_rows import Key

CAPACITY: Final = 50_000
"""Rows that the outbox holds for each receiver."""

Dropped = Literal["queue_full", "expired", "rejected"]
DROPPED: Final[tuple[Dropped, ...]] = ("queue_full", "expired", "rejected")
"""Why an alert was given up, a closed set: the values of the label `reason`."""


_FEW: Final = 1000


@dataclass(frozen=True, slots=True)
class _Active:
    """An alert that fires as far as we know, whatever the receivers know of it."""

    alert: EventAlert
    starts_at: float
    ends_at: float | None

    def lasts_at(self, now: float) -> bool:
        return self.ends_at is None or self.ends_at > now


class Outbox:
    """State for each identity, not messages: however long a receiver is away, no row comes twice.

    Any thread may read; changes are made by its user, one at a time, and marked until `written`
    is called. `version` moves with every change.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, now: float, capacity: int = CAPACITY
    ) -> None:
        self.capacity = capacity
        self.version = 0
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, Outgoing]] = {}
        self._over: dict[str, dict[str, None]] = {}
        self._active: dict[str, _Active] = {}
        self._most_active = _FEW
        self._unwritten: set[Key] = set()
        self._dropped: Counter[str] = Counter()
        for row in outbox_rows.every(connection):
            self._rows.setdefault(row.receiver, {})[row.alert.fingerprint] = row
            self._sort(row)
            found = _Active(row.alert, row.starts_at, row.ends_at)
            if found.lasts_at(now):
                self._active[row.alert.kin] = found

    # what readers see

    def rows(self, receiver: str) -> tuple[Outgoing, ...]:
        """Return all that a receiver has yet to be told, or told again."""
        with self._lock:
            return tuple(self._rows.get(receiver, {}).values())

    def receivers(self) -> frozenset[str]:
        """Return all receivers that rows are kept for."""
        with self._lock:
            return frozenset(self._rows)

    def active(self, now: float) -> Mapping[str, int]:
        """Count what fires from here, by the name of the alert."""
        with self._lock:
            return Counter(each.alert.name for each in self._active.values() if each.lasts_at(now))

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many rows were given up since the start, by reason."""
        return dict(self._dropped)

    # what its user changes

    def serve(self, receivers: Iterable[str], *, now: float) -> None:
        """Keep rows for these receivers and no others; a new one is told what fires now."""
        wanted = set(receivers)
        with self._lock:
            for receiver in self._rows.keys() - wanted:
                self._over.pop(receiver, None)
                for row in self._rows.pop(receiver).values():
                    self._mark(row)
            for receiver in wanted - self._rows.keys():
                self._rows[receiver] = {}
                for each in self._active.values():
                    if each.lasts_at(now):
                        new = Outgoing(receiver, each.alert, each.starts_at, each.ends_at)
                        self._put(new)

    def take(self, news: Iterable[News]) -> None:
        """Take in what happened, for every receiver; without one only what is over counts."""
        with self._lock:
            for each in news:
                if isinstance(each, Ended):
                    self._end(each.kin, each.at)
                elif self._rows:
                    self._begin(each)

    def end_sites_but(self, sites: Container[str], *, at: float) -> None:
        """End what is about sites that are no longer configured."""
        with self._lock:
            for kin, each in list(self._active.items()):
                if dict(each.alert.labels).get("site", "") not in sites and each.lasts_at(at):
                    self._end(kin, at)

    def accept(self, told: Iterable[Outgoing], *, resolved: bool, at: float) -> None:
        """Note that a receiver took these, as firing or as resolved (T5).

        One that changed while it was being told is told again.
        """
        with self._lock:
            for row in told:
                known = self._same(row)
                if known is None:
                    continue
                if not resolved and known.firing_acked_at is None:
                    self._put(replace(known, firing_acked_at=at))
                elif resolved and known.resolved_acked_at is None and known.ends_at == row.ends_at:
                    self._put(replace(known, resolved_acked_at=at))

    def remove(self, done: Iterable[Outgoing], *, dropped: Dropped | None = None) -> None:
        """Let go of rows; `dropped` says why one is given up that nobody was told of."""
        with self._lock:
            for row in done:
                if self._same(row) is not None:
                    self._delete(row)
                    if dropped:
                        self._dropped[dropped] += 1

    # to disk

    @property
    def has_unwritten(self) -> bool:
        """Whether any row waits to be written."""
        return bool(self._unwritten)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put all that is marked into the transaction."""
        found = [(key, self._rows.get(key[0], {}).get(key[1])) for key in self._unwritten]
        kept = [row for key, row in found if row is not None and row.starts_at == key[2]]
        gone = [key for key, row in found if row is None or row.starts_at != key[2]]
        outbox_rows.delete(connection, gone)
        outbox_rows.put(connection, kept)

    def written(self) -> None:
        """Take the marks away: the transaction is on disk."""
        self._unwritten.clear()

    # inside the lock

    def _begin(self, news: Begun) -> None:
        alert = news.alert
        known = self._active.get(alert.kin)
        if known is not None and known.lasts_at(news.at):
            if known.alert.fingerprint != alert.fingerprint:
                self._change(known, lambda row: _ended(row, news.at, is_superseded=True))
                known = None
        else:
            known = None
        starts_at = known.starts_at if known else news.at
        self._active[alert.kin] = _Active(alert, starts_at, news.ends_at)
        self._let_go_of_ended(news.at)
        for receiver, rows in self._rows.items():
            row = rows.get(alert.fingerprint)
            if row is not None and row.resolved_acked_at is None:
                self._put(row.going_on(news))
            else:
                self._add(Outgoing(receiver, alert, starts_at, news.ends_at))

    def _let_go_of_ended(self, at: float) -> None:
        """Forget what ended by itself, now and then: as often as it has doubled."""
        if len(self._active) > self._most_active:
            self._active = {k: each for k, each in self._active.items() if each.lasts_at(at)}
            self._most_active = max(_FEW, 2 * len(self._active))

    def _end(self, kin: str, at: float) -> None:
        known = self._active.pop(kin, None)
        if known is not None:
            self._change(known, lambda row: _ended(row, at, is_superseded=False))

    def _change(self, known: _Active, change: Callable[[Outgoing], Outgoing]) -> None:
        for rows in self._rows.values():
            row = rows.get(known.alert.fingerprint)
            if row is not None:
                self._put(change(row))

    def _add(self, row: Outgoing) -> None:
        """Add a row; where all places are taken, one whose end is told already makes room."""
        rows = self._rows[row.receiver]
        if row.alert.fingerprint not in rows and len(rows) >= self.capacity:
            told = next(iter(self._over.get(row.receiver, ())), None)
            if told is None:
                self._dropped["queue_full"] += 1
                return
            self._delete(rows[told])
        self._put(row)

    def _put(self, row: Outgoing) -> None:
        rows = self._rows[row.receiver]
        before = rows.get(row.alert.fingerprint)
        if before is not None:
            self._mark(before)
        rows[row.alert.fingerprint] = row
        self._sort(row)
        self._mark(row)

    def _sort(self, row: Outgoing) -> None:
        """Keep apart the rows whose end is told: a full outbox looks for one again and again."""
        over = self._over.setdefault(row.receiver, {})
        over.pop(row.alert.fingerprint, None)
        if row.resolved_acked_at is not None:
            over[row.alert.fingerprint] = None

    def _delete(self, row: Outgoing) -> None:
        del self._rows[row.receiver][row.alert.fingerprint]
        self._over[row.receiver].pop(row.alert.fingerprint, None)
        self._mark(row)

    def _mark(self, row: Outgoing) -> None:
        self.version += 1
        self._unwritten.add((row.receiver, row.alert.fingerprint, row.starts_at))

    def _same(self, row: Outgoing) -> Outgoing | None:
        """Return the row as it stands now, None if its episode is no longer kept."""
        known = self._rows.get(row.receiver, {}).get(row.alert.fingerprint)
        return known if known is not None and known.starts_at == row.starts_at else None


def _ended(row: Outgoing, at: float, *, is_superseded: bool) -> Outgoing:
    ends_at = at if row.ends_at is None else min(row.ends_at, at)
    return replace(row, ends_at=ends_at, is_superseded=is_superseded)
