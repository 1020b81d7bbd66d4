"""Kinds of tasks that our own syncs turned out to be, for appliances whose words tell nothing."""

from __future__ import annotations

import sqlite3
from typing import Final

from vr_exporter.domain.names import SiteName
from vr_exporter.ledger.values import text, texts

MOST_KINDS: Final = 16
"""Of a site: an appliance that tells each task by another text teaches nothing."""


class SyncKinds:
    """What was learned of each site (fault-matrix 6, T6); memory first, like the book."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._kinds: dict[SiteName, frozenset[str]] = {}
        for site, kind in connection.execute("SELECT site, kind FROM sync_kind"):
            self._add(SiteName(texts(site)), texts(kind))
        self._unwritten: set[tuple[SiteName, str]] = set()
        self._forgotten: set[SiteName] = set()

    @property
    def has_unwritten(self) -> bool:
        """Whether anything waits to be written."""
        return bool(self._unwritten or self._forgotten)

    def of(self, site: SiteName) -> frozenset[str]:
        """Return the kinds of tasks that are syncs at this site."""
        return self._kinds.get(site, frozenset())

    def learn(self, site: SiteName, kind: str) -> None:
        """Note the kind of a task that a sync of ours was."""
        known = self.of(site)
        if kind not in known and len(known) < MOST_KINDS:
            self._add(site, kind)
            self._unwritten.add((site, kind))

    def forget(self, site: SiteName) -> None:
        """Drop what was learned of a site."""
        self._kinds.pop(site, None)
        self._unwritten = {(of, kind) for of, kind in self._unwritten if of != site}
        self._forgotten.add(site)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put what waits into the transaction."""
        for site in self._forgotten:
            connection.execute("DELETE FROM sync_kind WHERE site = ?", (text(site),))
        rows = [(text(site), text(kind)) for site, kind in self._unwritten]
        connection.executemany("INSERT OR IGNORE INTO sync_kind VALUES (?, ?)", rows)

    def written(self) -> None:
        """Nothing waits any more: the transaction is on disk."""
        self._unwritten.clear()
        self._forgotten.clear()

    def _add(self, site: SiteName, kind: str) -> None:
        self._kinds[site] = self.of(site) | {kind}
