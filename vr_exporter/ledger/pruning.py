"""What is too old to keep: found and removed a few hundred rows at a time (T7)."""

from __future__ import annotations

import sqlite3
from typing import Final

TRIGGERS_KEPT_SECONDS: Final = 30 * 86_400
AUDIT_KEPT_SECONDS: Final = 90 * 86_400
ROWS_AT_A_TIME: Final = 500

_OLD_TRIGGERS: Final = """DELETE FROM trigger WHERE key IN (
    SELECT key FROM trigger
    WHERE asked_at < :before AND coalesce(ended_at, asked_at) < :before
        AND (state IN ('succeeded','failed','lost','skipped','refused','expired')
            OR (state = 'unresolved' AND is_acknowledged))
    LIMIT :rows
)"""
_OLD_AUDIT: Final = (
    "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < :before LIMIT :rows)"
)


def remove_old(connection: sqlite3.Connection, *, now: float) -> int:
    """Remove some rows that are too old, and return how many were left of those that may be."""
    removed = 0
    kept = ((_OLD_TRIGGERS, TRIGGERS_KEPT_SECONDS), (_OLD_AUDIT, AUDIT_KEPT_SECONDS))
    for statement, seconds in kept:
        values = {"before": now - seconds, "rows": ROWS_AT_A_TIME - removed}
        removed += connection.execute(statement, values).rowcount
    return removed
