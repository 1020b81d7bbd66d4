"""Replications as sites show them, put together: each is one target, asked at its source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from vr_exporter.domain.inventory import Direction, Pairing, Replication
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Target

_AT_SOURCE = (Direction.OUTGOING, Direction.LOCAL)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One replication as one site shows it."""

    site: SiteName
    pairing: Pairing
    replication: Replication


@dataclass(frozen=True, slots=True)
class Known:
    """One target with every sighting of it, in the order of the sites; one of them is asked."""

    asked: Sighting
    sightings: tuple[Sighting, ...]

    @property
    def target(self) -> Target:
        """The target, with the ids of the site that is asked."""
        return Target(
            replication_id=self.asked.replication.id,
            site=self.asked.site,
            pairing_id=self.asked.pairing.id,
            vm=self.asked.replication.vm,
            vm_id=self.asked.replication.vm_id,
        )


def known_targets(snapshot: Snapshot) -> tuple[Known, ...]:
    """Find every target: one replication id, or one VM id at two sites, is one target.

    It is asked at its source where a site shows it as outgoing or local, else at the first.
    """
    groups = _joined_by_vm(_joined_by_id(_sightings(snapshot)))
    return tuple(Known(asked=_asked(group), sightings=tuple(group)) for group in groups)


def _sightings(snapshot: Snapshot) -> Iterator[Sighting]:
    for site in snapshot.sites.values():
        for pairing in site.pairings:
            for watched in pairing.replications:
                yield Sighting(site.site, pairing.pairing, watched.replication)


def _joined_by_id(sightings: Iterable[Sighting]) -> list[list[Sighting]]:
    groups: dict[ReplicationId, list[Sighting]] = {}
    for sighting in sightings:
        groups.setdefault(sighting.replication.id, []).append(sighting)
    return list(groups.values())


def _joined_by_vm(groups: Iterable[list[Sighting]]) -> list[list[Sighting]]:
    """Join what shows one VM under two ids; two ids at one site stay two targets."""
    joined: list[list[Sighting]] = []
    by_vm: dict[tuple[str, str], list[Sighting]] = {}
    for group in groups:
        vm = _vm(group)
        first = by_vm.setdefault(vm, group) if vm else group
        if first is group or _sites(first) & _sites(group):
            joined.append(group)
        else:
            first.extend(group)
    return joined


def _vm(group: Iterable[Sighting]) -> tuple[str, str] | None:
    """Name the VM for all sites: its id is unique within its vCenter only."""
    rows = (sighting.replication for sighting in group)
    return next(((r.source_vc_id, r.vm_id) for r in rows if r.source_vc_id and r.vm_id), None)


def _sites(group: Iterable[Sighting]) -> set[SiteName]:
    return {sighting.site for sighting in group}


def _asked(group: list[Sighting]) -> Sighting:
    return next((s for s in group if s.replication.direction in _AT_SOURCE), group[0])
