"""Replications that are within their RPO again: what alerts asked for of them has healed them."""

from __future__ import annotations

from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.ledger.sqlite import Ledger

_HEALED = frozenset({Verdict.MET, Verdict.LATE})


def note_healed(ledger: Ledger, site: SiteSnapshot) -> None:
    """Begin to count anew for each that a poll has just shown within its RPO."""
    waiting = ledger.unhealed
    if not waiting:
        return
    for paired in site.pairings:
        for watched in paired.replications if paired.up else ():
            if watched.replication.id in waiting and watched.verdict in _HEALED:
                ledger.heal(watched.replication.id)
