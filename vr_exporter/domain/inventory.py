"""What an appliance replicates: pairings, replications, servers and issues, in base units."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from vr_exporter.domain.names import PairingId, PairingName, ReplicationId

KNOWN_STATUSES = (
    "OK",
    "MOVING",
    "RECOVERING",
    "RECOVERED",
    "SYNC",
    "FULL_SYNC",
    "INITIAL_FULL_SYNC",
    "CONFIGURING",
    "DISK_RESIZING",
    "PAUSED",
    "NOT_ACTIVE",
    "RPO_VIOLATION",
    "SYNC_RPO_VIOLATION",
    "FULL_SYNC_RPO_VIOLATION",
    "NOT_ACTIVE_RPO_VIOLATION",
    "ERROR",
    "ERROR_RPO_VIOLATION",
    "UNKNOWN",
)
"""The published states of a replication (vr-api.md 7.3); appliances send others too."""

OTHER_STATUS = "OTHER"
"""Stands for every state outside `KNOWN_STATUSES` where states are counted."""


class Direction(StrEnum):
    """Which way a replication goes, seen from the site that is asked."""

    OUTGOING = "outgoing"
    INCOMING = "incoming"
    LOCAL = "local"


def direction_of(source_vc_id: str, target_vc_id: str, local_vc_id: str) -> Direction:
    """Local when both ends are one vCenter, else by where the source is."""
    if source_vc_id and source_vc_id == target_vc_id:
        return Direction.LOCAL
    return Direction.OUTGOING if source_vc_id == local_vc_id else Direction.INCOMING


@dataclass(frozen=True, slots=True)
class ReplicationOptions:
    """The switches of a replication; None where the appliance does not say."""

    quiescing: bool | None = None
    network_compression: bool | None = None
    encryption: bool | None = None
    auto_replicate_new_disks: bool | None = None
    vm_data_sets: bool | None = None
    enhanced: bool | None = None
    mpit: bool | None = None


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a running sync is; totals may grow and the ratio may fall while it runs."""

    ratio: float | None = None
    transferred_bytes: int | None = None
    transfer_size_bytes: int | None = None
    checksum_compared_bytes: int | None = None
    checksum_size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ReplicationError:
    """An error that the appliance reports of a replication; the text is for people only."""

    kind: Literal["configuration", "group", "recovery"]
    message: str


class Replication(NamedTuple):
    """One replicated VM as one site sees it. None means that the appliance did not say.

    A tuple, as ten thousand are made in a poll (decision 21).
    """

    id: ReplicationId
    vm: str
    vm_id: str
    direction: Direction
    source_site: str = ""
    target_site: str = ""
    source_vc_id: str = ""
    replication_type: str = ""
    replication_server: str = ""
    recovery_solution: str = ""
    configuration_state: str | None = None
    recovery_state: str | None = None
    options: ReplicationOptions | None = None
    rpo_seconds: int | None = None
    last_sync_timestamp_seconds: float | None = None
    last_sync_duration_seconds: int | None = None
    last_sync_bytes: int | None = None
    mpit_instances: int | None = None
    mpit_retention_seconds: int | None = None
    status: str | None = None
    rpo_violated: bool | None = None
    rpo_violation_seconds: int | None = None
    progress: SyncProgress | None = None
    errors: tuple[ReplicationError, ...] = ()


@dataclass(frozen=True, slots=True)
class VcServer:
    """A vCenter Server at one end of a pairing; one known only to be down has no name."""

    id: str
    name: str
    connected: bool | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two vCenter Servers that replicate; the remote end is None under partial data."""

    id: PairingId
    name: PairingName
    local_vc: VcServer | None = None
    remote_vc: VcServer | None = None

    @property
    def is_local(self) -> bool:
        """Whether the pairing joins a vCenter to itself, so that no remote login is needed.

        By the ids of the two ends; by their names where an id is missing.
        """
        local, remote = self.local_vc, self.remote_vc
        if local is None or remote is None:
            return False
        if local.id and remote.id:
            return local.id == remote.id
        return bool(local.name) and local.name == remote.name

    @property
    def local_vc_id(self) -> str:
        """The id of the vCenter Server at our end, empty where it is not known."""
        return self.local_vc.id if self.local_vc else ""

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions over which this pairing's counts are zero-filled."""
        return (Direction.LOCAL,) if self.is_local else (Direction.OUTGOING, Direction.INCOMING)


@dataclass(frozen=True, slots=True)
class ReplicationServer:
    """A replication server; `id` is its uuid, else the appliance's id."""

    id: str
    name: str
    side: Literal["local", "remote", ""] = "local"
    connected: bool | None = None
    decommissioned: bool | None = None
    replications: int | None = None


IssueScope = Literal["pairing", "replication"]
IssueSeverity = Literal["warning", "error"]


@dataclass(frozen=True, slots=True)
class Issue:
    """Something the appliance complains of at present."""

    scope: IssueScope
    severity: IssueSeverity
    entity_name: str
    description: str
    timestamp_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ApplianceFacts:
    """Who answers: from /info, and the API version that it speaks (`v1` or `v2`)."""

    version: str = ""
    build: str = ""
    api: str = ""
    vc_id: str = ""
    vc_name: str = ""
