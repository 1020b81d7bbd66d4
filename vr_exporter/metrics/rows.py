"""Which nouns of a site are in sight: all that is not withheld as stale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter, itemgetter

from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot, WatchedReplication
from vr_exporter.metrics.family import Key, Rows, unique

REPLICATION_LABELS = ("site", "pairing", "replication", "vm")
REPLICATION_KEY = (*REPLICATION_LABELS, "pairing_id")

_id_and_vm = attrgetter("replication.id", "replication.vm")


def each_site(site: SiteSnapshot) -> Rows[SiteSnapshot]:
    """The site itself, fresh or stale: totals and the poll's own facts are never withheld."""
    return Rows([(site.site,)], [site])


def fresh_pairings(site: SiteSnapshot) -> tuple[PairingSnapshot, ...]:
    """The pairings whose detail may be shown: those not stale, at a site not stale."""
    return () if site.stale else tuple(p for p in site.pairings if not p.stale)


def pairings_in_sight(site: SiteSnapshot) -> Rows[PairingSnapshot]:
    """The pairings whose detail may be shown, by site and name."""
    pairings = fresh_pairings(site)
    keys = [(site.site, pairing.pairing.name) for pairing in pairings]
    return unique(Rows(keys, pairings), itemgetter(1))


def replications_in_sight(site: SiteSnapshot) -> Rows[WatchedReplication]:
    """Every replication, once each by its id."""
    return _keyed(site, ((p, p.replications) for p in fresh_pairings(site)))


def syncing_in_sight(site: SiteSnapshot) -> Rows[WatchedReplication]:
    """Those replications of which the appliance shows a running sync."""
    return _keyed(
        site,
        (
            (pairing, [row for row in pairing.replications if row.replication.progress])
            for pairing in fresh_pairings(site)
        ),
    )


def _keyed(
    site: SiteSnapshot, parts: Iterable[tuple[PairingSnapshot, Sequence[WatchedReplication]]]
) -> Rows[WatchedReplication]:
    keys: list[Key] = []
    nouns: list[WatchedReplication] = []
    name = site.site
    for pairing, rows in parts:
        named, pairing_id = pairing.pairing.name, pairing.pairing.id
        nouns += rows
        keys += [(name, named, id_, vm, pairing_id) for id_, vm in map(_id_and_vm, rows)]
    return unique(Rows(keys, nouns), itemgetter(2))
