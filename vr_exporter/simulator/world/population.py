"""Who is replicated: the replications of the world, found by pairing and by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vr_exporter.simulator.world.places import Pairing, Site
from vr_exporter.simulator.world.replica import Replica


class Population:
    """All replications; each site's list is kept sorted by the ids that the site uses."""

    def __init__(self, pairings: Sequence[Pairing]) -> None:
        self.pairings = {pairing.id: pairing for pairing in pairings}
        self._replicas: dict[str, list[Replica]] = {pairing.id: [] for pairing in pairings}
        self._listed: dict[tuple[str, str], dict[str, Replica]] = {}

    def __iter__(self) -> Iterator[Replica]:
        """All of them, pairing by pairing, in the order of their making."""
        for replicas in self._replicas.values():
            yield from replicas

    def of(self, pairing: Pairing) -> Sequence[Replica]:
        """Those of one pairing, in the order of their making."""
        return self._replicas[pairing.id]

    def listed(self, pairing: Pairing, site: Site) -> dict[str, Replica]:
        """Those of one pairing by the ids that a site uses, in the order of the ids."""
        key = (pairing.id, site.name)
        if key not in self._listed:
            by_id = {replica.id_at(site): replica for replica in self.of(pairing)}
            self._listed[key] = dict(sorted(by_id.items()))
        return self._listed[key]

    def add(self, replica: Replica) -> None:
        """Take one in."""
        self._replicas[replica.pairing.id].append(replica)
        replica.server.replications += 1
        self._listed.clear()

    def remove(self, replica: Replica) -> None:
        """Let one go."""
        self._replicas[replica.pairing.id].remove(replica)
        replica.server.replications -= 1
        self._listed.clear()

    def relist(self) -> None:
        """Find everything by new ids."""
        self._listed.clear()
