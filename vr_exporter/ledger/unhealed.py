"""Triggers by alert that healed nothing yet, counted by replication, over restarts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from vr_exporter.domain.names import ReplicationId
from vr_exporter.ledger.values import text, texts


class Unhealed:
    """How many syncs alerts asked for since the replication was last within its RPO.

    Changes are marked, and written by the next commit.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT replication, triggers FROM unhealed")
        self._counts: dict[ReplicationId, int] = {
            ReplicationId(texts(replication)): count for replication, count in rows
        }
        self._unwritten: set[ReplicationId] = set()

    @property
    def has_unwritten(self) -> bool:
        """Whether anything is marked."""
        return bool(self._unwritten)

    @property
    def counts(self) -> Mapping[ReplicationId, int]:
        """The count of each replication that has one."""
        return self._counts.copy()

    def count(self, replication: ReplicationId) -> int:
        """Return the count of one replication."""
        return self._counts.get(replication, 0)

    def add(self, replication: ReplicationId) -> None:
        """Count one more."""
        self._counts[replication] = self.count(replication) + 1
        self._unwritten.add(replication)

    @contextmanager
    def trial(self, replication: ReplicationId, connection: sqlite3.Connection) -> Iterator[None]:
        """Count one more in the transaction, and only if the block ends well."""
        before = self.count(replication)
        self.add(replication)
        self.write(connection)
        try:
            yield
        except BaseException:
            self._counts[replication] = before
            raise

    def forget(self, replication: ReplicationId) -> int:
        """Begin anew: it healed, or somebody took note; return how many there were."""
        self._unwritten.add(replication)
        return self._counts.pop(replication, 0)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put all that is marked into the transaction."""
        for replication in self._unwritten:
            connection.execute(
                "INSERT OR REPLACE INTO unhealed VALUES (?, ?)",
                (text(replication), self.count(replication)),
            )
        connection.execute("DELETE FROM unhealed WHERE triggers = 0")

    def written(self) -> None:
        """Take the marks away: the transaction is on disk."""
        self._unwritten.clear()
