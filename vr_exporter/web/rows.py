"""Rows out of a snapshot, as the API and the status page list them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from vr_exporter.domain.inventory import Direction, Replication
from vr_exporter.domain.names import ReplicationId, is_glob
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import (
    PairingSnapshot,
    SiteSnapshot,
    Snapshot,
    WatchedReplication,
)
from vr_exporter.domain.tasks import Task

LATE = frozenset({Verdict.LATE, Verdict.BREACHED})
"""The verdicts of a replication that is past its RPO."""


@dataclass(frozen=True, slots=True)
class ReplicationRow:
    """A replication with the site and the pairing under which it was seen."""

    site: SiteSnapshot
    pairing: PairingSnapshot
    watched: WatchedReplication

    @property
    def replication(self) -> Replication:
        """What the appliance said."""
        return self.watched.replication

    @property
    def is_late(self) -> bool:
        """Whether its RPO is missed, within the grace or beyond it."""
        return self.watched.verdict in LATE

    @property
    def is_stale(self) -> bool:
        """Whether it is the memory of a site or pairing that has been away for too long."""
        return self.site.stale or self.pairing.stale


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task with the site at which it was seen."""

    site: SiteSnapshot
    task: Task


@dataclass(frozen=True, slots=True)
class PairingRow:
    """A pairing with the site that was asked."""

    site: SiteSnapshot
    pairing: PairingSnapshot


def replication_rows(snapshot: Snapshot) -> Iterator[ReplicationRow]:
    """Every replication, once per site that shows it, in the order of sites and pairings."""
    for site in snapshot.sites.values():
        for pairing in site.pairings:
            for watched in pairing.replications:
                yield ReplicationRow(site, pairing, watched)


def task_rows(snapshot: Snapshot) -> Iterator[TaskRow]:
    """Every task that is known."""
    for site in snapshot.sites.values():
        for task in site.tasks or ():
            yield TaskRow(site, task)


def pairing_rows(snapshot: Snapshot) -> Iterator[PairingRow]:
    """Every pairing, once per site that shows it."""
    for site in snapshot.sites.values():
        for pairing in site.pairings:
            yield PairingRow(site, pairing)


def called(patterns: Iterable[str]) -> Callable[[Replication], bool]:
    """Whether one of the patterns is the id, the VM's name, or a glob that this name fits.

    However many stand there for themselves, they cost one look each at id and name: `sync` asks
    for those that move by their ids. Globs are tried one after another.
    """
    words = frozenset(patterns)
    globs = list(filter(is_glob, words))
    names = words.difference(globs)
    return lambda replication: (
        replication.id in words
        or replication.vm in names
        or any(fnmatchcase(replication.vm, glob) for glob in globs)
    )


def each_once(rows: Iterable[ReplicationRow]) -> list[ReplicationRow]:
    """One row per replication: fresh before stale, the source's view before the target's."""
    chosen: dict[ReplicationId, ReplicationRow] = {}
    for row in rows:
        other = chosen.get(row.replication.id)
        if other is None or _rank(row) < _rank(other):
            chosen[row.replication.id] = row
    return list(chosen.values())


def count_verdicts(rows: Iterable[ReplicationRow]) -> dict[str, int]:
    """How many replications have each verdict, zeros included."""
    counts = {verdict.value: 0 for verdict in Verdict}
    for row in rows:
        counts[row.watched.verdict.value] += 1
    return counts


def _rank(row: ReplicationRow) -> tuple[bool, bool]:
    return (row.is_stale, row.replication.direction is Direction.INCOMING)
