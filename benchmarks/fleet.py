"""The appliances that both sides of a comparison read: the simulator, its answers made beforehand.

The clock of this world stands still until `tick`, which lets hours pass, so that nearly every
replication has changed; the long lists are then written once, and a read costs no more than
sending them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from benchmarks.side import obey
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.messages import SimRequest, SimResponse
from vr_exporter.simulator.options import Account, ApiOptions, Quotas
from vr_exporter.simulator.server import SimServer, serve
from vr_exporter.simulator.world import World, WorldOptions

USERNAME, PASSWORD = "monitor@vsphere.local", "simulated"
HOURS_SECONDS = 6 * 3600.0
_BEGIN = 1_760_000_000.0
_FOREVER = 1e9


class ReadyMade(Api):
    """Answers a long list with the bytes that it was answered with before, until told."""

    def __init__(self, world: World, site: str, options: ApiOptions) -> None:
        super().__init__(world, site, options)
        self.posted_at = 0.0
        self._ready: dict[str, tuple[SimRequest, SimResponse]] = {}

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer one request."""
        if request.method == "POST" and request.target.endswith("/actions/sync"):
            self.posted_at = time.time()
        if request.method != "GET" or not _is_long(request.target):
            return super().answer(request)
        if request.target in self._ready:
            return self._ready[request.target][1]
        response = super().answer(request)
        if response.status == HTTPStatus.OK:
            self._ready[request.target] = (request, response)
        return response

    def make_again(self) -> None:
        """Write all lists that were ever asked for as they are now."""
        asked = [request for request, _ in self._ready.values()]
        self._ready.clear()
        for request in asked:  # of a session that has ended meanwhile nothing is kept
            self.answer(request)


class Fleet:
    """Appliances on loopback: one site with all replications, or many that share them."""

    def __init__(self, replications: int, *, sites: int, is_calm: bool) -> None:
        self._now = _BEGIN
        names = ("madrid", "berlin") if sites == 1 else ("hub", *_names(sites))
        options = WorldOptions(sites=names, replications=replications, calm=is_calm)
        world = World(options, now=lambda: self._now)
        accounts = (Account(USERNAME, PASSWORD),)
        unlimited = replace(
            ApiOptions(accounts=accounts, idle_timeout_seconds=_FOREVER),
            quotas=Quotas(client=None, service=None, session=None),
        )
        watched = names[:1] if sites == 1 else names[1:]
        self._apis = {name: ReadyMade(world, name, unlimited) for name in watched}
        self._servers: dict[str, SimServer] = {n: serve(api) for n, api in self._apis.items()}

    def where(self) -> Mapping[str, Any]:
        """The addresses of the sites, and what time it is there."""
        return {"urls": {n: server.url for n, server in self._servers.items()}, "now": self._now}

    def names(self) -> Mapping[str, Any]:
        """The replications of the first site that a sync can be asked for, by id."""
        view = next(iter(self._apis.values())).view
        pairing = view.pairings()[0]["pairing_id"]
        idle = [r for r in view.replications(pairing) if r.can_sync]
        return {"names": [view.id_of(replica) for replica in idle]}

    def posted(self) -> Mapping[str, Any]:
        """When a sync was asked for last, in seconds since 1970 of the machine."""
        return {"at": max(api.posted_at for api in self._apis.values())}

    def tick(self, seconds: float = HOURS_SECONDS) -> Mapping[str, Any]:
        """Let time pass: hours, unless told."""
        self._now += seconds
        for api in self._apis.values():
            api.make_again()
        return {"now": self._now}


def _is_long(target: str) -> bool:
    """Whether it is a list that grows with the replications; only whole pages of it are asked."""
    return "limit=" in target and "/pairings?" not in target


def _names(sites: int) -> list[str]:
    return [f"site-{number:02}" for number in range(sites)]


def main() -> None:
    """Serve until standard input closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("replications", type=int)
    parser.add_argument("--sites", type=int, default=1)
    parser.add_argument("--calm", action="store_true")
    options = parser.parse_args()
    fleet = Fleet(options.replications, sites=options.sites, is_calm=options.calm)
    obey(
        {
            "where": fleet.where,
            "tick": fleet.tick,
            "names": fleet.names,
            "posted": fleet.posted,
        }
    )


if __name__ == "__main__":
    main()
