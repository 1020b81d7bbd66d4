"""Two simulated sites and the exporter that watches them, on one hurried clock."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any, Final

from tests.command_line import USERNAME, settings_file
from tests.drill.hurry import HurriedTime
from tests.drill.page import at_rest
from tests.prometheus import forced_to_text, running
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.options import Account, ApiOptions
from vr_exporter.simulator.server import serve
from vr_exporter.simulator.world import Replica, World, WorldOptions
from vr_exporter.simulator.world.link import Link

MADRID, BERLIN = SITES = ("madrid", "berlin")
REPLICATIONS: Final = 150
"""So many that one in breach is no burning budget: a hundred go out from Madrid."""

PASSWORD: Final = "simulated"
HOUR: Final = 3600
LISTENING: Final = r"msg=listening .*:(\d+)"


@dataclass
class Field:
    """What is drilled: `page` is where Prometheus scrapes; `apis` are the appliances.

    What `until_cure` holds ends with the fault.
    """

    time: HurriedTime
    world: World
    apis: dict[str, Api]
    secrets: dict[str, Path]
    page: str = ""
    urls: dict[str, str] = dataclass_field(default_factory=dict)
    until_cure: ExitStack = dataclass_field(default_factory=ExitStack)

    @property
    def madrid(self) -> Api:
        """The site that most goes wrong at."""
        return self.apis[MADRID]

    def pick(self, count: int = 1, *, suits: Callable[[Replica], bool]) -> list[Replica]:
        """Replications from Madrid that rest now and are as wanted; the freshest copies first."""
        with self.world.lock:
            self.world.advance()
            found = [
                each
                for each in self.world.population
                if each.source.name == MADRID and each.can_sync and suits(each)
            ]
        found.sort(key=lambda each: each.last_sync_at or 0.0, reverse=True)
        assert len(found) >= count, f"{len(found)} replications suit, not {count}"
        return found[:count]

    def slow(self, replica: Replica, bytes_per_second: float) -> Link:
        """Put one on a link of its own, of this pace, and let it sync now."""
        world = self.world
        with world.lock:
            world.advance()
            link = replica.link = Link(speed=1.0, now=world.time)
            link.squeeze(bytes_per_second / link.capacity, world.time)
            world.actions.syncing.plan(replica, world.time)
            world.advance()
        return link

    def squeeze(self, link: Link, share: float = 1.0) -> None:
        """Give a link another part of its capacity."""
        with self.world.lock:
            self.world.advance()
            self.world.actions.syncing.squeeze(link, share, now=self.world.time)

    def change_password(self, site: str, password: str) -> None:
        """Give our account another password there, which ends its sessions."""
        api = self.apis[site]
        api.options = replace(api.options, accounts=(Account(USERNAME, password),))
        api.restart()

    def crowd(self, site: str) -> None:
        """Let somebody at our address use up what an appliance allows a client, until the cure."""
        self.until_cure.enter_context(_a_crowd(self.apis[site], self.world))

    def tell_password(self, site: str, password: str) -> None:
        """Write it where the exporter reads it."""
        self.secrets[site].write_text(password, encoding="utf-8")


@contextmanager
def a_field(folder: Path) -> Iterator[Field]:
    """Two healthy sites, watched."""
    with some_sites(folder) as field:
        command = exporter_command(field, settings_of(folder, field))
        with running(command, until=LISTENING) as (_, port), shown(field, port):
            yield field


@contextmanager
def some_sites(folder: Path) -> Iterator[Field]:
    """Two healthy sites, with nobody who watches them yet."""
    time = HurriedTime.from_now()
    options = WorldOptions(sites=SITES, replications=REPLICATIONS, calm=True)
    world = World(options, now=time.now)
    secrets = {site: folder / f"{site}.secret" for site in SITES}
    apis = {site: Api(world, site, _api_options()) for site in SITES}
    field = Field(time, world, apis, secrets)
    with ExitStack() as parts:
        for site, api in apis.items():
            server = serve(api)
            parts.callback(server.close)
            field.urls[site] = server.url
            field.tell_password(site, PASSWORD)
        parts.enter_context(field.until_cure)
        yield field


@contextmanager
def shown(field: Field, port: str) -> Iterator[None]:
    """Let Prometheus scrape the exporter on this port as one on its own clock."""
    rewrite = lambda text: at_rest(text, field.time)  # noqa: E731 - it is handed on
    with forced_to_text(f"127.0.0.1:{port}", rewrite) as field.page:
        yield


def settings_of(folder: Path, field: Field, **more: Any) -> str:
    """Write the settings of an exporter that watches the sites; their path."""
    sites = {
        site: {"url": url, "password": None, "password_file": str(field.secrets[site])}
        for site, url in field.urls.items()
    }
    return settings_file(folder, sites, **more)


def exporter_command(field: Field, config: str, *, port: str = "0") -> list[str]:
    """The command line of the shipped exporter on the field's clock."""
    return [
        *(sys.executable, "-m", "tests.drill.serve", repr(field.time.start), "serve"),
        *("--config.file", config, "--web.listen-address", f"127.0.0.1:{port}"),
    ]


def _api_options() -> ApiOptions:
    accounts = (Account(USERNAME, PASSWORD),)
    return ApiOptions(accounts=accounts, remote_accounts=accounts, down_servers="error")


@contextmanager
def _a_crowd(api: Api, world: World) -> Iterator[None]:
    end = threading.Event()

    def ask() -> None:
        while not end.wait(0.005):
            with world.lock:
                while api.limiter.admit(peer="127.0.0.1", token=None):
                    pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
