"""Which replications are gone from a site: only what two polls lack counts as removed."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from vr_exporter.domain.names import PairingId, ReplicationId
from vr_exporter.watching.reading import PairingReading

MISSES_TO_BE_GONE = 2
"""So many polls must lack a replication before it counts as removed (A28, A37)."""


class Missing:
    """Counts the polls that lack a replication; a list not read whole lacks nothing (A35)."""

    def __init__(self) -> None:
        self._misses: dict[ReplicationId, int] = {}
        self._home: dict[ReplicationId, PairingId] = {}

    def gone(
        self, known: AbstractSet[ReplicationId], read: Iterable[PairingReading] | None
    ) -> frozenset[ReplicationId]:
        """Take in one poll, and return those of the known replications that it proves gone.

        `read` is None where not even the pairings could be listed.
        """
        if read is None:
            return frozenset()
        read = tuple(read)
        present = {row.id: one.pairing.id for one in read for row in one.replications or ()}
        self._home.update(present)
        unsure = {one.pairing.id for one in read if not one.is_complete}
        misses = {}
        for key in known - present.keys():
            home = self._home.get(key)
            is_missing = home not in unsure if home else not unsure
            misses[key] = self._misses.get(key, 0) + is_missing
        gone = frozenset(key for key, count in misses.items() if count >= MISSES_TO_BE_GONE)
        self._misses = {key: count for key, count in misses.items() if key not in gone}
        for key in gone:
            self._home.pop(key, None)
        return gone
