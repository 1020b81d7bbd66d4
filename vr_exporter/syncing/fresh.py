"""Replications that were read together for triggers that wait, kept until each is begun."""

from __future__ import annotations

from collections.abc import Iterable

from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId
from vr_exporter.syncing.guards import OLDEST_READ_SECONDS


class FreshRows:
    """Rows of one request; each serves one trigger, and only while it is fresh enough.

    Times are those of the monotonic clock.
    """

    def __init__(self) -> None:
        self._rows: dict[ReplicationId, Replication] = {}
        self._read_at = 0.0

    def keep(self, rows: Iterable[Replication], *, now: float) -> None:
        """Keep what was just read, and drop what was read before."""
        self._rows = {row.id: row for row in rows}
        self._read_at = now

    def has(self, replication_id: ReplicationId) -> bool:
        """Whether this replication was among them."""
        return replication_id in self._rows

    def take(
        self, replication_id: ReplicationId, *, now: float
    ) -> tuple[Replication, float] | None:
        """Hand a row out once, with its age in seconds; None where it has to be read anew."""
        row = self._rows.pop(replication_id, None)
        age = now - self._read_at
        return None if row is None or age > OLDEST_READ_SECONDS else (row, age)
