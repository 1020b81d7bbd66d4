"""What an answer leaves out while the far side is not logged in to, or is down (vr-api.md 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from vr_exporter.simulator.errors import Refusal, remote_down

Row = dict[str, Any]

NULLABLE_OF_PAIRING = ("remote_vc_server", "remote_vrms")
NULLABLE_OF_INCOMING = ("vm_id", "last_group_error", "sync_progress")
ABSENT_OF_INCOMING = ("source_site_name", "quiescing_enabled", "network_compression_enabled")
NULLABLE_OF_OUTGOING = ("replication_server_name", "target_replication_server_uuid")
ABSENT_OF_OUTGOING = ("target_site_name",)


class Remote(Enum):
    """How the far side of a pairing stands for one session; only OPEN gives full data."""

    OPEN = "open"
    NOT_AUTHENTICATED = "remote_not_authenticated"
    DOWN = "remote_server_down"


_MESSAGES = {
    Remote.NOT_AUTHENTICATED: "There is no session at the remote site.",
    Remote.DOWN: "The remote server cannot be reached.",
}


@dataclass(frozen=True, slots=True)
class Withholding:
    """Cuts rows down to what the near side knows and says so in `_meta.errors`."""

    remote: Remote
    local_vc_id: str = ""
    members: Literal["null", "absent"] = "null"
    names_down_servers: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is withheld."""
        return self.remote is Remote.OPEN

    def refuse(self, unauthenticated_status: int) -> None:
        """End an operation that cannot do without its far side (contract ERROR)."""
        if self.remote is Remote.DOWN:
            raise remote_down()
        if self.remote is Remote.NOT_AUTHENTICATED:
            code = self.remote.value
            raise Refusal(unauthenticated_status, code, _MESSAGES[self.remote])

    def errors(self, *fields: str) -> list[dict[str, str]]:
        """One partial failure for each withheld field, named by its JSONPath."""
        if self.is_whole:
            return []
        code, message = self.remote.value, _MESSAGES[self.remote]
        return [{"code": code, "message": message, "field": field} for field in fields]

    def pairing(self, row: Row) -> Row:
        """A pairing without the servers of its far side, or with what is known of silent ones."""
        if self.is_whole:
            return row
        if self.remote is Remote.DOWN and self.names_down_servers:
            return row | {part: _silent(row[part]) for part in NULLABLE_OF_PAIRING}
        return self._cut(row, NULLABLE_OF_PAIRING, ())

    def replication(self, row: Row) -> Row:
        """A replication without what its far side knows; an incoming one's state is UNKNOWN."""
        if self.is_whole:
            return row
        if row.get("source_vc_id") == self.local_vc_id:
            return self._cut(row, NULLABLE_OF_OUTGOING, ABSENT_OF_OUTGOING)
        cut = self._cut(row, NULLABLE_OF_INCOMING, ABSENT_OF_INCOMING)
        return {**cut, "status": {"status": "UNKNOWN"}}

    def replication_fields(self, rows: Iterable[Mapping[str, Any]], prefix: str) -> list[str]:
        """The JSONPaths of the fields that `replication` cut out of these rows."""
        names: dict[str, None] = {}
        for row in rows:
            is_outgoing = row.get("source_vc_id") == self.local_vc_id
            names.update(dict.fromkeys(_OUTGOING if is_outgoing else _INCOMING))
        return [f"{prefix}.{name}" for name in names]

    def server(self, row: Row) -> Row:
        """A server of the far side: its id is all that the near side knows."""
        return row if self.is_whole else {"id": row["id"]}

    def _cut(self, row: Row, nullable: tuple[str, ...], absent: tuple[str, ...]) -> Row:
        dropped = {*nullable, *absent}
        kept = {key: value for key, value in row.items() if key not in dropped}
        return kept if self.members == "absent" else kept | dict.fromkeys(nullable)


def _silent(server: Row) -> Row:
    return {key: server[key] for key in ("id", "url", "name")} | {"server_status": "ERROR"}


_OUTGOING = (*NULLABLE_OF_OUTGOING, *ABSENT_OF_OUTGOING)
_INCOMING = ("status", *NULLABLE_OF_INCOMING, *ABSENT_OF_INCOMING)
