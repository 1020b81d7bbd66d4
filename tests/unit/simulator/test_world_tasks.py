from __future__ import annotations

from typing import Any

import pytest

from tests.worlds import TimedWorld, a_calm_world, a_lively_world
from vr_exporter.simulator.world import Replica, WorldRefusal
from vr_exporter.simulator.world.tasks import KINDS


def lives(timed: TimedWorld, task_id: str, *, seconds: float) -> list[dict[str, Any]]:
    """The task once a second, until it has ended or the time is over."""
    seen = [timed.task(task_id)]
    for _ in range(int(seconds)):
        if seen[-1]["complete_time"] is not None:
            break
        timed.clock.advance(1.0)
        seen.append(timed.task(task_id))
    return seen


def busy(timed: TimedWorld) -> Replica:
    """One that syncs for a long while."""
    replica = timed.idle()
    timed.world.change(replica, changed_since=timed.clock.now() - 1e6)
    timed.sync(replica)
    timed.after(8.0)
    assert replica.sync is not None
    return replica


def test_a_sync_task_lives_from_queue_to_success() -> None:
    """QUEUED, RUNNING with rising progress, SUCCESS at 100 when the sync has ended."""
    timed = a_calm_world()
    replica = timed.idle()
    before = replica.last_sync_at
    timed.world.change(replica, changed_since=timed.clock.now() - 1e6)
    posted = timed.sync(replica)
    assert (posted["status"], posted["progress"], posted["start_time"]) == ("QUEUED", 0, None)
    seen = lives(timed, posted["id"], seconds=6000)
    states = list(dict.fromkeys(task["status"] for task in seen))
    progress = [task["progress"] for task in seen]
    last = seen[-1]
    assert states == ["QUEUED", "RUNNING", "SUCCESS"]
    assert progress == sorted(progress)
    assert last["progress"] == 100
    assert posted["queued_time"] <= last["start_time"] < last["complete_time"]
    assert last["complete_time"] == round((replica.last_sync_at or 0) * 1000)
    assert replica.last_sync_at != before


def test_a_finished_task_is_kept_for_half_an_hour() -> None:
    """30 minutes after its completion it is gone from the list."""
    timed = a_calm_world(speed=100.0)
    task_id = timed.sync(timed.idle())["id"]
    completed = lives(timed, task_id, seconds=600)[-1]["complete_time"] / 1000
    timed.clock.advance(completed + 1799.0 - timed.clock.now())
    assert timed.task(task_id)["status"] == "SUCCESS"
    timed.clock.advance(2.0)
    assert task_id not in {task["id"] for task in timed.view.tasks()}


def test_a_second_sync_ends_in_error_by_default() -> None:
    """While one runs the second is accepted, and its task fails."""
    timed = a_calm_world()
    replica = busy(timed)
    last = lives(timed, timed.sync(replica)["id"], seconds=60)[-1]
    assert last["status"] == "ERROR"
    assert "already running" in last["error"]["message"]
    assert last["progress"] < 100


def test_a_second_sync_is_refused_where_asked_so() -> None:
    """With `refuse` the call itself answers 400."""
    timed = a_calm_world(sync_while_running="refuse")
    with pytest.raises(WorldRefusal) as refusal:
        timed.sync(busy(timed))
    assert refusal.value.status == 400


def test_a_second_sync_joins_where_asked_so() -> None:
    """With `join` both tasks end with the one sync."""
    timed = a_calm_world(sync_while_running="join")
    replica = busy(timed)
    first = timed.view.tasks()[-1]["id"]
    second = timed.sync(replica)["id"]
    done = replica.syncs_done
    lives(timed, second, seconds=10_000)
    ended = [timed.task(task_id) for task_id in (first, second)]
    assert [task["status"] for task in ended] == ["SUCCESS", "SUCCESS"]
    assert ended[0]["complete_time"] == ended[1]["complete_time"]
    assert replica.syncs_done == done + 1


@pytest.mark.parametrize("phase", ["PAUSED", "CONFIGURING", "RECOVERED", "MOVING"])
def test_a_sync_in_a_wrong_state_is_refused_or_fails(phase: str) -> None:
    """400 by default; with `refused_states=error` a task that ends in ERROR."""
    refusing, failing = a_calm_world(), a_calm_world(refused_states="error")
    for timed in (refusing, failing):
        timed.world.change(timed.replicas()[0], phase=phase)
    with pytest.raises(WorldRefusal) as refusal:
        refusing.sync(refusing.replicas()[0])
    task = failing.sync(failing.replicas()[0])
    assert (refusal.value.status, refusal.value.code) == (400, "INVALID_STATE")
    assert lives(failing, task["id"], seconds=60)[-1]["status"] == "ERROR"


def test_a_powered_off_vm_cannot_be_synced() -> None:
    """NOT_ACTIVE is found out by the task, which ends in ERROR."""
    timed = a_calm_world()
    replica = timed.idle()
    timed.world.change(replica, phase="NOT_ACTIVE")
    last = lives(timed, timed.sync(replica)["id"], seconds=60)[-1]
    assert (last["status"], replica.phase) == ("ERROR", "NOT_ACTIVE")


def test_a_pause_takes_a_running_sync_back() -> None:
    """The sync's task is CANCELLED, the replication PAUSED; resuming brings it back to work."""
    timed = a_calm_world()
    replica = busy(timed)
    sync_task = timed.view.tasks()[-1]["id"]
    timed.view.pause(timed.pairing_id, replica.id, user="somebody")
    timed.after(60.0)
    assert timed.task(sync_task)["status"] == "CANCELLED"
    assert timed.row(replica)["status"]["status"] == "PAUSED"
    assert timed.row(replica)["sync_progress"] is None
    timed.view.resume(timed.pairing_id, replica.id, user="somebody")
    timed.after(60.0)
    assert timed.row(replica)["status"]["status"] in {"OK", "SYNC", "FULL_SYNC"}


def test_a_task_may_fail_by_chance() -> None:
    """With a failure share of 1 the sync breaks off, and task and replication say why."""
    timed = a_calm_world(task_failure_share=1.0)
    replica = timed.idle()
    last = lives(timed, timed.sync(replica)["id"], seconds=10_000)[-1]
    row = timed.row(replica)
    assert last["status"] == "ERROR"
    assert last["error"] == row["last_group_error"]
    assert row["status"]["status"] == "ERROR"


@pytest.mark.parametrize("entity", ["replication", "vm", "name"])
def test_a_task_names_its_entity_by_the_switch(entity: str) -> None:
    """The replication's id, the VM's id, or nothing but the name."""
    timed = a_calm_world(task_entity=entity)
    replica = timed.idle()
    task = timed.sync(replica)
    wanted = {"replication": replica.id, "vm": replica.vm_id, "name": None}[entity]
    assert (task["entity"], task["entity_name"]) == (wanted, replica.name)


@pytest.mark.parametrize(("switch", "key"), [("keyed", True), ("unkeyed", False), ("absent", None)])
def test_a_sync_is_told_by_its_key_or_not(switch: str, key: bool | None) -> None:  # noqa: FBT001
    """A key with `sync` in it, one without, or none at all; the description always says it."""
    task = (timed := a_calm_world(task_description_id=switch)).sync(timed.idle())
    found = None if "description_id" not in task else "sync" in task["description_id"].lower()
    assert found is key
    assert "sync" in task["description"].lower()


def test_rpo_driven_syncs_make_tasks_only_where_asked() -> None:
    """Off by default; on, each has a task of its own that ends with it."""
    silent, telling = a_calm_world(), a_calm_world(rpo_syncs_make_tasks=True)
    for timed in (silent, telling):
        timed.after(1200.0)
    assert silent.view.tasks() == []
    ended = [task for task in telling.view.tasks() if task["complete_time"]]
    assert ended
    assert {task["status"] for task in ended} == {"SUCCESS"}


def test_unknown_ids_are_not_found() -> None:
    """A 404 without code or text, for a pairing and for a replication."""
    timed = a_calm_world()
    for pairing_id, replication_id in (("none", "none"), (timed.pairing_id, "none")):
        with pytest.raises(WorldRefusal) as refusal:
            timed.view.sync(pairing_id, replication_id, user="somebody")
        assert (refusal.value.status, refusal.value.code, refusal.value.message) == (404, "", "")


def test_people_do_all_kinds_of_work_some_of_it_in_vain() -> None:
    """A lively world shows tasks of many kinds, good and bad, with several error texts."""
    timed = a_lively_world(churn=True)
    tasks = timed.view.tasks()
    kinds = {task["description_id"].rsplit(".", 1)[-1] for task in tasks}
    errors = {task["error"]["message"] for task in tasks if task["error"]}
    assert {"sync", "configure", "reconfigure", "pause", "resume", "remove", "move"} <= kinds
    assert {"SUCCESS", "ERROR"} <= {task["status"] for task in tasks}
    assert len(errors) >= 4


def test_churn_replaces_replications_under_new_ids() -> None:
    """One at a time is missing for a while, and comes back with a first full sync."""
    timed = a_lively_world(churn=True)
    before, names = {r.id for r in timed.replicas()}, sorted(r.name for r in timed.replicas())
    sizes = {
        len(timed.after(60.0).view(timed.site).replications(timed.pairing_id)) for _ in range(60)
    }
    newcomers = [r for r in timed.replicas() if r.id not in before]
    assert sizes == {299, 300}
    assert newcomers
    assert {replica.name for replica in newcomers} <= set(names)


def test_without_churn_the_number_of_replications_stays() -> None:
    """300 asked for are 300 at any time, the same ones."""
    timed = a_lively_world()
    before = [r.id for r in timed.replicas()]
    timed.after(7200.0)
    assert [r.id for r in timed.replicas()] == before
    assert len(before) == 300


def test_a_task_on_a_replication_that_was_removed_meanwhile_fails() -> None:
    """What is gone stays gone: it is neither paused nor moved, nor does it ever sync again."""
    timed = a_calm_world()
    replica = timed.idle()
    moves = [
        timed.world.actions.put(KINDS[name], site=replica.source, user="u", replica=replica)
        for name in ("pause", "move")
    ]
    timed.after(4.0)
    replications = replica.server.replications
    timed.world.population.remove(replica)
    replica.phase = "REMOVED"
    timed.after(600.0)
    assert [task.status for task in moves] == ["ERROR", "ERROR"]
    assert replica.phase == "REMOVED"
    assert replica.server.replications == replications - 1
