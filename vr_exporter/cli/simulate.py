"""`vr-exporter simulate`: the simulated appliance alone, for anyone's tests."""

from __future__ import annotations

import ipaddress
import signal
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vr_exporter.cli.common import (
    CommandError,
    Exit,
    FiniteRange,
    config_file_option,
    example_epilog,
    option,
    tell_bug,
)

if TYPE_CHECKING:
    from vr_exporter.simulator.api import Api
    from vr_exporter.simulator.certificates import Tls
    from vr_exporter.simulator.faults import Faults
    from vr_exporter.simulator.server import SimServer
    from vr_exporter.simulator.world import World

DEFAULT_PASSWORD = "simulated"  # noqa: S105 the password of an invented appliance
_HIGHEST_PORT = 65535
_FAULTS_HELP = (
    "A YAML list; all but the kind may be left out. `at` counts from when the file was read, "
    "`match` is a glob over `METHOD path`, or over names and ids for kinds that strike rows, "
    "`operation` an operation id of the API. More keys: skip, times."
)
_FAULTS_EXAMPLE = """
    - {at: 30s, for: 2m, kind: error, value: 503, match: "GET *tasks*", rate: 0.5}
    - {site: madrid, kind: wild_names, match: "db-*"}
"""
_PATH = click.Path(path_type=Path)


class _WithKinds(click.Command):
    """A command whose help ends with the table of faults."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of kinds, then the examples."""
        from vr_exporter.simulator.faults import KINDS

        with formatter.section("File of faults"):
            formatter.write_text(_FAULTS_HELP)
            formatter.write(_FAULTS_EXAMPLE)
        with formatter.section("Kinds of faults"):
            formatter.write_dl([(kind.name, kind.summary) for kind in KINDS.values()])
        super().format_epilog(ctx, formatter)


@dataclass(frozen=True, slots=True)
class _Flags:
    listen: str
    replications: int
    pairings: int
    seed: int
    speed: float
    api: str
    username: str
    password: str
    tls_cert_file: Path | None
    tls_key_file: Path | None
    no_tls: bool
    faults: Path | None
    truth_listen_address: str | None


@click.command(
    "simulate",
    cls=_WithKinds,
    epilog=example_epilog(
        "vr-exporter simulate --replications 2000 --speed 20",
        "vr-exporter simulate --no-tls --listen 127.0.0.1:8080 --faults faults.yml",
    ),
)
@config_file_option(reads_settings=False)
@option("--listen", default="127.0.0.1:8443", metavar="HOST:PORT", help="Where to answer.")
@option("--replications", type=click.IntRange(0), default=300, help="How many there are.")
@option("--pairings", type=click.IntRange(1), default=1, help="How many far sites there are.")
@option("--seed", type=int, default=1, help="The same seed makes the same world.")
@option(
    "--speed",
    type=FiniteRange(0, min_open=True),
    default=1.0,
    help="How fast work goes; timestamps and RPOs stay on the wall clock.",
)
@option("--api", type=click.Choice(["v1", "v2", "both"]), default="both", help="What it speaks.")
@option("--username", default="monitor@vsphere.local", help="Who may log in.")
@option("--password", default=DEFAULT_PASSWORD, help="With which password.")
@option("--tls.cert-file", type=_PATH, metavar="FILE", help="A certificate. Default: self-signed.")
@option("--tls.key-file", type=_PATH, metavar="FILE", help="The key of that certificate.")
@option("--no-tls", is_flag=True, help="Plain HTTP, on loopback only.")
@option("--faults", type=_PATH, metavar="FILE", help="What goes wrong; read again on a change.")
@option("--truth.listen-address", metavar="HOST:PORT", help="The world as JSON, on loopback only.")
def command(**flags: Any) -> None:
    """Simulate one vSphere Replication appliance until interrupted."""
    _simulate(_Flags(**flags))


def _simulate(flags: _Flags) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.excepthook = lambda bug: tell_bug(
        bug.exc_type, bug.exc_value or bug.exc_type(), bug.exc_traceback
    )
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="vr-simulate-")))
        world = _world(flags)
        api = _api(flags, world)
        server = _listening(flags, api, folder)
        parts.callback(server.close)
        truth_url = _truth(flags, world, parts)
        click.echo("\n".join(_to_use(flags, api.site, server, truth_url)))
        stop.wait()


def _world(flags: _Flags) -> World:
    from vr_exporter.simulator.world import World, WorldOptions

    options = WorldOptions(
        replications=flags.replications,
        pairings=flags.pairings,
        seed=flags.seed,
        speed=flags.speed,
    )
    return World(options, now=time.time)  # noqa: TID251 the one real clock of this command


def _api(flags: _Flags, world: World) -> Api:
    from vr_exporter.simulator.api import Api
    from vr_exporter.simulator.options import Account, ApiOptions

    options = ApiOptions(
        accounts=(Account(flags.username, flags.password),),
        versions=frozenset({"v1", "v2"} if flags.api == "both" else {flags.api}),
    )
    faults = make_faults(flags.faults, world.sites)
    return Api(world, world.options.sites[0], options, faults=faults)


def make_faults(path: Path | None, sites: Sequence[str]) -> Faults:
    """Make the faults of a file for these sites, read again on a change; none without a file."""
    from vr_exporter.simulator.faults import FaultFile, FaultFileError, Faults, read_faults

    if path is None:
        return Faults(now=time.time)  # noqa: TID251 as above
    try:
        read_faults(path, sites=sites)
    except FaultFileError as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    file = FaultFile(path, tell=lambda line: click.echo(line, err=True), sites=sites)
    return Faults(now=time.time, file=file)  # noqa: TID251 as above


def _listening(flags: _Flags, api: Api, folder: Path) -> SimServer:
    from vr_exporter.simulator.server import serve

    host, port = _address("--listen", flags.listen)
    if flags.no_tls and not _is_loopback(host):
        raise CommandError(Exit.USAGE, f"--no-tls: {host} is not on loopback (leave --no-tls out)")
    try:
        return serve(api, host=host, port=port, tls=_tls(flags, folder, host))
    except OSError as error:
        line = f"--listen: cannot listen on {flags.listen}: {error.strerror or error}"
        raise CommandError(Exit.USAGE, line) from error


def _tls(flags: _Flags, folder: Path, host: str) -> Tls | None:
    from vr_exporter.simulator.certificates import LOOPBACK_NAMES, Tls, self_signed

    if flags.no_tls:
        return None
    if flags.tls_cert_file and flags.tls_key_file:
        return Tls(cert_file=flags.tls_cert_file, key_file=flags.tls_key_file)
    if flags.tls_cert_file or flags.tls_key_file:
        line = "--tls.cert-file and --tls.key-file need each other"
        raise CommandError(Exit.USAGE, line)
    hosts = dict.fromkeys((*LOOPBACK_NAMES, host))
    return self_signed(folder, now=time.time(), hosts=tuple(hosts))  # noqa: TID251 as above


def _truth(flags: _Flags, world: World, parts: ExitStack) -> str | None:
    from vr_exporter.simulator.truth import TruthServer

    if flags.truth_listen_address is None:
        return None
    host, port = _address("--truth.listen-address", flags.truth_listen_address)
    if not _is_loopback(host):
        raise CommandError(Exit.USAGE, f"--truth.listen-address: {host} is not on loopback")
    try:
        server = TruthServer(world, host=host, port=port)
    except OSError as error:
        line = f"--truth.listen-address: cannot listen on {host}:{port}: {error.strerror}"
        raise CommandError(Exit.USAGE, line) from error
    parts.callback(server.close)
    return server.url


def _to_use(flags: _Flags, site: str, server: SimServer, truth_url: str | None) -> list[str]:
    is_default = flags.password == DEFAULT_PASSWORD
    password = DEFAULT_PASSWORD if is_default else "<the password you gave>"
    account = f"username: {flags.username}, password: {password}"
    pem = server.certificate_pem_path
    lines = [
        f"address      {server.url}",
        f"user         {flags.username}",
        f"password     {password}",
        *([f"certificate  {pem}"] if pem else []),
        *([f"truth        {truth_url}"] if truth_url else []),
        "settings",
        "  sites:",
        f"    {site}:",
        f"      url: {server.url}",
        f"      username: {flags.username}",
        f"      password: {password}",
        *([f"      tls: {{ca_file: {pem}}}"] if pem else []),
        f"      remote: {{{account}}}",
    ]
    return [*lines, "Ctrl-C ends it."]


def _address(flag: str, text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    is_number = port.isascii() and port.isdecimal() and len(port) <= len(str(_HIGHEST_PORT))
    if not colon or not is_number or int(port) > _HIGHEST_PORT:
        raise CommandError(Exit.USAGE, f"{flag}: {text!r} is no HOST:PORT, such as 127.0.0.1:8443")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 asked for by an empty host


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
