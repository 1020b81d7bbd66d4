from __future__ import annotations

from collections import Counter

import pytest

from tests.worlds import a_calm_world, a_lively_world


def test_a_lively_world_shows_every_kind_of_trouble_from_the_start() -> None:
    """Most are healthy; some sync, some are late, a few paused, off, in error, syncing at first."""
    timed = a_lively_world()
    rows = [timed.view.row(replica, extended=True) for replica in timed.replicas()]
    states = Counter(row["status"]["status"] for row in rows)
    assert states["OK"] > 0.8 * len(rows)
    assert states["PAUSED"] >= 2
    for state in ("INITIAL_FULL_SYNC", "NOT_ACTIVE", "SYNC_RPO_VIOLATION", "RECOVERED"):
        assert states[state] >= 1, state
    assert states["ERROR"] + states["ERROR_RPO_VIOLATION"] >= 1
    assert any(row["configuration_error"] for row in rows)
    assert sum(1 for row in rows if row["recovery_error"]) == 1
    assert 3 <= sum(row["status"]["rpo_violation"] for row in rows) <= 30


@pytest.mark.parametrize("seed", range(5))
def test_the_mix_holds_for_any_seed(seed: int) -> None:
    """A demo must not depend on its luck."""
    timed = a_lively_world(seed=seed)
    rows = [timed.view.row(replica, extended=True) for replica in timed.replicas()]
    assert any(row["sync_progress"] for row in rows)
    assert any(row["last_group_error"] for row in rows)
    assert any(row["status"]["status"] == "INITIAL_FULL_SYNC" for row in rows)
    severities = {issue["status"] for issue in timed.view.replication_issues(timed.pairing_id)}
    assert severities == {"WARNING", "ERROR"}


def test_late_and_breached_ones_are_told_apart_by_how_far_they_are() -> None:
    """Over an hour some miss by little (within the grace of 20 % or 5 min), some by much."""
    timed = a_lively_world()
    beyond = set()
    for _ in range(60):
        timed.after(60.0)
        for replica in timed.replicas():
            violation = replica.violation_seconds(timed.world.time)
            if violation and replica.phase == "OK":
                beyond.add(violation > max(0.2 * replica.rpo_seconds, 300.0))
    assert beyond == {True, False}


def test_a_first_sync_goes_on_for_hours() -> None:
    """It is never synced, its state is INITIAL_FULL_SYNC, and an hour later it still runs."""
    timed = a_lively_world()
    first = next(r for r in timed.replicas() if r.sync and r.sync.kind == "initial")
    assert timed.row(first)["last_sync_time"] == 0
    before = timed.row(first)["sync_progress"]["transferred_current"]
    timed.after(3600.0)
    row = timed.row(first)
    assert row["status"] == {"status": "INITIAL_FULL_SYNC", "rpo_violation": False}
    assert row["sync_progress"]["transferred_current"] > before


def test_the_time_of_a_sync_that_never_was_is_switchable() -> None:
    """Whatever stands for never is written as last_sync_time."""
    timed = a_lively_world(never_synced_time=-1)
    assert -1 in {timed.row(replica)["last_sync_time"] for replica in timed.replicas()}


def test_two_thirds_go_out_from_the_first_site() -> None:
    """Both directions are in one list."""
    timed = a_calm_world(replications=300)
    out = sum(replica.source.name == timed.site for replica in timed.replicas())
    assert out == 200


def test_replications_spread_over_all_pairings() -> None:
    """Remote sites that were not named are invented."""
    timed = a_calm_world(replications=90, pairings=3)
    counts = [len(timed.view.replications(p["pairing_id"])) for p in timed.view.pairings()]
    assert counts == [30, 30, 30]
    assert timed.world.sites[:2] == ("madrid", "berlin")
    assert len(timed.world.sites) == 4


def test_a_site_named_twice_is_paired_with_itself() -> None:
    """Both ends are one vCenter Server, and each replication is listed once."""
    timed = a_calm_world(sites=("madrid", "madrid"))
    pairing = timed.view.pairings()[0]
    assert pairing["local_vc_server"]["id"] == pairing["remote_vc_server"]["id"]
    assert timed.view.is_local(timed.pairing_id)
    assert len(timed.replicas()) == 40


def test_ids_are_equal_on_both_sides_unless_switched() -> None:
    """Different ids are joined by the VM's id alone."""
    for differ in (False, True):
        timed = a_calm_world(ids_differ_by_side=differ)
        far = timed.world.view("berlin")
        near_rows = [timed.view.row(r, extended=False) for r in timed.replicas()]
        far_replicas = far.replications(timed.pairing_id)
        far_rows = [far.row(r, extended=False) for r in far_replicas]
        shared = {row["id"] for row in near_rows} & {row["id"] for row in far_rows}
        assert {row["vm_id"] for row in near_rows} == {row["vm_id"] for row in far_rows}
        assert bool(shared) is not differ
        assert [row["id"] for row in far_rows] == sorted(row["id"] for row in far_rows)


def test_vm_ids_are_unique_and_some_names_are_not() -> None:
    """Two VMs bear one name; a few names are awkward."""
    timed = a_lively_world(pairings=2)
    replicas = list(timed.world.population)
    names = Counter(replica.name for replica in replicas)
    assert len({replica.vm_id for replica in replicas}) == len(replicas)
    assert max(names.values()) == 2
    assert any(not name.isascii() for name in names)


def test_servers_count_what_they_receive() -> None:
    """Over both sites the counts add up to all replications; one server is not connected."""
    timed = a_lively_world()
    rows = [row for site in timed.world.sites for row in timed.world.view(site).servers()]
    assert sum(row["replication_count"] for row in rows) == 300
    assert [row["connected"] for row in rows].count(False) == 1
