"""What `bridge` does, through a running exporter, one of its own, or the ledger itself."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from vr_exporter.alerting.inbound import MOST_BODY_BYTES, NotAWebhook, read_webhook
from vr_exporter.app.alone import running
from vr_exporter.cli import common
from vr_exporter.cli.bridge import showing
from vr_exporter.cli.common import CommandError, Exit
from vr_exporter.cli.plain import shown
from vr_exporter.cli.reached import Reached
from vr_exporter.cli.remote import Exporter
from vr_exporter.cli.state.deeds import AUDIT_COLUMNS
from vr_exporter.cli.state.sources import ledger
from vr_exporter.cli.status.show import print_table
from vr_exporter.logs import configure

_OK, _ACCEPTED = 200, 202
_STEP_SECONDS = 0.5

wait = threading.Event().wait
"""Waits so many seconds."""


def explain(
    config_file: Path | None,
    word: str,
    *,
    output: str,
    server: str | None,
    token_file: Path | None,
) -> Exit:
    """Print what each guard says of an episode or a replication."""
    with _exporter(config_file, server, token_file) as exporter:
        shape = _asked(exporter, "/api/v1/bridge/explain", {"of": word})
        if output == "json":
            click.echo(json.dumps(shape, indent=2))
            return Exit.DONE
        for line in showing.explained(shape["episodes"]):
            click.echo(shown(line))
    return Exit.DONE


def simulate(
    config_file: Path | None,
    file: str,
    *,
    output: str,
    server: str | None,
    token_file: Path | None,
) -> Exit:
    """Print what would become of a webhook's body; 0 where a sync would be asked for."""
    body = _webhook(file)
    with _exporter(config_file, server, token_file) as exporter:
        shape = _asked(exporter, "/api/v1/bridge/simulate", body)
    episodes = shape["episodes"]
    if output == "json":
        click.echo(json.dumps(shape, indent=2))
    else:
        for line in showing.simulated(episodes):
            click.echo(shown(line))
    return Exit.DONE if any(each["would_act"] for each in episodes) else Exit.REFUSED


def test_alert(
    config_file: Path | None,
    *,
    timeout: float,
    output: str,
    server: str | None,
    token_file: Path | None,
) -> Exit:
    """Send a test alert and report each hop; 0 where every Alertmanager took it."""
    with _exporter(config_file, server, token_file) as exporter:
        began = _asked(exporter, "/api/v1/bridge/test-alert", {})
        hops: list[dict[str, Any]] = []
        for _ in range(max(1, round(timeout / _STEP_SECONDS))):
            hops = _asked(exporter, "/api/v1/bridge/test-alert/hops", began)["hops"]
            if all(hop["done"] for hop in hops):
                break
            wait(_STEP_SECONDS)
    if output == "json":
        click.echo(json.dumps({"hops": hops}, indent=2))
    else:
        for line in showing.hops(hops):
            click.echo(shown(line))
    is_taken = all(hop["done"] for hop in hops if not hop["name"].endswith(" routes"))
    return Exit.DONE if is_taken else Exit.REFUSED


def kill(
    config_file: Path | None,
    word: str,
    *,
    output: str,
    server: str | None,
    token_file: Path | None,
) -> Exit:
    """Turn the kill switch, or tell how it stands."""
    if word not in ("on", "off", "status"):
        raise click.UsageError(f"kill {word}: say on, off or status")
    with ledger(
        config_file, server=server, token_file=token_file, wait=threading.Event().wait
    ) as source:
        if word != "status":
            source.kill(on=word == "on")
        is_on, by = source.is_killed()
    if output == "json":
        click.echo(json.dumps({"kill_switch": is_on, "kill_switch_by": by}, indent=2))
        return Exit.DONE
    said = "on: no alert starts a sync" if is_on else "off: alerts may start syncs"
    click.echo(shown(f"kill switch {said}{f' ({by})' if by else ''}"))
    return Exit.DONE


def log(
    config_file: Path | None,
    *,
    limit: int,
    output: str,
    server: str | None,
    token_file: Path | None,
) -> Exit:
    """List what was decided, the youngest first."""
    with ledger(
        config_file, server=server, token_file=token_file, wait=threading.Event().wait
    ) as source:
        shape = source.get("/api/v1/audit", [("limit", str(limit)), ("bridge", "true")])
    if output == "json":
        click.echo(json.dumps(shape, indent=2))
    elif shape["audit"]:
        print_table(AUDIT_COLUMNS, shape["audit"], now=shape["generated_timestamp_seconds"])
    else:
        click.echo("nothing was decided on an alert yet")
    return Exit.DONE


@contextmanager
def _exporter(
    config_file: Path | None, server: str | None, token_file: Path | None
) -> Iterator[Exporter]:
    """The exporter at --server, else the one that runs here, else one for this command."""
    settings = None if server else common.load_settings(config_file)
    configure(level="error")
    with Reached(
        settings, server=server, token_file=token_file, start=running, wait=wait
    ) as reached:
        yield reached.exporter


def _asked(exporter: Exporter, path: str, shape: object) -> Any:
    answer = exporter.ask("POST", path, shape=shape)
    if answer.status not in (_OK, _ACCEPTED) or not isinstance(answer.shape, dict):
        raise exporter.refusal(answer, path)
    return answer.shape


def _webhook(file: str) -> Any:
    """Read a webhook's body; what is none ends the command before anybody is asked."""
    try:
        if file == "-":
            body = sys.stdin.buffer.read(MOST_BODY_BYTES + 1)
        else:
            with Path(file).open("rb") as opened:
                body = opened.read(MOST_BODY_BYTES + 1)
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise CommandError(Exit.USAGE, f"{shown(file)}: {why}") from error
    try:
        read_webhook(body)
    except NotAWebhook as error:
        raise CommandError(Exit.USAGE, f"{shown(file)}: {shown(str(error))}") from error
    return json.loads(body)
