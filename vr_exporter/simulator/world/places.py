"""Where things are: sites, their servers, and the pairings between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.link import Link
from vr_exporter.simulator.world.options import WorldOptions

INVENTED_SITES = ("berlin", "paris", "lisboa", "wien", "oslo", "roma", "praha", "dublin", "gent")
DAY_SECONDS = 86_400.0


@dataclass(slots=True, eq=False)
class Server:
    """A replication server; `replications` counts those it receives."""

    id: str
    uuid: str
    name: str
    hostname: str
    connected: bool = True
    decommissioned: bool = False
    fault: str | None = None
    since: float = 0.0
    replications: int = 0


@dataclass(slots=True, eq=False)
class Site:
    """One appliance, its vCenter Server and its replication servers; guids, names, certificate."""

    name: str
    vc_id: str
    vrms_id: str
    vc_serial: int
    vrms_serial: int
    certificate_from: float
    certificate_until: float
    version: str = "9.0.2"
    build: str = "24383570"
    servers: list[Server] = field(default_factory=list)
    is_down: bool = False
    down_since: float = 0.0

    @property
    def usable_servers(self) -> list[Server]:
        """Servers that take replications on."""
        return [s for s in self.servers if s.connected and not s.decommissioned]

    @property
    def vc_name(self) -> str:
        """Name of its vCenter Server."""
        return f"vc.{self.name}.example"

    @property
    def vrms_name(self) -> str:
        """Name of the appliance."""
        return f"vr.{self.name}.example"


@dataclass(slots=True, eq=False)
class Pairing:
    """Two sites that replicate, or one with itself; one link for each direction."""

    id: str
    first: Site
    second: Site
    out: Link
    back: Link

    @property
    def is_local(self) -> bool:
        """Whether it joins a vCenter Server to itself."""
        return self.first is self.second

    @property
    def is_down(self) -> bool:
        """Whether either end is away, so that nothing moves."""
        return self.first.is_down or self.second.is_down

    @property
    def links(self) -> tuple[Link, Link]:
        """Both directions."""
        return (self.out, self.back)

    def joins(self, site: Site) -> bool:
        """Whether the site is one of its ends."""
        return site is self.first or site is self.second

    def other(self, site: Site) -> Site:
        """The far end, seen from a site."""
        return self.second if site is self.first else self.first


def make_places(options: WorldOptions, *, chance: Chance, now: float) -> list[Pairing]:
    """The sites of the options, the first paired with each of the others."""
    names = list(_site_names(options))
    sites = {name: _a_site(name, chance=chance, now=now) for name in dict.fromkeys(names)}
    first = sites[names[0]]
    if not options.calm:
        _let_age(first, sites[names[-1]], now=now)
    return [
        Pairing(
            id=chance.uuid(),
            first=first,
            second=sites[name],
            out=Link(speed=options.speed, now=now),
            back=Link(speed=options.speed, now=now),
        )
        for name in names[1:]
    ]


def _let_age(first: Site, last: Site, *, now: float) -> None:
    """One server out of reach, one on its way out, one certificate about to expire."""
    first.servers[-1].connected = False
    first.servers[-1].fault = "The server does not answer."
    if last is not first:
        last.servers[-1].decommissioned = True
        last.certificate_until = float(int(now + 20 * DAY_SECONDS))


def _site_names(options: WorldOptions) -> Iterator[str]:
    yield from options.sites
    missing = options.pairings - (len(options.sites) - 1)
    fresh = [name for name in INVENTED_SITES if name not in options.sites]
    for number in range(missing):
        yield fresh[number] if number < len(fresh) else f"site-{number + 1:02d}"


def _a_site(name: str, *, chance: Chance, now: float) -> Site:
    site = Site(
        name=name,
        vc_id=chance.uuid(),
        vrms_id=chance.uuid(),
        vc_serial=chance.getrandbits(60),
        vrms_serial=chance.getrandbits(60),
        certificate_from=float(int(now - chance.uniform(30, 300) * DAY_SECONDS)),
        certificate_until=float(int(now + chance.uniform(60, 600) * DAY_SECONDS)),
    )
    site.servers.extend(_a_server(site, number, chance=chance, now=now) for number in range(1, 4))
    return site


def _a_server(site: Site, number: int, *, chance: Chance, now: float) -> Server:
    uuid = chance.uuid()
    name = f"vrs-{site.name}-{number:02d}"
    return Server(
        id=f"HmsRemoteHbrServer:HBRSRV-{uuid}:{site.vrms_id}",
        uuid=uuid,
        name=name,
        hostname=f"{name}.{site.name}.example",
        since=now,
    )
