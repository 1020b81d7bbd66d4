"""What one appliance sees of the world, in the wire shapes of API v2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vr_exporter.simulator.world import complaints, shapes
from vr_exporter.simulator.world.places import Pairing, Site
from vr_exporter.simulator.world.refusal import WorldRefusal
from vr_exporter.simulator.world.replica import Image, Replica
from vr_exporter.simulator.world.shapes import Row

if TYPE_CHECKING:
    from vr_exporter.simulator.world.world import World


class SiteView:
    """Reads and acts for one appliance; all facts are whole, as with a remote session.

    Every read lives the world up to now first, save `row`, `id_of`, `is_down` and `is_local`: the
    rows of one page then show one moment. Hold `World.lock` while one answer is made of several
    reads. Unknown ids raise `WorldRefusal(404)`.
    """

    def __init__(self, world: World, site: Site) -> None:
        self._world = world
        self._site = site

    def info(self) -> Row:
        """VrmsInfo of this appliance."""
        return shapes.vrms_info(self._site, is_reachable=True)

    def pairings(self) -> Sequence[Row]:
        """All Pairings of this appliance, remote parts included."""
        self._world.advance()
        return [shapes.pairing(pairing, self._site) for pairing in self._own_pairings()]

    def replications(
        self, pairing_id: str, *, source_vc_guid: str | None = None
    ) -> Sequence[Replica]:
        """Handles of both directions, ordered by the ids that this site uses."""
        self._world.advance()
        replicas = self._listed(pairing_id).values()
        return [r for r in replicas if source_vc_guid in (None, r.source_vc_id)]

    def find(self, pairing_id: str, replication_id: str) -> Replica:
        """The handle of one replication."""
        self._world.advance()
        replica = self._listed(pairing_id).get(replication_id)
        if replica is None:
            raise WorldRefusal(404)
        return replica

    def id_of(self, replica: Replica) -> str:
        """What this site calls a replication."""
        return replica.id_at(self._site)

    def row(self, replica: Replica, *, extended: bool) -> Row:
        """ReplicationInfo as of the last read that lived the world on."""
        world = self._world
        return shapes.replication(
            replica, self._site, now=world.time, extended=extended, options=world.options
        )

    def replication_issues(
        self, pairing_id: str, *, source_vc_guid: str | None = None
    ) -> Sequence[Row]:
        """IssueInfo rows about replications."""
        replicas = self.replications(pairing_id, source_vc_guid=source_vc_guid)
        return list(complaints.replication_issues(replicas, self._site, now=self._world.time))

    def pairing_issues(self, pairing_id: str) -> Sequence[Row]:
        """IssueInfo rows about the two sites and what joins them."""
        self._world.advance()
        pairing = self._pairing(pairing_id)
        return list(complaints.pairing_issues(pairing, self._site, now=self._world.time))

    def servers(self) -> Sequence[Row]:
        """The replication servers of this site."""
        self._world.advance()
        return [shapes.replication_server(server) for server in self._site.servers]

    def vrs(self, pairing_id: str) -> Sequence[Row]:
        """VrmsInfo of both ends of a pairing, this one first."""
        pairing = self._pairing(pairing_id)
        ends = {end.vrms_id: end for end in (self._site, pairing.other(self._site))}
        return [
            shapes.vrms_info(end, is_reachable=end is self._site or not end.is_down)
            for end in ends.values()
        ]

    def pairing_servers(self, pairing_id: str, vr_id: str) -> Sequence[Row]:
        """The replication servers of one end of a pairing."""
        self._world.advance()
        pairing = self._pairing(pairing_id)
        for end in (self._site, pairing.other(self._site)):
            if end.vrms_id == vr_id:
                return [shapes.replication_server(server) for server in end.servers]
        raise WorldRefusal(404)

    def instances(self, pairing_id: str, replica: Replica) -> Sequence[Row]:
        """Points in time kept, oldest first; without MPIT the latest alone."""
        self._pairing(pairing_id)
        images = replica.images
        if images is not None:
            return [shapes.instance(image, replica) for image in images]
        if replica.last_sync_at is None:
            return []
        seconds = replica.last_sync_seconds
        began_at = replica.last_sync_at - seconds
        latest = Image(replica.syncs_done, began_at, seconds, replica.last_sync_bytes)
        return [shapes.instance(latest, replica)]

    def tasks(self) -> Sequence[Row]:
        """Recent tasks of this appliance, in the order of queueing."""
        world = self._world
        world.advance()
        return [
            shapes.task(task, world.time) for task in world.actions.recent(self._site, world.time)
        ]

    def sync(self, pairing_id: str, replication_id: str, *, user: str) -> Row:
        """Ask for a sync: the queued Task, or a `WorldRefusal`."""
        return self._request("sync", pairing_id, replication_id, user=user)

    def pause(self, pairing_id: str, replication_id: str, *, user: str) -> Row:
        """Ask for a pause: the queued Task, or a `WorldRefusal`."""
        return self._request("pause", pairing_id, replication_id, user=user)

    def resume(self, pairing_id: str, replication_id: str, *, user: str) -> Row:
        """Ask to resume: the queued Task, or a `WorldRefusal`."""
        return self._request("resume", pairing_id, replication_id, user=user)

    def is_down(self, pairing_id: str) -> bool:
        """Whether the remote site of the pairing is away."""
        return self._pairing(pairing_id).other(self._site).is_down

    def is_local(self, pairing_id: str) -> bool:
        """Whether the pairing joins this vCenter Server to itself."""
        return self._pairing(pairing_id).is_local

    def _request(self, name: str, pairing_id: str, replication_id: str, *, user: str) -> Row:
        with self._world.lock:
            replica = self.find(pairing_id, replication_id)
            task = self._world.actions.request(name, replica, site=self._site, user=user)
            return shapes.task(task, self._world.time)

    def _own_pairings(self) -> list[Pairing]:
        pairings = self._world.population.pairings.values()
        return [pairing for pairing in pairings if pairing.joins(self._site)]

    def _pairing(self, pairing_id: str) -> Pairing:
        pairing = self._world.population.pairings.get(pairing_id)
        if pairing is None or not pairing.joins(self._site):
            raise WorldRefusal(404)
        return pairing

    def _listed(self, pairing_id: str) -> dict[str, Replica]:
        return self._world.population.listed(self._pairing(pairing_id), self._site)
