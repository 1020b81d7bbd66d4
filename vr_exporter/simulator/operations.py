"""What each operation does: reads the world for one session, or acts on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vr_exporter.simulator import acting, fields
from vr_exporter.simulator.call import Call
from vr_exporter.simulator.errors import bad_request, not_found
from vr_exporter.simulator.partial import Withholding
from vr_exporter.simulator.results import Entity, Listing, MetaErrors, Row
from vr_exporter.simulator.world import Replica, WorldRefusal

Result = Entity | Listing


def appliance(call: Call) -> Result:
    """The appliance itself."""
    return Entity(call.view.info())


def current_session(call: Call) -> Result:
    """Who is logged in."""
    return Entity({"username": call.living_session.account.username}, has_meta=False)


def pairings(call: Call) -> Result:
    """All pairings, each without its far side where that cannot be asked."""
    cuts = {row["pairing_id"]: call.withholding(row["pairing_id"]) for row in call.view.pairings()}

    def errors(rows: Sequence[Row]) -> MetaErrors:
        return [
            error
            for number, row in enumerate(rows)
            for error in cuts[row["pairing_id"]].errors(f"$.list[{number}].remote_vc_server")
        ]

    return Listing(
        call.view.pairings(),
        fields.PAIRING,
        row_of=lambda row: cuts[row["pairing_id"]].pairing(row),
        errors=errors,
    )


def pairing(call: Call) -> Result:
    """One pairing."""
    cut = call.withholding(call.pairing_id)
    return Entity(cut.pairing(call.pairing()), errors=cut.errors("$.remote_vc_server"))


def pairing_issues(call: Call) -> Result:
    """What is wrong with a pairing."""
    call.pairing()
    return _issues(call.view.pairing_issues(call.pairing_id), call.withholding(call.pairing_id))


def replication_issues(call: Call) -> Result:
    """What is wrong with replications; those of the far side alone need that side."""
    source = call.guid("source_vc_guid")
    call.pairing()
    cut = call.withholding(call.pairing_id)
    if source is not None and source != call.local_vc_id:
        cut.refuse(call.options.remote_unauthenticated_status)
    rows = call.view.replication_issues(call.pairing_id, source_vc_guid=source)
    return _issues(rows, cut)


def replications(call: Call) -> Result:
    """The replications of a pairing in both directions."""
    source, is_extended = call.guid("source_vc_guid"), call.flag("extended_info")
    call.pairing()
    cut = call.withholding(call.pairing_id)

    def row_of(replica: Replica) -> Row:
        return _replication(call, replica, cut=cut, is_extended=is_extended)

    return Listing(
        call.view.replications(call.pairing_id, source_vc_guid=source),
        fields.REPLICATION,
        row_of=row_of,
        value_of=lambda replica, field: _value_of(call, replica, field, row_of=row_of),
        errors=lambda rows: cut.errors(*cut.replication_fields(rows, "$.list[*]")),
    )


def replication(call: Call) -> Result:
    """One replication, with all of its fields."""
    call.pairing()
    replica = call.view.find(call.pairing_id, call.ids["replication_id"])
    cut = call.withholding(call.pairing_id)
    whole = call.view.row(replica, extended=True)
    return Entity(cut.replication(whole), errors=cut.errors(*cut.replication_fields([whole], "$")))


def count(call: Call) -> Result:
    """How many replications a pairing has, both directions."""
    call.pairing()
    return Entity({"count": len(call.view.replications(call.pairing_id))})


def instances(call: Call) -> Result:
    """The points in time of a replication, where the appliance is new enough to have them."""
    if not call.options.instances or call.version == "v1":
        raise not_found()
    replica = call.view.find(call.pairing_id, call.ids["replication_id"])
    return Listing(call.view.instances(call.pairing_id, replica), fields.INSTANCE)


def vrs(call: Call) -> Result:
    """Both management servers of a pairing; the document lists no 404 here, so 400 it is."""
    try:
        rows = call.view.vrs(call.pairing_id)
    except WorldRefusal as error:
        raise bad_request("There is no such pairing.") from error
    cuts = {row["id"]: _side(call, row["id"]) for row in rows}
    errors = [
        error
        for number, row in enumerate(rows)
        for error in cuts[row["id"]].errors(f"$.list[{number}].name")
    ]
    return Listing(
        rows,
        frozenset(),
        row_of=lambda row: cuts[row["id"]].server(row),
        errors=lambda _: errors,
        is_paged=False,
    )


def vr(call: Call) -> Result:
    """One management server of a pairing."""
    row = _one(call.view.vrs(call.pairing_id), call.ids["vr_id"])
    cut = _side(call, row["id"])
    return Entity(cut.server(row), errors=cut.errors("$.name"))


def vr_servers(call: Call) -> Result:
    """The replication servers of one side; those of the far side need that side."""
    return Listing(_servers_of_side(call), fields.REPLICATION_SERVER)


def vr_server(call: Call) -> Result:
    """One replication server of one side."""
    return Entity(_one(_servers_of_side(call), call.ids["replication_server_id"]))


def servers(call: Call) -> Result:
    """The replication servers of the near side."""
    return Listing(call.view.servers(), fields.REPLICATION_SERVER)


def server(call: Call) -> Result:
    """One replication server of the near side."""
    return Entity(_one(call.view.servers(), call.ids["replication_server_id"]))


def tasks(call: Call) -> Result:
    """Recent tasks, anybody's."""
    return Listing(call.view.tasks(), fields.TASK)


def task(call: Call) -> Result:
    """One task, 404 once it is forgotten."""
    return Entity(_one(call.view.tasks(), call.ids["task_id"]))


ACTIONS: Mapping[str, Callable[[Call], Result]] = {
    "getVrInfo": appliance,
    "getCurrentSession": current_session,
    "getVrPairings": pairings,
    "getVrPairing": pairing,
    "getVrPairingIssues": pairing_issues,
    "getRemoteSession": acting.remote_session,
    "createRemoteSession": acting.open_remote_session,
    "getAllReplications": replications,
    "getReplicationsCount": count,
    "getReplicationsIssues": replication_issues,
    "getReplicationInfo": replication,
    "getAllPointInTimeInstances": instances,
    "syncReplication": acting.sync,
    "pauseReplication": acting.pause,
    "resumeReplication": acting.resume,
    "getAllVrDetailsInPairing": vrs,
    "getVrInfoInPairing": vr,
    "getAllVrServersInPairing": vr_servers,
    "getVrServerInPairing": vr_server,
    "getAllVrServers": servers,
    "getVrServer": server,
    "getRecentTasksInfo": tasks,
    "getTaskInfo": task,
}
"""By operation id; login and logout are the sessions' own affair (`api.py`)."""


def _one(rows: Sequence[Row], wanted_id: str) -> Row:
    for row in rows:
        if row["id"] == wanted_id:
            return row
    raise not_found()


def _issues(rows: Sequence[Row], cut: Withholding) -> Listing:
    return Listing(rows, fields.ISSUE, errors=lambda _: cut.errors("$.list"))


def _replication(call: Call, replica: Replica, *, cut: Withholding, is_extended: bool) -> Row:
    row = cut.replication(call.view.row(replica, extended=True))
    if is_extended:
        return row
    dropped = call.options.unextended_leaves_out
    return {key: value for key, value in row.items() if key not in dropped}


def _value_of(
    call: Call, replica: Replica, field: str, *, row_of: Callable[[Replica], Row]
) -> object:
    if field == "id":
        return call.view.id_of(replica)
    if field in {"name", "source_vc_id"}:
        return getattr(replica, field)
    return fields.value_at(row_of(replica), field)


def _side(call: Call, vr_id: str) -> Withholding:
    cut = call.withholding(call.pairing_id)
    is_near = vr_id == call.view.info()["id"]
    return replace(cut, remote=type(cut.remote).OPEN) if is_near else cut


def _servers_of_side(call: Call) -> Sequence[Row]:
    rows = call.view.pairing_servers(call.pairing_id, call.ids["vr_id"])
    _side(call, call.ids["vr_id"]).refuse(call.options.remote_unauthenticated_status)
    return rows
