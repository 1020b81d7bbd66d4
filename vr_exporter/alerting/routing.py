"""Where an Alertmanager says that an alert goes; pure."""

from __future__ import annotations

import json


def routes_of(body: bytes) -> tuple[str, ...]:
    """Name the receivers in an answer of `GET /api/v2/alerts`; what cannot be read is none."""
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    found = []
    for row in rows if isinstance(rows, list) else ():
        receivers = row.get("receivers") if isinstance(row, dict) else None
        for receiver in receivers if isinstance(receivers, list) else ():
            name = receiver.get("name") if isinstance(receiver, dict) else None
            if isinstance(name, str) and name not in found:
                found.append(name)
    return tuple(found)
