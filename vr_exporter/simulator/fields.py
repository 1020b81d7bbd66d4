"""The fields by which each list can be sorted and filtered: its scalars, nested ones too."""

from __future__ import annotations

from typing import Any

_SERVER = ("id", "url", "name", "server_status", "version", "build_number")

PAIRING = frozenset(
    {"pairing_id"}
    | {
        f"{part}.{name}"
        for part in ("local_vc_server", "remote_vc_server", "local_vrms", "remote_vrms")
        for name in _SERVER
    }
)
ISSUE = frozenset({"entity", "entity_name", "description", "timestamp", "status", "issue_type"})
REPLICATION = frozenset(
    {
        "name",
        "id",
        "vm_id",
        "source_site_name",
        "source_vc_id",
        "target_site_name",
        "target_vc_id",
        "status.status",
        "status.rpo_violation",
        "rpo",
        "type",
        "replication_server_name",
        "recovery_solution",
        "configuration_state",
        "configuration_error.message",
        "last_group_error.message",
        "recovery_state",
        "recovery_error",
        "target_replication_server_uuid",
        "last_sync_time",
        "last_sync_duration",
        "last_sync_size",
        "current_rpo_violation",
        "quiescing_enabled",
        "network_compression_enabled",
        "encryption_enabled",
        "auto_replicate_new_disks_enabled",
        "mpit_enabled",
        "mpit_instances",
        "mpit_days",
        "sync_progress.progress",
        "vm_data_sets_replication_enabled",
        "enhanced_replication",
    }
)
INSTANCE = frozenset(
    {
        "id",
        "transfer_start_time",
        "transfer_seconds",
        "transfer_bytes",
        "quiesced_type",
        "promoted",
    }
)
REPLICATION_SERVER = frozenset(
    {
        "id",
        "replication_count",
        "connected",
        "decommissioned",
        "internally_managed",
        "uuid",
        "hostname",
        "configuration_url",
        "name",
        "fault",
        "host_based",
    }
)
TASK = frozenset(
    {
        "id",
        "description",
        "description_id",
        "entity",
        "entity_name",
        "status",
        "error.message",
        "progress",
        "queued_time",
        "start_time",
        "complete_time",
    }
)


def value_at(row: Any, path: str) -> Any:
    """Read a field of a row by its dotted path; None where any part of the way is missing."""
    for name in path.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row
