"""Alerts to be told as rows: the statements on their table."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final

from vr_exporter.domain.alerts import EventAlert, Outgoing, Pairs
from vr_exporter.ledger.values import number, text, texts

Key = tuple[str, str, float]
"""Receiver, fingerprint, start of the episode."""

_PUT: Final = "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DELETE: Final = "DELETE FROM outbox WHERE receiver = ? AND fingerprint = ? AND starts_at = ?"


def every(connection: sqlite3.Connection) -> Iterator[Outgoing]:
    """Read all rows, the oldest first: of one alert's episodes the youngest comes last."""
    for row in connection.execute("SELECT * FROM outbox ORDER BY starts_at"):
        yield _outgoing(*row)


def put(connection: sqlite3.Connection, rows: Iterable[Outgoing]) -> None:
    """Write rows as they stand."""
    connection.executemany(_PUT, [_row(row) for row in rows])


def delete(connection: sqlite3.Connection, keys: Iterable[Key]) -> None:
    """Remove rows."""
    connection.executemany(_DELETE, [(text(key[0]), key[1], number(key[2])) for key in keys])


def _row(row: Outgoing) -> tuple[object, ...]:
    alert = row.alert
    payload = {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "generator_url": alert.generator_url,
    }
    return (
        text(row.receiver),
        alert.fingerprint,
        number(row.starts_at),
        alert.kin,
        json.dumps(payload),
        row.ends_at,
        row.is_superseded,
        row.firing_acked_at,
        row.resolved_acked_at,
    )


def _outgoing(
    receiver: object, fingerprint: str, starts_at: float, kin: str, payload: str, *rest: Any
) -> Outgoing:
    kept = json.loads(payload)
    alert = EventAlert(
        labels=_pairs(kept["labels"]),
        annotations=_pairs(kept["annotations"]),
        generator_url=kept["generator_url"],
        fingerprint=fingerprint,
        kin=kin,
    )
    ends_at, is_superseded, firing_acked_at, resolved_acked_at = rest
    return Outgoing(
        receiver=texts(receiver),
        alert=alert,
        starts_at=starts_at,
        ends_at=ends_at,
        is_superseded=bool(is_superseded),
        firing_acked_at=firing_acked_at,
        resolved_acked_at=resolved_acked_at,
    )


def _pairs(kept: list[list[str]]) -> Pairs:
    return tuple((name, value) for name, value in kept)
