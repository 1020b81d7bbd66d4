"""`vr-exporter bridge`: what alerts may start, what came of it, and how to stop it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from vr_exporter.cli import common
from vr_exporter.cli.common import Exit, FiniteRange

MOST_ROWS = 1000
_NEEDS = {
    "explain": "say what: the key of an episode, a replication or a VM",
    "simulate": "say where the body of a webhook lies: FILE, or - for the standard input",
    "kill": "say on, off or status",
}


@common.command(
    "bridge",
    "vr-exporter bridge explain db-01",
    "vr-exporter bridge simulate webhook.json",
    "vr-exporter bridge test-alert",
    "vr-exporter bridge kill on",
    "vr-exporter bridge log --limit 50",
)
@click.argument(
    "deed",
    type=click.Choice(["explain", "simulate", "test-alert", "kill", "log"]),
    metavar="explain|simulate|test-alert|kill|log",
)
@click.argument("of", required=False, metavar="[EPISODE|REPLICATION|FILE|-|on|off|status]")
@common.server_options
@common.option(
    "--limit",
    type=click.IntRange(1, MOST_ROWS),
    default=20,
    help="So many decisions, the youngest first (log).",
)
@common.option(
    "--timeout",
    type=FiniteRange(1, 600),
    default=30.0,
    metavar="SECONDS",
    help="How long each Alertmanager is given to take the test alert.",
)
@common.output_option()
def command(config_file: Path | None, deed: str, of: str | None, **flags: Any) -> Exit:
    """Explain, try, prove, stop or list what alerts ask for.

    `explain` asks each guard about an episode that was offered, or about a replication as if it
    were in breach now. `simulate` takes a webhook's body through the same guards and acts on
    nothing: 0 would act, 5 would not. `test-alert` sends a VrEventTest to every Alertmanager and
    reports each hop. `kill` stops all triggers by alert; people and schedules go on. `log` lists
    what was decided.
    """
    from vr_exporter.cli.bridge import deeds
    from vr_exporter.cli.plain import survive_any_encoding

    survive_any_encoding()
    if of is None and deed in _NEEDS:
        raise click.UsageError(_NEEDS[deed])
    word, output = of or "", flags["output"]
    reach = {"server": flags["server"], "token_file": flags["token_file"]}
    if deed == "explain":
        return deeds.explain(config_file, word, output=output, **reach)
    if deed == "simulate":
        return deeds.simulate(config_file, word, output=output, **reach)
    if deed == "test-alert":
        return deeds.test_alert(config_file, timeout=flags["timeout"], output=output, **reach)
    if deed == "kill":
        return deeds.kill(config_file, word, output=output, **reach)
    return deeds.log(config_file, limit=flags["limit"], output=output, **reach)
