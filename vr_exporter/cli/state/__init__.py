"""`vr-exporter state`: what the ledger holds, and taking note of what stayed unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vr_exporter.cli import common
from vr_exporter.cli.common import Exit

MOST_ROWS = 1000


@common.command(
    "state",
    "vr-exporter state show",
    "vr-exporter state show db-01 --output json",
    "vr-exporter state ack GID-6a1f",
)
@click.argument("deed", type=click.Choice(["show", "ack"]), metavar="show|ack")
@click.argument("of", required=False, metavar="[KEY|REPLICATION]")
@common.server_options
@common.option("--site", metavar="NAME", help="Show triggers of this site alone.")
@common.option(
    "--limit",
    type=click.IntRange(1, MOST_ROWS),
    default=20,
    help="So many triggers and rows of the audit, the youngest first.",
)
@common.output_option()
def command(config_file: Path | None, deed: str, of: str | None, **flags: Any) -> Exit:
    """Show what was wished and what came of it, or take note of what stayed unknown.

    `show` lists triggers and the audit of who asked for what: all, or those of a key (its
    beginning will do), a replication or a VM. `ack` closes a trigger whose outcome stayed
    unknown: it counts as seen, and nothing is asked of the appliance. It also lets alerts ask
    again for a replication that two of their syncs did not heal.
    """
    import threading

    from vr_exporter.cli.plain import survive_any_encoding
    from vr_exporter.cli.state.deeds import acknowledge, show
    from vr_exporter.cli.state.sources import ledger

    survive_any_encoding()
    if deed == "ack" and of is None:
        raise click.UsageError("say what: the key of a trigger, or its replication")
    with ledger(
        config_file,
        server=flags["server"],
        token_file=flags["token_file"],
        wait=threading.Event().wait,
    ) as asked:
        if deed == "ack":
            return acknowledge(asked, of or "", output=flags["output"])
        return show(asked, of, site=flags["site"], limit=flags["limit"], output=flags["output"])
