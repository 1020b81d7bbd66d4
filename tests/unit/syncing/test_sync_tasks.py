"""Triggers under way and their ends, with the real client and ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.builders import a_task
from tests.sync_answers import has_someone_sync, syncs_by_itself
from tests.watched import Watched
from vr_exporter.appliance.errors import Stopping
from vr_exporter.appliance.syncs import Syncs
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.tasks import SyncTasks


@pytest.fixture
def watched() -> Iterator[Watched]:
    """One site of idle replications, polled once."""
    with Watched() as made:
        made.poll()
        yield made


def syncs_of(watched: Watched) -> SyncTasks:
    """What serves the triggers of Madrid."""
    return watched.madrid.worker._rooms.syncs


def under_way(watched: Watched, *, state: TriggerState) -> tuple[Verdict, Trigger]:
    """A wish for the first VM, begun and looked at once."""
    (verdict,) = watched.ask(watched.names()[0])
    watched.work(8)
    trigger = watched.trigger(verdict)
    assert trigger.state is state, trigger
    return verdict, trigger


def test_A49_a_task_of_another_time_under_our_id_is_not_ours(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end is not taken for the end of our sync, not even when asked for alone."""
    _, trigger = under_way(watched, state=TriggerState.RUNNING)
    assert trigger.task_id is not None
    other = a_task(id=trigger.task_id, state=TaskState.SUCCESS)
    monkeypatch.setattr(Syncs, "task", lambda _syncs, _id: other)
    syncs = syncs_of(watched)
    assert syncs.endings((other,)) == ()
    assert syncs.endings((other,)) == ()
    watched.time.advance(1)
    syncs.note_poll(is_set_back=False)
    (ended,) = syncs.endings((other,))
    assert (ended.state, ended.reason) == (TriggerState.LOST, "task_gone")


def test_A49_our_task_is_found_beside_a_later_one_of_the_same_id(watched: Watched) -> None:
    """Id and time of queueing tell them apart in one list."""
    _, trigger = under_way(watched, state=TriggerState.RUNNING)
    assert trigger.task_id is not None
    queued_at = trigger.task_queued_at
    ours = a_task(id=trigger.task_id, queued_timestamp_seconds=queued_at, state=TaskState.ERROR)
    (ended,) = syncs_of(watched).endings((ours, a_task(id=trigger.task_id)))
    assert ended.state is TriggerState.FAILED


def test_A54_the_task_of_a_joined_sync_is_followed_to_its_end(watched: Watched) -> None:
    """Its failure is the wish's, with the words of the task."""
    has_someone_sync(watched, watched.names()[0])
    _, trigger = under_way(watched, state=TriggerState.JOINED)
    assert trigger.task_id is not None
    task = a_task(
        id=trigger.task_id,
        queued_timestamp_seconds=trigger.task_queued_at,
        state=TaskState.ERROR,
        error_class="storage",
        error_message="the datastore is full",
    )
    (ended,) = syncs_of(watched).endings((task,))
    assert (ended.state, ended.reason) == (TriggerState.FAILED, "storage")
    assert "the datastore is full" in ended.sentence


def test_a_joined_wish_ends_when_its_replication_is_gone(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for alone, after two lists without it."""
    syncs_by_itself(watched, watched.names()[0])
    verdict, _ = under_way(watched, state=TriggerState.JOINED)
    monkeypatch.setattr(Syncs, "replications", lambda *_args, **_kwargs: ())
    monkeypatch.setattr(Syncs, "replication", lambda *_args, **_kwargs: None)
    watched.work(30)
    assert watched.trigger(verdict).state is TriggerState.LOST


def test_B1_the_appliance_is_not_asked_while_nothing_can_be_claimed(watched: Watched) -> None:
    """A read that cannot lead to a POST would only use up the pace."""
    (verdict,) = watched.ask(watched.names()[0])
    before = sum(watched.madrid.api.counters.requests.values())
    watched.ledger._store.is_up = False
    syncs_of(watched).begin_queued(lambda: 10)
    assert sum(watched.madrid.api.counters.requests.values()) == before
    assert watched.trigger(verdict).state is TriggerState.RESERVED


def test_a_look_that_comes_back_after_the_end_is_left_to_the_next_worker(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then another may have taken the site over, and seen more."""
    verdict, trigger = under_way(watched, state=TriggerState.RUNNING)

    def tasks() -> tuple[object, ...]:
        watched.time.stop()
        return ()

    monkeypatch.setattr(watched.madrid.appliance, "tasks", tasks)
    with pytest.raises(Stopping):
        watched.madrid.worker.serving._look()
    assert watched.trigger(verdict) == trigger


def test_nothing_is_looked_at_for_those_that_follow_one_which_still_waits(
    watched: Watched,
) -> None:
    """They end with it, so its looks are theirs."""
    watched.max_running = 0
    name = watched.names()[0]
    watched.ask(name)
    (second,) = watched.ask(name)
    assert second.trigger.state is TriggerState.JOINED
    assert not syncs_of(watched).is_following()


def test_more_joined_wishes_than_one_request_asks_for_all_end() -> None:
    """The replications are read in as many requests as it takes."""
    with Watched(replications=160) as watched:
        watched.poll()
        names = watched.names()[:60]
        assert len(names) == 60
        for name in names:
            syncs_by_itself(watched, name)
        verdicts = watched.ask(*names)
        for verdict in verdicts:
            trigger = replace(
                verdict.trigger, state=TriggerState.JOINED, answered_at=watched.time.now()
            )
            watched.ledger.settle(trigger, now=watched.time.now())
        joined = [watched.trigger(verdict) for verdict in verdicts]
        assert len(syncs_of(watched)._following._rereading.rows(joined)) == len(joined)
