"""Asking a simulated appliance by hand: one login, then plain requests and parsed answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.simulated import ManualClock
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.faults import Fault
from vr_exporter.simulator.messages import SimRequest, SimResponse
from vr_exporter.simulator.options import ApiOptions, Quotas
from vr_exporter.simulator.world import World, WorldOptions

USERNAME = "monitor@vsphere.local"
PASSWORD = "simulated"
UNLIMITED = Quotas(client=None, service=None, session=None)


def basic(username: str = USERNAME, password: str = PASSWORD) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def body_of(response: SimResponse) -> Any:
    """The JSON of an answer; None where there is no body."""
    return json.loads(response.body) if response.body else None


@dataclass
class Asker:
    """One client of one appliance."""

    api: Api
    clock: ManualClock
    world: World
    version: str = "v2"
    peer: str = "127.0.0.1"
    token: str | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"host": "vr.example.com"})

    def ask(self, method: str, path: str, *, authorization: str | None = None) -> SimResponse:
        """Send one request below the base path, with the token if there is one."""
        headers = dict(self.headers)
        if self.token is not None:
            headers["x-dr-session"] = self.token
        if authorization is not None:
            headers["authorization"] = authorization
        target = f"/api/rest/vr/{self.version}{path}"
        return self.api.answer(SimRequest(method, target, headers, peer=self.peer))

    def get(self, path: str) -> SimResponse:
        """Read."""
        return self.ask("GET", path)

    def post(self, path: str, *, authorization: str | None = None) -> SimResponse:
        """Act."""
        return self.ask("POST", path, authorization=authorization)

    def read(self, path: str) -> Any:
        """Read and parse, for answers that have to be good."""
        response = self.get(path)
        assert response.status == 200, (response.status, response.body[:300])
        return body_of(response)

    def log_in(self, username: str = USERNAME, password: str = PASSWORD) -> Asker:
        """Get a token."""
        response = self.post("/session", authorization=basic(username, password))
        assert response.status == 200, response
        self.token = body_of(response)["session_id"]
        return self

    def log_in_remotely(self) -> Asker:
        """Cover the far side of every pairing."""
        for row in self.read("/pairings")["list"]:
            path = f"/pairings/{row['pairing_id']}/remote-session"
            assert self.post(path, authorization=basic()).status == 204
        return self

    def break_by(self, kind: str, **details: Any) -> None:
        """Switch a fault on."""
        self.api.faults.add(Fault(kind, **details))

    @property
    def pairing(self) -> str:
        """The path of the first pairing."""
        pairing_id = self.api.view.pairings()[0]["pairing_id"]
        return f"/pairings/{pairing_id}"

    @property
    def replications(self) -> str:
        """The path of the replications of the first pairing."""
        return f"{self.pairing}/replications"

    def rows(self, query: str = "") -> Sequence[Any]:
        """The replications of one page."""
        rows: Sequence[Any] = self.read(f"{self.replications}{query}")["list"]
        return rows

    def replication(self, number: int = 0) -> str:
        """The path of one replication, by its place in the list."""
        replication_id = self.rows("?limit=1000")[number]["id"]
        return f"{self.replications}/{quote(replication_id, safe='')}"


def an_asker(
    *,
    site: str = "madrid",
    sites: tuple[str, ...] = ("madrid", "berlin"),
    replications: int = 6,
    calm: bool = True,
    logged_in: bool = True,
    quotas: Quotas = UNLIMITED,
    world_options: WorldOptions | None = None,
    **options: Any,
) -> Asker:
    """A client of a small and calm appliance without rate limits, logged in at the near side."""
    clock = ManualClock()
    world = World(
        world_options or WorldOptions(sites=sites, replications=replications, calm=calm),
        now=clock.now,
    )
    api = Api(world, site, ApiOptions(quotas=quotas, **options))
    asker = Asker(api=api, clock=clock, world=world)
    return asker.log_in() if logged_in else asker
