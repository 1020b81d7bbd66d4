"""The end of a round: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from vr_exporter.cli.common import Exit
from vr_exporter.cli.plain import span
from vr_exporter.cli.status.rows import UNKNOWN, Column, Row
from vr_exporter.cli.status.show import print_table
from vr_exporter.cli.sync.lines import explanation_of
from vr_exporter.cli.sync.standing import Standing

_COLOURS = {0: "green", 4: "yellow", 5: "red", 6: "magenta"}

COLUMNS = (
    Column("vm", lambda row, _: row["vm"] or row["replication"]),
    Column("site", lambda row, _: row["site"]),
    Column("result", lambda row, _: row["word"], lambda row: _COLOURS.get(row["exit_code"], "")),
    Column("took", lambda row, _: _took(row)),
    Column("why", lambda row, _: row["explanation"] or UNKNOWN),
)


def _took(row: Row) -> str:
    return UNKNOWN if row["took_seconds"] is None else span(row["took_seconds"])


def as_table(standings: Sequence[Standing], *, wants_fresh: bool) -> None:
    """Print a row for each wish."""
    rows = [
        row_of(each, wants_fresh=wants_fresh) | {"explanation": explanation_of(each)}
        for each in standings
    ]
    print_table(COLUMNS, rows, now=0.0)


def as_json(source: str, standings: Sequence[Standing], *, code: Exit, wants_fresh: bool) -> None:
    """Print one object: who was asked, the exit code, and every wish in its order."""
    shape = {
        "source": source,
        "exit_code": int(code),
        "syncs": [row_of(each, wants_fresh=wants_fresh) for each in standings],
    }
    click.echo(json.dumps(shape, indent=2))


def row_of(standing: Standing, *, wants_fresh: bool) -> dict[str, object]:
    """A wish as JSON; `exit_code` is null while it goes on. What is not known is null."""
    target = standing.target
    code = standing.exit_code(wants_fresh=wants_fresh)
    return {
        "vm": target.vm,
        "site": target.site,
        "pairing": target.pairing,
        "replication": target.replication,
        "key": standing.key or None,
        "state": standing.state.value if standing.state else None,
        "word": standing.word,
        "reason": standing.reason,
        "sentence": standing.sentence,
        "exit_code": None if code is None else int(code),
        "would_act": standing.would_act,
        "confirmed": standing.is_confirmed,
        "task": standing.task or None,
        "asked_timestamp_seconds": standing.asked_timestamp_seconds,
        "ended_timestamp_seconds": standing.ended_timestamp_seconds,
        "took_seconds": standing.took_seconds,
    }
