"""The audit: who asked for what and what came of it; rows are added, and removed by age alone."""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from dataclasses import dataclass
from typing import Final

from vr_exporter.domain.triggers import Trigger
from vr_exporter.ledger.values import number, text, texts

log = logging.getLogger(__name__)

_LOGGED: Final = ("site", "replication", "key", "actor", "what", "result")
BY_ALERT: Final = "alert "
"""So begins the actor of what an alert asked for; its name follows."""

DEEDS: Final = ("kill_switch", "loop_acknowledged", "test_alert")
"""What people do about the bridge."""

_OF_BRIDGE: Final = f"(actor GLOB '{BY_ALERT}*' OR what IN {DEEDS})"
LONGEST_WAIT: Final = 10_000
"""So many rows wait for a store that cannot be written; then the oldest stand in the log alone."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One step: `what` is the state reached, or the deed; `result` says why, for people."""

    seq: int
    at: float
    actor: str
    what: str
    key: str = ""
    site: str = ""
    replication: str = ""
    result: str = ""

    @property
    def is_of_bridge(self) -> bool:
        """Whether it tells of an alert that asked, or of what people did about such."""
        return self.actor.startswith(BY_ALERT) or self.what in DEEDS


class Audit:
    """Numbers the rows, so that none is written twice, and keeps them until they are written."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._last = _last_number(connection)
        self._logged = self._last
        self._waiting: deque[AuditRow] = deque(maxlen=LONGEST_WAIT)

    def note(
        self, trigger: Trigger, *, now: float, what: str = "", actor: str = "", inputs: str = ""
    ) -> AuditRow:
        """Add a row on a trigger as it stands; `inputs` is what the decision rested on."""
        said = ": ".join(part for part in (trigger.reason, trigger.sentence) if part)
        return self.add(
            at=now,
            actor=actor or trigger.actor,
            what=what or trigger.state.value,
            key=trigger.key,
            site=str(trigger.target.site),
            replication=str(trigger.target.replication_id),
            result=f"{said} [{inputs}]" if inputs else said,
        )

    def add(self, *, at: float, actor: str, what: str, **facts: str) -> AuditRow:
        """Add a row; `facts` are key, site, replication and result."""
        self._last += 1
        row = AuditRow(self._last, at, actor, what, **facts)
        self._waiting.append(row)
        return row

    @property
    def has_unwritten(self) -> bool:
        """Whether rows wait."""
        return bool(self._waiting)

    def take_back(self, row: AuditRow) -> None:
        """Forget a row whose deed did not come to pass."""
        if row in self._waiting:
            self._waiting.remove(row)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put the rows that wait into the transaction."""
        connection.executemany(
            "INSERT OR IGNORE INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    row.seq,
                    number(row.at),
                    text(row.actor),
                    text(row.what),
                    text(row.key),
                    text(row.site),
                    text(row.replication),
                    text(row.result),
                )
                for row in self._waiting
            ],
        )

    def written(self) -> None:
        """Drop the rows that waited: the transaction is on disk."""
        self.tell()
        self._waiting.clear()

    def tell(self) -> None:
        """Log each row once: what it says came to pass, whether it is on disk or waits for it."""
        for row in self._waiting:
            if row.seq > self._logged:
                self._logged = row.seq
                facts = {name: getattr(row, name) for name in _LOGGED if getattr(row, name)}
                log.info("audit", extra=facts)

    def read_back(self, connection: sqlite3.Connection) -> None:
        """Never give a number twice, whatever a failed commit left on disk."""
        self._last = max(self._last, _last_number(connection))

    def youngest(
        self, connection: sqlite3.Connection | None, limit: int, *, of_bridge: bool = False
    ) -> tuple[AuditRow, ...]:
        """Return the last rows, youngest first; those that wait come from memory.

        `of_bridge`: only what alerts asked for, and what people did about it.
        """
        first = self._waiting[0].seq if self._waiting else self._last + 1
        rows = [row for row in reversed(self._waiting) if row.is_of_bridge or not of_bridge]
        if connection is not None and len(rows) < limit:
            chosen = f"AND {_OF_BRIDGE}" if of_bridge else ""
            found = connection.execute(
                f"SELECT * FROM audit WHERE seq < ? {chosen} ORDER BY seq DESC LIMIT ?",  # noqa: S608 - constants
                (first, limit - len(rows)),
            )
            rows += [AuditRow(seq, at, *map(texts, facts)) for seq, at, *facts in found]
        return tuple(rows[:limit])


def _last_number(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM audit").fetchone()[0])
