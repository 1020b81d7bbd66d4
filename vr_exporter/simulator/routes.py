"""The operations of the appliance: path, privileges and what each does without its remote site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from vr_exporter.simulator.messages import SimRequest

BASE = "/api/rest/vr"

REPLICATION_VIEW = "HmsReplication.com.vmware.vcHms.Replication.View"
HBR_VIEW = "HmsRemote.com.vmware.vcHms.Hbr.View"
HMS_VIEW = "HmsRemote.com.vmware.vcHms.Hms.View"
SYSTEM_VIEW = "System.View"
HBR_MANAGEMENT = "Host.Hbr.HbrManagement"
CONFIGURE_REPLICATION = "VirtualMachine.Hbr.ConfigureReplication"

_ACT = (SYSTEM_VIEW, HBR_MANAGEMENT)
_CONFIGURE = (*_ACT, CONFIGURE_REPLICATION)


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of vr-api.md 6; `{…}` in the template stands for an id.

    `is_forbiddable`: the document lists 403 for it.
    """

    id: str
    method: str
    template: str
    privileges: tuple[str, ...] = ()
    needs_session: bool = True
    is_forbiddable: bool = True

    @property
    def endpoint(self) -> str:
        """Method and template: the name under which requests are counted."""
        return f"{self.method} {self.template}"


_SESSION = "/session"
_PAIRING = "/pairings/{pairing_id}"
_REMOTE = f"{_PAIRING}/remote-session"
_REPLICATIONS = f"{_PAIRING}/replications"
_REPLICATION = f"{_REPLICATIONS}/{{replication_id}}"
_VRS = f"{_PAIRING}/vrs"
_VR = f"{_VRS}/{{vr_id}}"
_VR_SERVERS = f"{_VR}/replication-servers"
_SERVERS = "/replication-servers"
_SERVER = "{replication_server_id}"

OPERATIONS: tuple[Operation, ...] = (
    Operation("getVrInfo", "GET", "/info"),
    Operation("login", "POST", _SESSION, needs_session=False, is_forbiddable=False),
    Operation("getCurrentSession", "GET", _SESSION, is_forbiddable=False),
    Operation("logout", "DELETE", _SESSION),
    Operation("getVrPairings", "GET", "/pairings", (HBR_VIEW,)),
    Operation("getVrPairing", "GET", _PAIRING, (HBR_VIEW,)),
    Operation("getVrPairingIssues", "GET", f"{_PAIRING}/issues", (HMS_VIEW,)),
    Operation("getRemoteSession", "GET", _REMOTE),
    Operation("createRemoteSession", "POST", _REMOTE),
    Operation("getAllReplications", "GET", _REPLICATIONS, (REPLICATION_VIEW, SYSTEM_VIEW)),
    Operation("getReplicationsCount", "GET", f"{_REPLICATIONS}/count", (REPLICATION_VIEW,)),
    Operation("getReplicationsIssues", "GET", f"{_REPLICATIONS}/issues", (REPLICATION_VIEW,)),
    Operation("getReplicationInfo", "GET", _REPLICATION, (SYSTEM_VIEW,)),
    Operation("getAllPointInTimeInstances", "GET", f"{_REPLICATION}/instances"),
    Operation("syncReplication", "POST", f"{_REPLICATION}/actions/sync", _ACT),
    Operation("pauseReplication", "POST", f"{_REPLICATION}/actions/pause", _CONFIGURE),
    Operation("resumeReplication", "POST", f"{_REPLICATION}/actions/resume", _CONFIGURE),
    Operation("getAllVrDetailsInPairing", "GET", _VRS, (HMS_VIEW,)),
    Operation("getVrInfoInPairing", "GET", _VR, (HMS_VIEW,)),
    Operation("getAllVrServersInPairing", "GET", _VR_SERVERS, (HBR_VIEW, HMS_VIEW)),
    Operation("getVrServerInPairing", "GET", f"{_VR_SERVERS}/{_SERVER}", (HBR_VIEW, HMS_VIEW)),
    Operation("getAllVrServers", "GET", _SERVERS, (REPLICATION_VIEW,)),
    Operation("getVrServer", "GET", f"{_SERVERS}/{_SERVER}", (REPLICATION_VIEW,)),
    Operation("getRecentTasksInfo", "GET", "/tasks", (SYSTEM_VIEW,)),
    Operation("getTaskInfo", "GET", "/tasks/{task_id}", (SYSTEM_VIEW,)),
)
"""Fixed segments stand before ids of the same depth, so that the first match is the right one."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes: `ids` holds what stood in the place of `{…}`, decoded."""

    version: str
    operation: Operation
    ids: Mapping[str, str]


def route(request: SimRequest, versions: frozenset[str]) -> Route | int:
    """Find the operation of a request, else the status to answer: 404, or 405 for a method."""
    base, _, rest = request.path.removeprefix(f"{BASE}/").partition("/")
    if not request.path.startswith(f"{BASE}/") or base not in versions:
        return 404
    segments = rest.removesuffix("/").split("/")
    found = [
        (operation, ids)
        for operation in OPERATIONS
        if (ids := _ids(operation.template[1:].split("/"), segments)) is not None
    ]
    for operation, ids in found:
        if operation.method == request.method:
            return Route(base, operation, ids)
    return 405 if found else 404


def _ids(template: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    ids = {}
    for part, segment in zip(template, segments, strict=True):
        if part.startswith("{") and segment:
            ids[part[1:-1]] = unquote(segment)
        elif part != segment:
            return None
    return ids
