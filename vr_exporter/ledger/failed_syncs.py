"""Syncs of a replication that failed one after the other, counted over restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.ledger.values import text, texts


class FailedSyncs:
    """Failures in a row by replication; one whose last sync went well is not in here.

    Changes are marked, and written by the next commit.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._failures: dict[SiteName, dict[ReplicationId, int]] = {}
        self._unwritten: set[tuple[SiteName, ReplicationId]] = set()
        for site, replication, failures in connection.execute("SELECT * FROM failed_syncs"):
            of_site = self._failures.setdefault(SiteName(texts(site)), {})
            of_site[ReplicationId(texts(replication))] = failures

    @property
    def has_unwritten(self) -> bool:
        """Whether anything is marked."""
        return bool(self._unwritten)

    def of(self, site: SiteName) -> Mapping[ReplicationId, int]:
        """Return the failures in a row of a site's replications."""
        return dict(self._failures.get(site, {}))

    def put(self, site: SiteName, failures: Mapping[ReplicationId, int]) -> None:
        """Take in how many there are now; 0 ends a row."""
        of_site = self._failures.setdefault(site, {})
        for replication, count in failures.items():
            if count:
                of_site[replication] = count
            else:
                of_site.pop(replication, None)
            self._unwritten.add((site, replication))

    def forget(self, site: SiteName) -> None:
        """Drop a site."""
        self.put(site, dict.fromkeys(self._failures.get(site, ()), 0))

    def write(self, connection: sqlite3.Connection) -> None:
        """Put all that is marked into the transaction."""
        found = [(key, self._failures.get(key[0], {}).get(key[1])) for key in self._unwritten]
        connection.executemany(
            "DELETE FROM failed_syncs WHERE site = ? AND replication = ?",
            _bound(key for key, count in found if not count),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO failed_syncs VALUES (?, ?, ?)",
            [(text(key[0]), text(key[1]), count) for key, count in found if count],
        )

    def written(self) -> None:
        """Take the marks away: the transaction is on disk."""
        self._unwritten.clear()


def _bound(keys: Iterable[tuple[SiteName, ReplicationId]]) -> list[tuple[object, object]]:
    return [(text(site), text(replication)) for site, replication in keys]
