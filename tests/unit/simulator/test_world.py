from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulated import ManualClock
from tests.worlds import TimedWorld, a_calm_world, a_lively_world
from vr_exporter.simulator.world import World, WorldOptions, WorldRefusal

SPAN_SECONDS = 1800


@settings(max_examples=15, deadline=None)
@given(
    stops=st.lists(st.floats(0.0, SPAN_SECONDS), max_size=40),
    seed=st.integers(0, 1000),
    speed=st.sampled_from([1.0, 10.0]),
)
def test_many_small_steps_lead_where_one_big_step_leads(
    stops: list[float], seed: int, speed: float
) -> None:
    """Looking at the world does not change it: the truth is equal to the last bit."""
    options = WorldOptions(seed=seed, replications=30, speed=speed, churn=True)
    start = ManualClock().now()
    truths = []
    for moments in ([], sorted(stops)):
        clock = ManualClock(start)
        world = World(options, now=clock.now)
        for moment in (*moments, SPAN_SECONDS):
            clock.step(start + moment - clock.now())
            world.advance()
        truths.append(world.truth())
    assert truths[0] == truths[1]


def test_the_same_seed_and_the_same_asks_give_the_same_world() -> None:
    """Two runs of one story tell one truth; another seed tells another."""

    def story(seed: int) -> dict[str, Any]:
        timed = a_lively_world(seed=seed, replications=50)
        timed.after(100.0)
        timed.sync(timed.idle())
        timed.after(1000.0)
        return timed.world.truth()

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_a_clock_set_back_changes_nothing() -> None:
    """The world waits until the clock has caught up."""
    timed = a_calm_world()
    before = timed.world.truth()
    timed.clock.step(-500.0)
    assert timed.world.truth() == before


def test_the_truth_is_ready_for_json() -> None:
    """Everything in it is plain data."""
    truth = a_lively_world().world.truth()
    assert json.loads(json.dumps(truth)) == truth


def test_the_truth_agrees_with_the_rows_in_base_units() -> None:
    """Seconds and ratios where the wire has minutes, milliseconds and percent."""
    timed = a_lively_world()
    timed.after(300.0)
    rows = {row["id"]: row for row in (timed.row(replica) for replica in timed.replicas())}
    for facts in timed.world.truth()["replications"]:
        row = rows[facts["ids"]["madrid"]]
        progress = row["sync_progress"] and row["sync_progress"]["progress"] / 100
        assert facts["status"] == row["status"]["status"]
        assert facts["rpo_seconds"] == row["rpo"] * 60
        assert facts["rpo_violation_seconds"] == row["current_rpo_violation"] * 60
        assert facts["rpo_violated"] == row["status"]["rpo_violation"]
        assert (facts["last_sync_timestamp_seconds"] or 0) * 1000 == row["last_sync_time"]
        assert (facts["progress"] and facts["progress"]["ratio"]) == progress


def test_a_site_that_is_down_stops_what_goes_there() -> None:
    """Syncs break off, asks are refused with 500, the far server is in ERROR; later all heals."""
    timed = a_calm_world()
    timed.world.set_down("berlin")
    assert not any(replica.sync for replica in timed.replicas())
    assert timed.view.is_down(timed.pairing_id)
    assert timed.view.pairings()[0]["remote_vc_server"]["server_status"] == "ERROR"
    issues = timed.view.pairing_issues(timed.pairing_id)
    assert ("VRMS", "ERROR") in {(issue["issue_type"], issue["status"]) for issue in issues}
    assert _refusal_status(timed) == 500
    assert any(replica.group_error for replica in timed.replicas())
    timed.after(600.0)
    assert not any(replica.sync for replica in timed.replicas())
    timed.world.set_down("berlin", down=False)
    timed.after(3600.0)
    assert not timed.view.is_down(timed.pairing_id)
    assert not any(replica.group_error for replica in timed.replicas())


def _refusal_status(timed: TimedWorld) -> int:
    with pytest.raises(WorldRefusal) as refusal:
        timed.sync(timed.replicas()[0])
    return refusal.value.status


def test_any_field_can_be_changed_and_found_again() -> None:
    """A rename, another RPO, another id: the rows show it, the new id is found."""
    timed = a_calm_world()
    replica = timed.world.find(timed.replicas()[0].name)
    timed.world.change(replica, name="renamed", rpo_seconds=600, id="GID-new", target_id="GID-new")
    row = timed.row(timed.view.find(timed.pairing_id, "GID-new"))
    assert (row["name"], row["rpo"], row["id"]) == ("renamed", 10, "GID-new")
    assert timed.world.find("renamed") is replica


def test_an_unknown_name_is_not_found() -> None:
    """The hooks of tests fail loudly."""
    with pytest.raises(KeyError):
        a_calm_world().world.find("nobody")
