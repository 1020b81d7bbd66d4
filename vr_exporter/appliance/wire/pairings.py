"""Pairing, ReplicationServerInfo, IssueInfo and VrmsInfo → our nouns."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from vr_exporter.appliance.wire.fields import Reading, given
from vr_exporter.appliance.wire.shapes import (
    IssueInfo,
    PairingInfo,
    ReplicationServerInfo,
    ServerInfo,
    VrmsInfo,
)
from vr_exporter.domain.inventory import (
    ApplianceFacts,
    Issue,
    IssueScope,
    Pairing,
    ReplicationServer,
    VcServer,
)
from vr_exporter.domain.names import PairingId, PairingName

_SERVER_STATUSES = frozenset({"OK", "WARNING", "ERROR"})
_SEVERITIES: dict[str, Literal["warning", "error"]] = {"WARNING": "warning", "ERROR": "error"}


def pairing_of(info: PairingInfo, reading: Reading) -> Pairing | None:
    """Make the noun, named by its remote vCenter; None without an id."""
    identity = reading.identity(info.pairing_id, "pairing_id")
    if not identity:
        return None
    remote = _vc_server(info.remote_vc_server, reading)
    return Pairing(
        id=PairingId(identity),
        name=PairingName(remote.name if remote else ""),
        local_vc=_vc_server(info.local_vc_server, reading),
        remote_vc=remote,
    )


def without_far_side(info: PairingInfo) -> None:
    """Put in for a far end that was withheld what its error says of it."""
    if given(info.remote_vc_server) in (None, ServerInfo()):
        info.remote_vc_server = ServerInfo(server_status="ERROR")


def _vc_server(info: ServerInfo | UnsetType | None, reading: Reading) -> VcServer | None:
    """Read one end; an object that names nothing, and is not in error, counts as absent."""
    if info is UNSET or info is None:
        return None
    status = reading.one_of(info.server_status, _SERVER_STATUSES, "server_status")
    server = VcServer(
        id=reading.name(info.id, "id"),
        name=reading.name(info.name, "name"),
        connected=None if status is None else status != "ERROR",
    )
    return server if server.id or server.name or server.connected is False else None


def server_of(info: ReplicationServerInfo, reading: Reading) -> ReplicationServer | None:
    """Make the noun, of the local side; None with neither uuid nor id."""
    identity = reading.name(info.uuid, "uuid") or reading.name(info.id, "id")
    if not identity:
        reading.surprises.note("null", "id")
        return None
    return ReplicationServer(
        id=identity,
        name=reading.name(info.name, "name") or reading.name(info.hostname, "hostname"),
        side="local",
        connected=given(info.connected),
        decommissioned=given(info.decommissioned),
        replications=reading.count(info.replication_count, "replication_count"),
    )


def issue_of(info: IssueInfo, reading: Reading, *, scope: IssueScope) -> Issue:
    """Make the noun; a severity that is missing or unknown counts as a warning."""
    status = reading.one_of(info.status, _SEVERITIES.keys(), "status")
    return Issue(
        scope=scope,
        severity=_SEVERITIES.get(status or "", "warning"),
        entity_name=reading.name(info.entity_name, "entity_name")
        or reading.name(info.entity, "entity"),
        description=reading.words(info.description, "description"),
        timestamp_seconds=reading.moment(info.timestamp, "timestamp"),
    )


def facts_of(info: VrmsInfo, reading: Reading) -> ApplianceFacts:
    """Make the noun."""
    return ApplianceFacts(
        version=reading.name(info.version, "version"),
        build=reading.name(info.build_number, "build_number"),
        api=reading.api,
        vc_id=reading.name(info.vc_guid, "vc_guid"),
        vc_name=reading.name(info.vc_name, "vc_name"),
    )
