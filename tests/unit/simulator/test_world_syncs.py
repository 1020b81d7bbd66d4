from __future__ import annotations

from itertools import pairwise

import pytest

from tests.worlds import TimedWorld, a_calm_world, a_lively_world
from vr_exporter.simulator.world.replica import Replica

HOUR = 3600.0


def one_that_syncs(timed: TimedWorld) -> Replica:
    """A large one whose asked-for sync has just begun."""
    replica = timed.idle()
    timed.world.change(replica, changed_since=timed.clock.now() - 100 * HOUR)
    timed.sync(replica)
    timed.after(8.0)
    assert replica.sync is not None
    return replica


def test_a_calm_world_keeps_every_rpo_for_a_day() -> None:
    """Syncs begin early enough: none is ever late when bandwidth suffices and nothing breaks."""
    timed = a_calm_world()
    for _ in range(24 * 12):
        timed.after(300.0)
        assert not any(r.violation_seconds(timed.world.time) for r in timed.replicas())
    assert min(replica.syncs_done for replica in timed.replicas()) >= 1


def test_speed_shortens_syncs_but_not_rpos() -> None:
    """Ten times the speed gives about as many syncs in an hour, each shorter."""
    slow, fast = a_calm_world(speed=1.0), a_calm_world(speed=10.0)
    for timed in (slow, fast):
        timed.after(6 * HOUR)
    syncs = [sum(r.syncs_done for r in timed.replicas()) for timed in (slow, fast)]
    lasted = [sum(r.last_sync_seconds for r in timed.replicas()) for timed in (slow, fast)]
    assert syncs[0] == pytest.approx(syncs[1], rel=0.25)
    assert lasted[1] < lasted[0] / 2


def test_progress_rises_and_agrees_with_the_facts_at_the_end() -> None:
    """Bytes and percent rise together, and end in last_sync_size, _time and _duration."""
    timed = a_calm_world(speed=1.0)
    replica = one_that_syncs(timed)
    began = replica.sync.began_at if replica.sync else 0.0
    seen = []
    while (progress := timed.row(replica)["sync_progress"]) is not None:
        assert timed.row(replica)["status"]["status"] == "SYNC"
        whole = progress["transferred_total"]
        assert progress["progress"] == 100 * progress["transferred_current"] // whole
        seen.append(progress["transferred_current"])
        timed.clock.advance(1.0)
    row = timed.row(replica)
    assert all(earlier < later for earlier, later in pairwise(seen))
    assert row["status"] == {"status": "OK", "rpo_violation": False}
    assert seen[-1] < row["last_sync_size"] == whole
    ended = row["last_sync_time"] / 1000
    assert row["last_sync_duration"] == round(ended - began)
    assert timed.clock.now() - 1.0 <= ended <= timed.clock.now()


def test_the_violation_grows_by_the_minute_and_the_state_follows() -> None:
    """Past last_sync_time + rpo the flag is up, the minutes count and the state has its form."""
    timed = a_calm_world()
    replica = timed.idle()
    timed.world.make_fail(replica)
    timed.world.change(replica, last_sync_at=timed.clock.now() - replica.rpo_seconds + 30)
    assert timed.row(replica)["status"] == {"status": "ERROR", "rpo_violation": False}
    timed.clock.advance(31.0)
    row = timed.row(replica)
    assert row["status"]["rpo_violation"]
    assert row["current_rpo_violation"] == 0
    timed.clock.advance(125.0)
    row = timed.row(replica)
    assert row["current_rpo_violation"] == 2
    assert row["status"]["status"] in {"ERROR_RPO_VIOLATION", "SYNC_RPO_VIOLATION"}


def test_a_paused_replication_keeps_its_name_when_the_rpo_is_violated() -> None:
    """PAUSED has no form of its own; the flag stands beside it."""
    timed = a_calm_world()
    replica = timed.idle()
    timed.world.pause(replica)
    timed.after(replica.rpo_seconds + 60.0)
    assert timed.row(replica)["status"] == {"status": "PAUSED", "rpo_violation": True}


def test_a_failing_replication_shows_its_error_until_a_sync_succeeds() -> None:
    """Each try breaks off, the error stays; the first good sync clears it."""
    timed = a_calm_world(speed=10.0)
    replica = timed.idle()
    before = replica.last_sync_at
    timed.world.make_fail(replica)
    for _ in range(60):
        timed.after(10.0)
        assert timed.row(replica)["last_group_error"]["message"]
    assert replica.last_sync_at == before
    timed.world.make_fail(replica, failing=False)
    timed.after(600.0)
    assert timed.row(replica)["last_group_error"] is None
    assert replica.last_sync_at != before


def test_a_resume_after_a_long_pause_compares_the_disks() -> None:
    """The sync after it is a full one: checksum fields, and a total that grows with them."""
    timed = a_calm_world(speed=1.0)
    replica = timed.idle()
    timed.world.change(replica, disk_bytes=10**12)
    timed.world.pause(replica)
    timed.after(2 * HOUR)
    timed.world.resume(replica)
    timed.after(60.0)
    first = timed.row(replica)["sync_progress"]
    assert timed.row(replica)["status"]["status"].startswith("FULL_SYNC")
    timed.after(300.0)
    second = timed.row(replica)["sync_progress"]
    assert first["checksum_total"] == second["checksum_total"] == 10**12
    for field in ("checksum_current", "transferred_current", "transferred_total"):
        assert first[field] < second[field]
    assert second["transferred_current"] <= second["transferred_total"]


def test_every_sync_of_a_lively_world_agrees_with_itself() -> None:
    """Whatever runs: 0 ≤ progress < 100, current ≤ total, and facts only where one has ended."""
    timed = a_lively_world()
    for _ in range(60):
        timed.after(60.0)
        rows = [timed.view.row(replica, extended=True) for replica in timed.replicas()]
        running = [row["sync_progress"] for row in rows if row["sync_progress"]]
        assert running
        assert all(0 <= progress["progress"] < 100 for progress in running)
        assert all(p["transferred_current"] <= p["transferred_total"] for p in running)
        assert all(p.get("checksum_current", 0) <= p.get("checksum_total", 0) for p in running)
        assert all((row["last_sync_time"] == 0) == (row["last_sync_size"] == 0) for row in rows)


def test_points_in_time_are_kept_up_to_their_number() -> None:
    """With MPIT on, each good sync adds an instance and the oldest goes."""
    timed = a_calm_world(replications=60)
    timed.after(24 * HOUR)
    keeping = [r for r in timed.replicas() if r.images is not None and r.syncs_done]
    for replica in keeping:
        rows = timed.view.instances(timed.pairing_id, replica)
        assert len(rows) == min(replica.mpit_instances * replica.mpit_days, replica.syncs_done + 1)
        assert rows[-1]["transfer_bytes"] == replica.last_sync_bytes
    assert keeping


@pytest.mark.parametrize("speed", [1, 10, 60])
def test_no_delta_is_larger_than_what_its_disk_holds(speed: float) -> None:
    """Those that fall behind at any speed write much, and have the disk for it."""
    timed = a_lively_world(speed=speed)
    for _ in range(20):
        timed.after(300.0)
        for replica in timed.world.population:
            assert replica.last_sync_bytes <= 0.6 * replica.disk_bytes, replica.name
