"""What `state` does: list triggers with their audit, and take note of what stayed unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click

from vr_exporter.cli.common import CommandError, Exit, no_such_site
from vr_exporter.cli.plain import shown, span
from vr_exporter.cli.state.sources import Source
from vr_exporter.cli.status.rows import UNKNOWN, Column, Row
from vr_exporter.cli.status.show import print_table

KEY_SHOWN = 12
"""Characters of a key that people read; enough to name it."""
_LEAST_OF_A_KEY = 6
_ALL = "1000"
_UNCLEAR = ("ambiguous", "unresolved")
_COLOURS = {0: "green", 4: "yellow", 5: "red", 6: "magenta"}


def show(source: Source, of: str | None, *, site: str | None, limit: int, output: str) -> Exit:
    """Print triggers and audit, the youngest first."""
    if site is not None and site not in (sites := source.sites()):
        raise no_such_site(site, sites)
    narrowed = [("site", site)] if site else []
    wanted = _ALL if of else str(limit)
    listed = source.get("/api/v1/triggers", [*narrowed, ("limit", wanted)])
    audit = source.get("/api/v1/audit", [("limit", _ALL if of or site else wanted)])
    triggers = [row for row in listed["triggers"] if of is None or _is_of(row, of)][:limit]
    noted = [row for row in audit["audit"] if _is_noted(row, triggers, of=of, site=site)][:limit]
    if of is not None and not (triggers or noted):
        raise CommandError(Exit.REFUSED, f"{source.name}: nothing of {shown(of)}")
    now = listed["generated_timestamp_seconds"]
    if output == "json":
        shape = {"source": source.name, "generated_timestamp_seconds": now}
        click.echo(json.dumps(shape | {"triggers": triggers, "audit": noted}, indent=2))
        return Exit.DONE
    click.echo(f"from {source.name}", err=True)
    _print("triggers", TRIGGER_COLUMNS, triggers, now=now)
    click.echo()
    _print("audit", AUDIT_COLUMNS, noted, now=now)
    return Exit.DONE


def acknowledge(source: Source, of: str, *, output: str) -> Exit:
    """Close what stayed unknown under a key, the beginning of one, a replication or a VM."""
    closed = [source.acknowledge(of)]
    if not any(closed):
        listed = source.get("/api/v1/triggers", [("limit", _ALL)])["triggers"]
        own = [row for row in listed if _is_of(row, of)]
        meant = {row["key"] for row in own if _is_unknown(row)}
        meant |= {row["replication"] for row in own if row["origin"] == "alert"}
        closed = [source.acknowledge(each) for each in sorted(meant)]
    if not any(closed):
        said = f"{source.name}: no trigger of {shown(of)} stayed unknown, nor is any loop known"
        raise CommandError(Exit.REFUSED, f"{said} (see: vr-exporter state show)")
    rows = [row for each in closed for row in each.triggers]
    unhealed = sum(each.unhealed for each in closed)
    if output == "json":
        shape = {"source": source.name, "acknowledged": rows, "unhealed": unhealed}
        click.echo(json.dumps(shape, indent=2))
        return Exit.DONE
    if unhealed:
        click.echo(shown(f"loop of {of} acknowledged ({unhealed} triggers had healed nothing)"))
    for row in rows:
        name = f"{row['site']} {row['vm'] or row['replication']}"
        click.echo(shown(f"{name} acknowledged ({row['key'][:KEY_SHOWN]})"))
    return Exit.DONE


def _print(title: str, columns: tuple[Column, ...], rows: list[Row], *, now: float) -> None:
    if rows:
        print_table(columns, rows, now=now)
    else:
        click.echo(f"no {title}")


def _is_of(row: Row, of: str) -> bool:
    is_key = len(of) >= _LEAST_OF_A_KEY and row["key"].startswith(of)
    return is_key or of in (row["replication"], row["vm"])


def _is_unknown(row: Row) -> bool:
    return row["state"] in _UNCLEAR and not row["acknowledged"]


def _is_noted(row: Row, triggers: Iterable[Row], *, of: str | None, site: str | None) -> bool:
    if site is not None and row["site"] != site:
        return False
    return (
        of is None
        or row["key"] in {trigger["key"] for trigger in triggers}
        or row["replication"] == of
        or (len(of) >= _LEAST_OF_A_KEY and row["key"].startswith(of))
    )


def _ago(timestamp: float, now: float) -> str:
    return f"{span(max(now - timestamp, 0.0))} ago"


def _took(row: Row) -> str:
    ended = row["ended_timestamp_seconds"]
    return UNKNOWN if ended is None else span(max(ended - row["asked_timestamp_seconds"], 0.0))


def _word(row: Row) -> str:
    word = f"{row['word']}: {row['reason']}" if row["state"] == "skipped" else row["word"]
    return f"{word} (acknowledged)" if row["acknowledged"] else str(word)


def _colour(row: Row) -> str:
    return _COLOURS.get(row["exit_code"], "cyan")


TRIGGER_COLUMNS = (
    Column("asked", lambda row, now: _ago(row["asked_timestamp_seconds"], now)),
    Column("vm", lambda row, _: row["vm"] or row["replication"]),
    Column("site", lambda row, _: row["site"] or UNKNOWN),
    Column("state", lambda row, _: _word(row), _colour),
    Column("took", lambda row, _: _took(row)),
    Column("by", lambda row, _: row["origin"]),
    Column("key", lambda row, _: row["key"][:KEY_SHOWN]),
    Column("replication", lambda row, _: row["replication"] or UNKNOWN),
    Column("why", lambda row, _: row["sentence"] or UNKNOWN),
)

AUDIT_COLUMNS = (
    Column("when", lambda row, now: _ago(row["timestamp_seconds"], now)),
    Column("who", lambda row, _: row["actor"] or UNKNOWN),
    Column("what", lambda row, _: row["what"]),
    Column("site", lambda row, _: row["site"] or UNKNOWN),
    Column("replication", lambda row, _: row["replication"] or UNKNOWN),
    Column("key", lambda row, _: row["key"][:KEY_SHOWN] or UNKNOWN),
    Column("result", lambda row, _: row["result"] or UNKNOWN),
)
