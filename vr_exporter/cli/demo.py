"""`vr-exporter demo`: two simulated sites and an exporter in one process, nothing to set."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_exporter.cli.common import FiniteRange, log_options, option
from vr_exporter.cli.common import command as make_command
from vr_exporter.cli.serve import run_process

if TYPE_CHECKING:
    from vr_exporter.simulator.server import SimServer

SITES = ("madrid", "berlin")
USERNAME = "monitor@vsphere.local"
PASSWORD = "simulated"  # noqa: S105 - of an invented appliance on loopback
POLL_INTERVAL = "20s"
EXPECTED_VMS = ("db-01", "payroll-01")
"""One that is replicated, one that somebody forgot."""
SCHEDULE = '{cron: "*/15 * * * *", timezone: UTC, match: {vm: "erp-*"}, max_age: 10m}'


@make_command(
    "demo",
    "vr-exporter demo",
    "vr-exporter demo --replications 5000 --speed 60",
    reads_settings=False,
)
@option(
    "--web.listen-address",
    default="127.0.0.1:10843",
    metavar="HOST:PORT",
    help="Where the exporter listens.",
)
@option("--replications", type=click.IntRange(1), default=300, help="How many there are.")
@option(
    "--speed",
    type=FiniteRange(0, min_open=True),
    default=10.0,
    help="How fast work goes; timestamps and RPOs stay on the wall clock.",
)
@option(
    "--faults",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What goes wrong, as for simulate; read again on a change.",
)
@option(
    "--webhook.token-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Let who shows the token in it post alerts, which start syncs (the alert bridge).",
)
@option(
    "--alertmanager.url",
    metavar="URL",
    help="The Alertmanager beside it: hears of failures, and tells what is silenced.",
)
@log_options
def command(
    web_listen_address: str,
    replications: int,
    speed: float,
    faults: Path | None,
    *,
    webhook_token_file: Path | None,
    alertmanager_url: str | None,
    log_level: str,
    log_format: str,
) -> int:
    """Simulate two paired sites and watch them.

    Writes demo.yml into a fresh folder: the settings of this demo, for other commands beside it.
    """
    from vr_exporter.app.running import Process
    from vr_exporter.app.serving import WebOptions
    from vr_exporter.settings import load

    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="vr-demo-")))
        servers = _simulated(replications, speed, faults, parts)
        file = folder / "demo.yml"
        token = secrets.token_urlsafe(9)
        (folder / "token").write_text(token, encoding="ascii")
        bridge = _bridge(webhook_token_file, alertmanager_url)
        file.write_text(_settings(servers, folder) + bridge, encoding="utf-8")
        return run_process(
            Process(
                load=lambda: load(file, environ={}),
                web=WebOptions((web_listen_address,)),
                log_level=log_level,
                log_format=log_format,
                ready=lambda urls: click.echo(_to_use(urls[0], file, token)),
            )
        )


def _simulated(
    replications: int, speed: float, faults: Path | None, parts: ExitStack
) -> dict[str, SimServer]:
    from vr_exporter.cli.simulate import make_faults
    from vr_exporter.simulator.api import Api
    from vr_exporter.simulator.options import Account, ApiOptions
    from vr_exporter.simulator.server import serve
    from vr_exporter.simulator.world import World, WorldOptions

    world = World(
        WorldOptions(sites=SITES, replications=replications, speed=speed, churn=True),
        now=time.time,  # noqa: TID251 - the simulator's real clock
    )
    options = ApiOptions(accounts=(Account(USERNAME, PASSWORD),), down_servers="error")
    shared = make_faults(faults, world.sites)
    servers = {}
    for site in SITES:
        server = serve(Api(world, site, options, faults=shared))
        parts.callback(server.close)
        servers[site] = server
    return servers


def _settings(servers: dict[str, SimServer], folder: Path) -> str:
    lines = ["sites:"]
    for site, server in servers.items():
        lines += [
            f"  {site}:",
            f"    url: {server.url}",
            f"    username: {USERNAME}",
            f"    password: {PASSWORD}",
            f"    poll_interval: {POLL_INTERVAL}",
        ]
    lines += [
        f"expected_vms: [{', '.join(EXPECTED_VMS)}]",
        f"api: {{bearer_token_file: {folder / 'token'}}}",
        f"triggers: {{schedules: {{erp: {SCHEDULE}}}}}",
    ]
    return "\n".join([*lines, f"state: sqlite:///{folder / 'state.db'}", ""])


def _bridge(token_file: Path | None, alertmanager: str | None) -> str:
    """The settings of both ways between the demo and an Alertmanager, each where it is wanted."""
    lines = []
    if token_file is not None:
        token = json.dumps(str(token_file.absolute()), ensure_ascii=False)
        rules = "mode: on, rules: [VrRpoBreached]"
        lines.append(f"webhook: {{bearer_token_file: {token}, {rules}}}\n")
    if alertmanager is not None:
        lines.append(f"alertmanagers: [{{url: {json.dumps(alertmanager, ensure_ascii=False)}}}]\n")
    return "".join(lines)


def _to_use(url: str, file: Path, token: str) -> str:
    return "\n".join(
        [
            f"open      {url}/",
            f"scrape    {url}/metrics",
            f"settings  {file}",
            f"token     {token} (the Sync button of the page asks for it)",
            f"try       vr-exporter status --config.file {file}",
            f"          vr-exporter status --replications --late --config.file {file}",
            f"          vr-exporter sync --config.file {file} db-01 web-12",
            "Ctrl-C ends it.",
        ]
    )
