"""Which privilege each endpoint wants, and the metrics that are lost without it.

Privileges: vr-api.md 6.1, from the vendor's OpenAPI document; families: what a poll logs as lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from vr_exporter.watching.failures import COSTS

REPLICATION_VIEW = "HmsReplication.com.vmware.vcHms.Replication.View"
HBR_VIEW = "HmsRemote.com.vmware.vcHms.Hbr.View"
HMS_VIEW = "HmsRemote.com.vmware.vcHms.Hms.View"
SYSTEM_VIEW = "System.View"
HBR_MANAGEMENT = "Host.Hbr.HbrManagement"


@dataclass(frozen=True, slots=True)
class Reading:
    """One endpoint that a poll reads; families as globs. A poll cannot do without an essential."""

    path: str
    privileges: tuple[str, ...]
    families: tuple[str, ...]
    essential: bool = False


_ASKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "info": ("GET /info", ()),
    "pairings": ("GET /pairings", (HBR_VIEW,)),
    "replications": ("GET /pairings/{id}/replications", (REPLICATION_VIEW, SYSTEM_VIEW)),
    "replication_issues": ("GET /pairings/{id}/replications/issues", (REPLICATION_VIEW,)),
    "pairing_issues": ("GET /pairings/{id}/issues", (HMS_VIEW,)),
    "replication_servers": ("GET /replication-servers", (REPLICATION_VIEW,)),
    "tasks": ("GET /tasks", (SYSTEM_VIEW,)),
}
_ESSENTIAL = frozenset({"pairings", "replications"})

READINGS = {
    endpoint: Reading(path, privileges, COSTS[endpoint], endpoint in _ESSENTIAL)
    for endpoint, (path, privileges) in _ASKED.items()
}
"""By the endpoint names of metrics.md 1.5."""

READING_PRIVILEGES = tuple(
    sorted({name for reading in READINGS.values() for name in reading.privileges})
)
"""All that watching takes."""

TRIGGER_PRIVILEGES = (SYSTEM_VIEW, HBR_MANAGEMENT)
"""What POST …/actions/sync takes (vr-api.md 6.2)."""
