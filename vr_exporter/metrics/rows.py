"""Which nouns of a site are in sight: all that is not withheld as stale."""

from __future__ import annotations

from operator import attrgetter, itemgetter

from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot, WatchedReplication
from vr_exporter.metrics.family import Key, Rows, unique

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
    """Every replication, once each by its id; the pairing's id ends the key."""
    keys: list[Key] = []
    nouns: list[WatchedReplication] = []
    name = site.site
    for pairing in fresh_pairings(site):
        named, pairing_id = pairing.pairing.name, pairing.pairing.id
        nouns += pairing.replications
        keys += [
            (name, named, id_, vm, pairing_id) for id_, vm in map(_id_and_vm, pairing.replications)
        ]
    return unique(Rows(keys, nouns), itemgetter(2))
