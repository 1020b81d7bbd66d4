"""Rows as a table for people, as JSON or as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from vr_exporter.cli.common import console
from vr_exporter.cli.plain import shown
from vr_exporter.cli.status.rows import VERDICTS, Column, Row, cells

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

SITE_FIELDS = (
    *("site", "url", "up", "stale", "tried", "error", "error_reason", "interval_seconds"),
    *("last_attempt_timestamp_seconds", "last_success_timestamp_seconds", "rows_dropped"),
    *("appliance.version", "appliance.build", "appliance.api", "replications"),
    *(f"verdicts.{verdict}" for verdict in VERDICTS),
    *("syncing", "tasks"),
)
"""The columns of sites as CSV: their names and their order stay."""

REPLICATION_FIELDS = (
    *("site", "pairing", "pairing_id", "replication", "vm", "vm_id", "direction"),
    *("source_site", "target_site", "replication_type", "replication_server"),
    *("stale", "verdict", "status", "configuration_state", "recovery_state"),
    *("rpo_seconds", "rpo_violated", "rpo_violation_seconds"),
    *("last_sync_timestamp_seconds", "last_sync_duration_seconds", "last_sync_bytes"),
    *("breached_seconds_total", "synced_bytes_total"),
    *("progress.ratio", "progress.transferred_bytes", "progress.transfer_size_bytes"),
)
"""The columns of replications as CSV: their names and their order stay."""

_BAR_WIDTH = 12
_FORMULA_SIGNS = ("=", "+", "-", "@")


def print_table(columns: Sequence[Column], rows: Sequence[Row], *, now: float) -> None:
    """Print a table on a terminal, aligned plain lines in a pipe."""
    if sys.stdout.isatty():
        _print_rich_table(console(), columns, rows, now=now)
        return
    lines = [[column.heading for column in columns]]
    lines += [cells(columns, row, now=now) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def as_json(source: str, key: str, rows: Sequence[Row], *, now: float) -> None:
    """Print one object: who was asked, when, and the rows as the API has them."""
    shape = {"source": source, "generated_timestamp_seconds": now, key: list(rows)}
    click.echo(json.dumps(shape, indent=2))


def as_csv(rows: Sequence[Row], *, columns: Sequence[str]) -> None:
    """Print RFC 4180 with a head line; members of members get dotted names, lists are left out."""
    flat = [_flat(row) for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _safe(value) for key, value in row.items()} for row in flat)
    click.echo(text.getvalue(), nl=False)


def _flat(row: Row, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            flat[f"{prefix}{key}"] = value
    return flat


def _safe(value: object) -> object:
    """Booleans as the API writes them; text that a spreadsheet would run stays text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return shown(f"'{value}" if value.startswith(_FORMULA_SIGNS) else value)
    return value


def _print_rich_table(
    screen: Console, columns: Sequence[Column], rows: Sequence[Row], *, now: float
) -> None:
    """Leave out what the terminal has no room for, and say so."""
    kept, left_out = list(columns), list[str]()
    while _width(screen, table := _rich_table(kept, rows, now=now)) > screen.width:
        sparest = max(kept, key=lambda column: column.spare)
        if not sparest.spare:
            break
        kept.remove(sparest)
        left_out.append(sparest.heading)
    screen.print(table)
    if left_out:
        names = ", ".join(left_out)
        click.echo(f"no room for: {names} (widen the terminal, or use --output csv)", err=True)


def _width(screen: Console, table: Table) -> int:
    """How wide a table is when nothing in it is folded."""
    from rich.measure import Measurement

    anything = screen.options.update(max_width=sys.maxsize)
    return Measurement.get(screen, anything, table).maximum


def _rich_table(columns: Sequence[Column], rows: Sequence[Row], *, now: float) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.heading, overflow="fold")
    for row in rows:
        texts = cells(columns, row, now=now)
        table.add_row(
            *(
                _bar(row, text) if column.heading == "progress" else Text(text, column.style(row))
                for column, text in zip(columns, texts, strict=True)
            )
        )
    return table


def _bar(row: Row, text: str) -> Any:
    """Draw a running sync as a bar with its share."""
    from rich.text import Text

    ratio = (row["progress"] or {}).get("ratio")
    if ratio is None:
        return Text(text)
    done, left = _bar_signs()
    full = round(_BAR_WIDTH * min(max(ratio, 0.0), 1.0))
    return Text.assemble((done * full, "cyan"), (left * (_BAR_WIDTH - full), "dim"), f" {text}")


def _bar_signs() -> tuple[str, str]:
    """Lines, or what every terminal has."""
    try:
        "━─".encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return "#", "-"
    return "━", "─"
