"""Configured sites as each other's far ends: so that a pairing between two needs no account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vr_exporter.domain.inventory import Pairing
from vr_exporter.domain.names import PairingId, SiteName


@dataclass(frozen=True, slots=True)
class _Known:
    vc_id: str
    pairings: frozenset[PairingId]


class Peers:
    """What each site said of itself as soon as it was known, shared by all workers.

    `configured` names the sites that may introduce themselves.
    """

    def __init__(self, configured: Callable[[], Iterable[SiteName]]) -> None:
        self._configured = configured
        self._known: dict[SiteName, _Known] = {}
        self._writing = threading.Lock()

    def introduce(self, site: SiteName, *, vc_id: str, pairings: Iterable[Pairing]) -> None:
        """Say which vCenter a site belongs to, and which pairings it lists.

        What it cannot tell this time stands as it told it before; a site that could never tell
        anything is not waited for.
        """
        ids = frozenset(pairing.id for pairing in pairings)
        with self._writing:
            before = self._known.get(site, _Known("", frozenset()))
            said = _Known(vc_id or before.vc_id, ids or before.pairings)
            self._known = {**self._known, site: said}

    def are_all_known(self) -> bool:
        """Whether every configured site has introduced itself or given up."""
        return set(self._configured()) <= self._known.keys()

    def far_end(self, site: SiteName, pairing: Pairing) -> SiteName | None:
        """Find the configured site at the other end: it has the remote vCenter or the pairing."""
        remote = pairing.remote_vc
        for name in self._configured():
            known = self._known.get(name)
            if known is None or name == site:
                continue
            has_vc = remote is not None and known.vc_id != "" and known.vc_id == remote.id
            if has_vc or pairing.id in known.pairings:
                return name
        return None
