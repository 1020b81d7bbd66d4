"""Counters that also stand in the store: changes are marked, and written by the next commit."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from typing import Any

from vr_exporter.domain.counts import (
    BUCKETS,
    Addition,
    Born,
    Exemplar,
    Histogram,
    Labels,
    ReplicationTotals,
    SeenTasks,
    SiteChanges,
    SiteTotals,
    TaskIdentity,
)
from vr_exporter.domain.names import ReplicationId, SiteName, TaskId
from vr_exporter.ledger.counters import Counters
from vr_exporter.ledger.values import Value, labels, number, text, texts

Series = tuple[SiteName, str, Labels]
_UNKNOWN = ""
"""In place of a time of queueing that is not known: a key takes no NULL."""

_TABLES = ("counter", "histogram", "replication", "task_seen", "watermark")


class Totals(Counters):
    """Counters in memory; `write` puts into a transaction what differs from the store.

    Values are written as they are, not as differences: writing them twice does no harm.
    Replications are kept in the order of the poll, by id within a pairing: SQLite takes sorted
    keys twice as fast.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(_read_totals(connection), _read_seen(connection))
        self._series: set[Series] = set()
        self._replications: defaultdict[SiteName, dict[ReplicationId, None]] = defaultdict(dict)
        self._tasks: set[tuple[SiteName, TaskIdentity]] = set()
        self._watermarks: set[SiteName] = set()
        self._forgotten: set[SiteName] = set()

    @property
    def has_unwritten(self) -> bool:
        """Whether anything is marked."""
        return any(self._marks)

    @property
    def _marks(self) -> tuple[set[Any] | dict[SiteName, Any], ...]:
        return (
            self._series,
            self._replications,
            self._tasks,
            self._watermarks,
            self._forgotten,
        )

    def record(self, site: SiteName, changes: SiteChanges) -> SiteTotals:
        """Take in what a poll found, and mark it."""
        before = self.totals(site)
        for addition in changes.additions:
            if not (isinstance(addition, Born) and _has(before, addition)):
                self._series.add((site, addition.family, addition.labels))
        if changes.replications or changes.gone:
            self._replications[site] |= dict.fromkeys((*changes.replications, *changes.gone))
        seen = self.seen_tasks(site)
        totals = super().record(site, changes)
        if changes.ended_tasks is not None:
            known = seen.ended if seen else {}
            self._tasks.update((site, task) for task in changes.ended_tasks if task not in known)
            after = self._seen[site]
            if seen is None or seen.watermark_seconds != after.watermark_seconds:
                self._watermarks.add(site)
        return totals

    def forget(self, site: SiteName) -> None:
        """Drop a site, from the store too."""
        super().forget(site)
        self._forgotten.add(site)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put all that is marked into the transaction."""
        for site in self._forgotten:
            for table in _TABLES:
                connection.execute(f"DELETE FROM {table} WHERE site = ?", (text(site),))  # noqa: S608 - a name of ours
        self._write_series(connection)
        self._write_replications(connection)
        self._write_tasks(connection)

    def written(self) -> None:
        """Take the marks away: the transaction is on disk."""
        for marked in self._marks:
            marked.clear()

    def _write_series(self, connection: sqlite3.Connection) -> None:
        counters: list[tuple[Value, ...]] = []
        histograms: list[tuple[Value, ...]] = []
        for site, family, values in self._series:
            totals = self.totals(site)
            key = (text(site), family, labels(values))
            histogram = totals.histograms.get(family, {}).get(values)
            value = totals.counters.get(family, {}).get(values)
            if histogram is not None:
                histograms.append((*key, *_histogram_row(histogram)))
            elif value is not None:
                counters.append((*key, number(value)))
        connection.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?, ?, ?)", counters)
        connection.executemany(
            "INSERT OR REPLACE INTO histogram VALUES (?, ?, ?, ?, ?, ?)", histograms
        )

    def _write_replications(self, connection: sqlite3.Connection) -> None:
        kept: list[tuple[Value, ...]] = []
        gone: list[tuple[Value, ...]] = []
        for site, replications in self._replications.items():
            known, bound = self.totals(site).replications, text(site)
            for replication in replications:
                totals = known.get(replication)
                if totals is None:
                    gone.append((bound, text(replication)))
                else:
                    breached_seconds, synced_bytes, last_sync = totals
                    sums = (breached_seconds, number(synced_bytes), last_sync)
                    kept.append((bound, text(replication), *sums))
        connection.executemany("DELETE FROM replication WHERE site = ? AND replication = ?", gone)
        connection.executemany("INSERT OR REPLACE INTO replication VALUES (?, ?, ?, ?, ?)", kept)

    def _write_tasks(self, connection: sqlite3.Connection) -> None:
        rows: list[tuple[Value, ...]] = []
        for site, identity in self._tasks:
            seen = self.seen_tasks(site)
            if seen is not None and identity in seen.ended:
                ended_at = number(seen.ended[identity])
                rows.append((text(site), text(identity[0]), _queued(identity), ended_at))
        connection.executemany("INSERT OR REPLACE INTO task_seen VALUES (?, ?, ?, ?)", rows)
        for site in self._watermarks:
            seen = self.seen_tasks(site)
            if seen is not None:
                mark = (text(site), number(seen.watermark_seconds))
                connection.execute("INSERT OR REPLACE INTO watermark VALUES (?, ?)", mark)
                connection.execute("DELETE FROM task_seen WHERE site = ? AND ended_at < ?", mark)


def _has(totals: SiteTotals, addition: Addition) -> bool:
    families = totals.histograms if addition.family in BUCKETS else totals.counters
    return addition.labels in families.get(addition.family, {})


def _queued(identity: TaskIdentity) -> Value:
    return _UNKNOWN if identity[1] is None else number(identity[1])


def _histogram_row(histogram: Histogram) -> tuple[Value, ...]:
    exemplars = [
        [shown.labels, shown.value, shown.timestamp_seconds] if shown else None
        for shown in histogram.exemplars
    ]
    return (json.dumps(histogram.counts), number(histogram.sum), json.dumps(exemplars))


def _read_totals(connection: sqlite3.Connection) -> dict[SiteName, SiteTotals]:
    counters: dict[SiteName, dict[str, dict[Labels, float]]] = defaultdict(dict)
    histograms: dict[SiteName, dict[str, dict[Labels, Histogram]]] = defaultdict(dict)
    replications: dict[SiteName, dict[ReplicationId, ReplicationTotals]] = defaultdict(dict)
    for site, family, values, value in connection.execute("SELECT * FROM counter"):
        counters[_site(site)].setdefault(family, {})[_labels(values)] = value
    for site, family, values, *row in connection.execute("SELECT * FROM histogram"):
        if (histogram := _histogram(family, *row)) is not None:
            histograms[_site(site)].setdefault(family, {})[_labels(values)] = histogram
    for site, replication, *row in connection.execute("SELECT * FROM replication"):
        replications[_site(site)][ReplicationId(texts(replication))] = _replication(*row)
    return {
        site: SiteTotals(
            counters.get(site, {}), histograms.get(site, {}), replications.get(site, {})
        )
        for site in {*counters, *histograms, *replications}
    }


def _read_seen(connection: sqlite3.Connection) -> dict[SiteName, SeenTasks]:
    ended: dict[SiteName, dict[TaskIdentity, float]] = defaultdict(dict)
    for site, task, queued, ended_at in connection.execute("SELECT * FROM task_seen"):
        identity = (TaskId(texts(task)), None if queued == _UNKNOWN else float(queued))
        ended[_site(site)][identity] = ended_at
    return {
        _site(site): SeenTasks(ended.get(_site(site), {}), seconds)
        for site, seconds in connection.execute("SELECT * FROM watermark")
    }


def _site(value: object) -> SiteName:
    return SiteName(texts(value))


def _labels(values: str) -> Labels:
    return tuple(json.loads(values))


def _replication(breached: float, synced: float, last_sync: float | None) -> ReplicationTotals:
    return ReplicationTotals(breached, int(synced), last_sync)


def _histogram(family: str, counts: str, total: float, exemplars: str) -> Histogram | None:
    """Return a stored histogram; None if its buckets are no longer those of the family."""
    numbers = tuple(json.loads(counts))
    if len(numbers) != len(BUCKETS.get(family, ())) + 1:
        return None
    shown = tuple(
        Exemplar(tuple((name, value) for name, value in row[0]), row[1], row[2]) if row else None
        for row in json.loads(exemplars)
    )
    return Histogram(numbers, total, shown)
