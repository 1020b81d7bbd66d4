"""Who asked by alert of late: what a storm is told by. In memory: a restart begins anew."""

from __future__ import annotations

from collections.abc import Iterable

from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.triggers import Target

MOST_REMEMBERED = 100_000
"""No fleet has so many; what was asked longest ago is forgotten first."""


class Crowd:
    """When each replication was last asked for by an alert, by site."""

    def __init__(self) -> None:
        self._asked: dict[SiteName, dict[ReplicationId, float]] = {}

    def note(self, targets: Iterable[Target], *, now: float) -> None:
        """Take note of all that ask at once, before any of them is decided on."""
        for target in targets:
            at_site = self._asked.setdefault(target.site, {})
            at_site.pop(target.replication_id, None)
            at_site[target.replication_id] = now
            if len(at_site) > MOST_REMEMBERED:
                del at_site[next(iter(at_site))]

    def asking(
        self, site: SiteName, *, since: float, besides: Iterable[Target] = ()
    ) -> frozenset[ReplicationId]:
        """Name those of a site that asked since, and those that are only thought of besides."""
        asked = self._asked.get(site, {})
        recent = {replication for replication, at in asked.items() if at > since}
        return frozenset(recent | {each.replication_id for each in besides if each.site == site})
