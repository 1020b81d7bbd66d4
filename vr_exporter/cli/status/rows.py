"""Rows of the API as people read them: one column each, with its heading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vr_exporter.cli.plain import shown, size, span

Row = Mapping[str, Any]

VERDICTS = ("met", "late", "breached", "excused", "unknown")
UNKNOWN = "-"
_ERROR_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, and its cell for a row at a time (seconds since 1970).

    `spare`: on a narrow terminal the column with the highest number is left out first; 0 stays.
    """

    heading: str
    cell: Callable[[Row, float], str]
    style: Callable[[Row], str] = lambda _row: ""
    spare: int = 0


def cells(columns: Sequence[Column], row: Row, *, now: float) -> list[str]:
    """One row's cells, each safe for a terminal."""
    return [shown(column.cell(row, now)) for column in columns]


def _ago(timestamp: float | None, now: float) -> str:
    return UNKNOWN if timestamp is None else f"{span(max(0.0, now - timestamp))} ago"


def _text(value: object) -> str:
    return UNKNOWN if value is None or value == "" else str(value)


def _state(row: Row) -> str:
    if row["up"]:
        return "up"
    if not row["tried"]:
        return "waiting"
    return "down, stale" if row["stale"] else "down"


def _version(row: Row) -> str:
    appliance = row["appliance"] or {}
    return _text(appliance.get("version"))


def _error(row: Row) -> str:
    error = row["error"] or next((each["error"] for each in row["pairings"] if each["error"]), "")
    text = str(error)
    return _text(text if len(text) <= _ERROR_WIDTH else f"{text[: _ERROR_WIDTH - 1]}…")


def _verdict(name: str, spare: int = 0) -> Column:
    colour = {"late": "yellow", "breached": "red", "unknown": "yellow"}.get(name, "")
    return Column(
        name,
        lambda row, _: str(row["verdicts"].get(name, 0)),
        lambda row: colour if row["verdicts"].get(name) else "",
        spare,
    )


SITE_COLUMNS = (
    Column("site", lambda row, _: row["site"]),
    Column("state", lambda row, _: _state(row), lambda row: "green" if row["up"] else "red"),
    Column("last poll", lambda row, now: _ago(row["last_attempt_timestamp_seconds"], now)),
    Column("replications", lambda row, _: str(row["replications"])),
    *map(_verdict, VERDICTS, (1, 0, 0, 2, 3)),
    Column("syncing", lambda row, _: _text(row["syncing"]), spare=4),
    Column("version", lambda row, _: _version(row), spare=5),
    Column("last error", lambda row, _: _error(row), lambda _: "red"),
)
"""`syncing` is not of the API: it is counted from the replications."""


def _progress(row: Row) -> str:
    progress = row["progress"] or {}
    ratio = progress.get("ratio")
    if ratio is None:
        return "syncing" if row["progress"] else UNKNOWN
    return f"{100 * ratio:.0f}%"


def _behind(row: Row) -> str:
    seconds = row["rpo_violation_seconds"]
    return span(seconds) if seconds else UNKNOWN


def _rpo(row: Row) -> str:
    return UNKNOWN if row["rpo_seconds"] is None else span(row["rpo_seconds"])


def _size(row: Row) -> str:
    return UNKNOWN if row["last_sync_bytes"] is None else size(row["last_sync_bytes"])


_VERDICT_COLOURS = {"met": "green", "late": "yellow", "breached": "red", "unknown": "yellow"}

REPLICATION_COLUMNS = (
    Column("vm", lambda row, _: row["vm"]),
    Column("site", lambda row, _: row["site"]),
    Column("pairing", lambda row, _: row["pairing"], spare=3),
    Column("direction", lambda row, _: row["direction"], spare=4),
    Column("status", lambda row, _: _text(row["status"]), spare=1),
    Column(
        "verdict",
        lambda row, _: row["verdict"] + (" (stale)" if row["stale"] else ""),
        lambda row: _VERDICT_COLOURS.get(row["verdict"], ""),
    ),
    Column("rpo", lambda row, _: _rpo(row), spare=2),
    Column("behind", lambda row, _: _behind(row)),
    Column("last sync", lambda row, now: _ago(row["last_sync_timestamp_seconds"], now)),
    Column("moved", lambda row, _: _size(row), spare=5),
    Column("progress", lambda row, _: _progress(row)),
)

_URGENCY = {"breached": 0, "late": 1, "unknown": 2, "met": 3, "excused": 4}


def by_urgency(row: Row) -> tuple[Any, ...]:
    """Worst first: by verdict, then by the time past the RPO, then by name."""
    return (
        _URGENCY.get(row["verdict"], len(_URGENCY)),
        -(row["rpo_violation_seconds"] or 0),
        row["site"],
        row["vm"],
        row["replication"],
    )


def with_syncing(sites: list[Row], replications: list[Row]) -> list[Row]:
    """Each site with the number of its running syncs."""
    return [
        {
            **site,
            "syncing": sum(
                row["site"] == site["site"] and row["progress"] is not None for row in replications
            ),
        }
        for site in sites
    ]
