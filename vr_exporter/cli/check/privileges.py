"""Which privilege each endpoint wants, and the metrics that are lost without it.

Privileges: vr-api.md 6.1, from the vendor's OpenAPI document; families: metrics.md 1.
"""

from __future__ import annotations

from dataclasses import dataclass

REPLICATION_VIEW = "HmsReplication.com.vmware.vcHms.Replication.View"
HBR_VIEW = "HmsRemote.com.vmware.vcHms.Hbr.View"
HMS_VIEW = "HmsRemote.com.vmware.vcHms.Hms.View"
SYSTEM_VIEW = "System.View"
HBR_MANAGEMENT = "Host.Hbr.HbrManagement"

_ALL_OF_REPLICATIONS = (
    "vr_replication_*",
    "vr_replications*",
    "vr_syncs_observed_*",
    "vr_transferred_bytes_total",
    "vr_sync_duration_seconds",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One endpoint that a poll reads; families as globs. A poll cannot do without an essential."""

    path: str
    privileges: tuple[str, ...]
    families: tuple[str, ...]
    essential: bool = False


READINGS = {
    "info": Reading("GET /info", (), ("vr_appliance_info",)),
    "pairings": Reading(
        "GET /pairings", (HBR_VIEW,), ("vr_pairing_*", *_ALL_OF_REPLICATIONS), essential=True
    ),
    "replications": Reading(
        "GET /pairings/{id}/replications",
        (REPLICATION_VIEW, SYSTEM_VIEW),
        _ALL_OF_REPLICATIONS,
        essential=True,
    ),
    "replication_issues": Reading(
        "GET /pairings/{id}/replications/issues",
        (REPLICATION_VIEW,),
        ('vr_issues{scope="replication"}',),
    ),
    "pairing_issues": Reading(
        "GET /pairings/{id}/issues", (HMS_VIEW,), ('vr_issues{scope="pairing"}',)
    ),
    "replication_servers": Reading(
        "GET /replication-servers", (REPLICATION_VIEW,), ("vr_replication_server_*",)
    ),
    "tasks": Reading("GET /tasks", (SYSTEM_VIEW,), ("vr_tasks*", "vr_task_*")),
}
"""By the endpoint names of metrics.md 1.5."""

READING_PRIVILEGES = tuple(
    sorted({name for reading in READINGS.values() for name in reading.privileges})
)
"""All that watching takes."""

TRIGGER_PRIVILEGES = (SYSTEM_VIEW, HBR_MANAGEMENT)
"""What POST …/actions/sync takes (vr-api.md 6.2)."""
