from __future__ import annotations

import pytest

from tests.worlds import a_calm_world, a_lively_world
from vr_exporter.simulator.world import WorldRefusal

SYNC_FACTS = {"last_sync_duration", "last_sync_size", "sync_progress"}


def test_without_extended_info_the_facts_of_syncs_are_left_out() -> None:
    """last_sync_time alone is required, so it is always there."""
    timed = a_calm_world()
    replica = timed.replicas()[0]
    short = timed.view.row(replica, extended=False)
    whole = timed.view.row(replica, extended=True)
    assert whole.keys() - short.keys() == SYNC_FACTS
    assert "last_sync_time" in short


def test_a_delta_compares_nothing_so_it_has_no_checksum_fields() -> None:
    """Only full syncs tell of checksums."""
    timed = a_lively_world()
    running = [timed.row(r) for r in timed.replicas() if r.sync and r.sync.kind == "delta"]
    assert running
    assert not any("checksum_total" in row["sync_progress"] for row in running)


def test_replications_can_be_narrowed_to_one_source() -> None:
    """`source_vc_guid` keeps one direction, of rows and of issues."""
    timed = a_lively_world()
    here = timed.view.info()["vc_guid"]
    outgoing = timed.view.replications(timed.pairing_id, source_vc_guid=here)
    assert len(outgoing) == 200
    issues = timed.view.replication_issues(timed.pairing_id, source_vc_guid=here)
    everywhere = timed.view.replication_issues(timed.pairing_id)
    assert {issue["entity"] for issue in issues} <= {replica.id for replica in outgoing}
    assert len(issues) < len(everywhere)


def test_both_ends_see_one_pairing_from_their_own_side() -> None:
    """What is local here is remote there."""
    timed = a_calm_world()
    near, far = timed.view.pairings()[0], timed.world.view("berlin").pairings()[0]
    assert near["pairing_id"] == far["pairing_id"]
    assert near["local_vc_server"]["id"] == far["remote_vc_server"]["id"]
    assert near["remote_vrms"]["id"] == far["local_vrms"]["id"]


def test_the_management_servers_of_a_pairing_list_their_replication_servers() -> None:
    """This end first; each has its own servers; an unknown one is not found."""
    timed = a_calm_world()
    near, far = timed.view.vrs(timed.pairing_id)
    assert near["id"] == timed.view.info()["id"]
    own = timed.view.pairing_servers(timed.pairing_id, near["id"])
    assert own == timed.view.servers()
    assert timed.view.pairing_servers(timed.pairing_id, far["id"]) != own
    with pytest.raises(WorldRefusal):
        timed.view.pairing_servers(timed.pairing_id, "none")


def test_a_violated_rpo_is_an_issue_since_its_deadline() -> None:
    """A WARNING whose time is last_sync_time + rpo; gone when the RPO is kept again."""
    timed = a_calm_world()
    replica = timed.idle()
    timed.world.pause(replica)
    assert timed.view.replication_issues(timed.pairing_id) == []
    timed.after(replica.rpo_seconds)
    issue = timed.view.replication_issues(timed.pairing_id)[0]
    assert (issue["status"], issue["entity"]) == ("WARNING", replica.id)
    assert issue["timestamp"] == round((replica.deadline or 0.0) * 1000)


def test_a_lively_pairing_complains_of_a_server_and_of_a_certificate() -> None:
    """Issues of both severities, seen from either end."""
    timed = a_lively_world()
    for site in timed.world.sites:
        issues = timed.world.view(site).pairing_issues(timed.pairing_id)
        found = {(issue["issue_type"], issue["status"]) for issue in issues}
        assert {("VRS", "ERROR"), ("VC", "WARNING")} <= found


def test_tasks_are_those_of_one_appliance() -> None:
    """Each appliance lists what was asked of it, in the order of queueing."""
    timed = a_lively_world()
    near = timed.view.tasks()
    far = timed.world.view("berlin").tasks()
    times = [task["queued_time"] for task in near]
    assert not {task["id"] for task in near} & {task["id"] for task in far}
    assert near
    assert far
    assert times == sorted(times)
