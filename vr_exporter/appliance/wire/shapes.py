"""The vendor's objects, as far as we read them; unknown members are skipped.

A member that the vendor does not call nullable may be absent, never null: null there fails the
typed decode, and the page is read again leniently. Members without a default must be there: those
that the vendor requires, and ids, without which a row is of no use.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

Text = str | UnsetType
NullableText = str | UnsetType | None
Number = int | UnsetType
Flag = bool | UnsetType
NullableFlag = bool | UnsetType | None
Moment = int | str | UnsetType
"""Milliseconds since 1970 in v2, a string in v1."""
NullableMoment = int | str | UnsetType | None

T = TypeVar("T")


class HrefDrData(msgspec.Struct, gc=False):
    """A link; only the offset in its query is ever used."""

    href: Text = UNSET


class MetaLinks(msgspec.Struct, gc=False):
    """Links of a page."""

    next: HrefDrData | UnsetType | None = UNSET


class MetaError(msgspec.Struct, gc=False):
    """One partial failure of an answer that is good otherwise."""

    code: Text = UNSET
    field: Text = UNSET


class MetadataList(msgspec.Struct, gc=False):
    """What a page says of the whole list."""

    errors: list[MetaError] | UnsetType | None = UNSET
    total: Number = UNSET
    offset: Number = UNSET
    limit: Number = UNSET
    links: MetaLinks | UnsetType = UNSET


class ResponseList(msgspec.Struct, Generic[T], gc=False):
    """A page of any list."""

    rows: list[T] = msgspec.field(name="list")
    meta: MetadataList | UnsetType = msgspec.field(name="_meta", default=UNSET)


class ErrorDetails(msgspec.Struct, gc=False):
    """An error's texts; `code` is in no published document, and read where it is sent."""

    message: Text = UNSET
    details: Text = UNSET
    code: NullableText = UNSET
    error_code: NullableText = UNSET


class CompoundReplicationStatus(msgspec.Struct, gc=False):
    """State and RPO flag of a replication."""

    status: Text = UNSET
    rpo_violation: Flag = UNSET


class SyncProgressData(msgspec.Struct, gc=False):
    """How far a sync is: percent and bytes."""

    progress: Number = UNSET
    checksum_current: Number = UNSET
    checksum_total: Number = UNSET
    transferred_current: Number = UNSET
    transferred_total: Number = UNSET


class ReplicationInfo(msgspec.Struct, gc=False):
    """A replication: RPO and violation in minutes, duration in seconds, last sync in ms."""

    id: Text
    last_sync_time: Moment
    name: Text = UNSET
    vm_id: NullableText = UNSET
    source_site_name: Text = UNSET
    source_vc_id: Text = UNSET
    target_site_name: Text = UNSET
    target_vc_id: Text = UNSET
    status: CompoundReplicationStatus | UnsetType = UNSET
    rpo: Number = UNSET
    type: Text = UNSET
    replication_server_name: NullableText = UNSET
    recovery_solution: NullableText = UNSET
    configuration_state: Text = UNSET
    configuration_error: ErrorDetails | UnsetType | None = UNSET
    last_group_error: ErrorDetails | UnsetType | None = UNSET
    recovery_state: Text = UNSET
    recovery_error: NullableText = UNSET
    last_sync_duration: Number = UNSET
    last_sync_size: Number = UNSET
    current_rpo_violation: Number = UNSET
    quiescing_enabled: Flag = UNSET
    network_compression_enabled: Flag = UNSET
    encryption_enabled: Flag = UNSET
    auto_replicate_new_disks_enabled: Flag = UNSET
    mpit_enabled: Flag = UNSET
    mpit_instances: Number = UNSET
    mpit_days: Number = UNSET
    sync_progress: SyncProgressData | UnsetType | None = UNSET
    vm_data_sets_replication_enabled: Flag = UNSET
    enhanced_replication: NullableFlag = UNSET


class TaskInfo(msgspec.Struct, gc=False):
    """A task of any kind; `result` is any JSON and left unread."""

    id: Text
    status: Text
    description: Text = UNSET
    description_id: Text = UNSET
    entity: NullableText = UNSET
    entity_name: NullableText = UNSET
    error: ErrorDetails | UnsetType | None = UNSET
    progress: Number = UNSET
    queued_time: NullableMoment = UNSET
    start_time: NullableMoment = UNSET
    complete_time: NullableMoment = UNSET


class ServerInfo(msgspec.Struct, gc=False):
    """A vCenter Server as a pairing names it."""

    id: Text = UNSET
    name: Text = UNSET
    server_status: Text = UNSET


class PairingInfo(msgspec.Struct, gc=False):
    """Two vCenter Servers; the remote one may be missing under partial data."""

    pairing_id: Text
    local_vc_server: ServerInfo | UnsetType | None = UNSET
    remote_vc_server: ServerInfo | UnsetType | None = UNSET


class VrmsInfo(msgspec.Struct, gc=False):
    """The appliance itself."""

    version: Text = UNSET
    build_number: NullableText = UNSET
    vc_guid: Text = UNSET
    vc_name: Text = UNSET


class ReplicationServerInfo(msgspec.Struct, gc=False):
    """A replication server."""

    id: Text = UNSET
    uuid: NullableText = UNSET
    name: NullableText = UNSET
    hostname: NullableText = UNSET
    connected: Flag = UNSET
    decommissioned: Flag = UNSET
    replication_count: Number = UNSET


class IssueInfo(msgspec.Struct, gc=False):
    """An open issue; `status` is its severity."""

    timestamp: Moment
    entity: Text = UNSET
    entity_name: NullableText = UNSET
    description: Text = UNSET
    status: Text = UNSET
