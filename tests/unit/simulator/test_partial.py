from __future__ import annotations

from typing import Any

from tests.asking import Asker, an_asker, body_of


def _incoming(asker: Asker) -> Any:
    near = asker.read("/info")["vc_guid"]
    return next(row for row in asker.rows() if row["source_vc_id"] != near)


def _outgoing(asker: Asker) -> Any:
    near = asker.read("/info")["vc_guid"]
    return next(row for row in asker.rows() if row["source_vc_id"] == near)


def test_pairing_lacks_its_far_side_without_a_remote_session() -> None:
    """The servers of the far side are null, and `_meta.errors` names the field."""
    asker = an_asker()
    page = asker.read("/pairings")
    assert page["list"][0]["remote_vc_server"] is None
    assert page["list"][0]["local_vc_server"]["name"]
    assert page["_meta"]["errors"] == [
        {
            "code": "remote_not_authenticated",
            "message": "There is no session at the remote site.",
            "field": "$.list[0].remote_vc_server",
        }
    ]
    assert asker.read(asker.pairing)["_meta"]["errors"][0]["field"] == "$.remote_vc_server"


def test_remote_session_brings_whole_data() -> None:
    """Logged in at both sides, nothing is withheld."""
    asker = an_asker().log_in_remotely()
    page = asker.read("/pairings")
    assert page["list"][0]["remote_vc_server"]["name"]
    assert page["_meta"]["errors"] == []
    assert _incoming(asker)["status"]["status"] != "UNKNOWN"


def test_incoming_replications_are_unknown_without_a_remote_session() -> None:
    """Their source cannot be asked for their state."""
    asker = an_asker()
    row = _incoming(asker)
    assert row["status"] == {"status": "UNKNOWN"}
    assert row["vm_id"] is None
    assert "source_site_name" not in row
    fields = {e["field"] for e in asker.read(asker.replications)["_meta"]["errors"]}
    assert {"$.list[*].status", "$.list[*].replication_server_name"} <= fields


def test_outgoing_replications_keep_their_state() -> None:
    """What the near side knows itself is there."""
    row = _outgoing(an_asker())
    assert row["status"]["status"] != "UNKNOWN"
    assert row["replication_server_name"] is None
    assert row["last_sync_time"]


def test_withheld_members_can_be_left_out() -> None:
    """Null or absent is a switch."""
    asker = an_asker(remote_members="absent")
    assert "remote_vc_server" not in asker.read("/pairings")["list"][0]
    assert "vm_id" not in _incoming(asker)


def test_partial_data_can_be_switched_off() -> None:
    """Then reading needs no remote session, while pausing still does."""
    asker = an_asker(partial_data=False)
    assert asker.read("/pairings")["_meta"]["errors"] == []
    assert asker.post(f"{asker.replication()}/actions/pause").status == 403


def test_servers_of_the_far_side_need_a_remote_session() -> None:
    """Its management server is a bare id, its replication servers are refused."""
    asker = an_asker()
    near, far = asker.read(f"{asker.pairing}/vrs")["list"]
    assert near["name"]
    assert set(far) == {"id"}
    assert asker.read(f"{asker.pairing}/vrs/{far['id']}")["_meta"]["errors"]
    assert asker.get(f"{asker.pairing}/vrs/{near['id']}/replication-servers").status == 200
    path = f"{asker.pairing}/vrs/{far['id']}/replication-servers"
    assert asker.get(path).status == 403
    asker.log_in_remotely()
    server_id = asker.read(path)["list"][0]["id"]
    assert asker.read(f"{path}/{server_id}")["id"] == server_id


def test_issues_of_the_far_side_depend_on_what_is_asked() -> None:
    """All issues come partially; those of replications from over there need that side."""
    asker = an_asker()
    far_vc = _incoming(asker)["source_vc_id"]
    path = f"{asker.replications}/issues"
    assert asker.read(path)["_meta"]["errors"]
    assert asker.get(f"{path}?source_vc_guid={far_vc}").status == 403
    assert asker.get(f"{path}?source_vc_guid={asker.read('/info')['vc_guid']}").status == 200


def test_remote_down_leaves_reads_partial_and_refuses_actions() -> None:
    """With the far side down, reads go on and sync, pause, resume and remote login answer 500."""
    asker = an_asker().log_in_remotely()
    asker.break_by("remote_down")
    page = asker.read(asker.replications)
    assert page["_meta"]["errors"][0]["code"] == "remote_server_down"
    assert asker.read("/tasks")["_meta"]["errors"] == []
    assert asker.read(f"{asker.replications}/count")["count"] == 6
    actions = [f"{asker.replication()}/actions/{name}" for name in ("sync", "pause", "resume")]
    for path in (*actions, f"{asker.pairing}/remote-session"):
        answer = asker.post(path)
        assert answer.status == 500, path
        assert body_of(answer)["error_code"] == "com.vmware.vr.remote_server_down"


def test_servers_of_a_far_side_that_is_down_can_be_named_in_error() -> None:
    """Null by default; switched, the near side still tells what it knows, and ERROR."""
    asker = an_asker().log_in_remotely()
    asker.break_by("remote_down")
    row = asker.read("/pairings")["list"][0]
    assert (row["remote_vc_server"], row["remote_vrms"]) == (None, None)
    asker = an_asker(down_servers="error").log_in_remotely()
    whole = asker.read("/pairings")["list"][0]["remote_vc_server"]
    asker.break_by("remote_down")
    page = asker.read("/pairings")
    silent = page["list"][0]["remote_vc_server"]
    assert silent["server_status"] == page["list"][0]["remote_vrms"]["server_status"] == "ERROR"
    assert (silent["id"], silent["name"]) == (whole["id"], whole["name"])
    assert page["_meta"]["errors"]


def test_remote_down_can_come_from_the_world() -> None:
    """A site that is away in the world is a far side that is down."""
    asker = an_asker().log_in_remotely()
    asker.world.set_down("berlin", True)
    assert asker.post(f"{asker.replication()}/actions/sync").status == 500


def test_sync_works_without_a_remote_session() -> None:
    """Contract OK for a sync, ERROR for a pause, while nobody is logged in over there."""
    asker = an_asker()
    assert asker.post(f"{asker.replication()}/actions/sync").status == 202
    assert asker.post(f"{asker.replication()}/actions/pause").status == 403
