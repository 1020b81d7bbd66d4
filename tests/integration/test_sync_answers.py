"""Every answer to the one POST of a trigger: ledger, words, exit code, metrics, number of POSTs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.late import be_late
from tests.sync_answers import (
    ROWS,
    Came,
    Row,
    Step,
    a_site,
    come_of,
    has_someone_sync,
    is_set_back,
    rests,
    syncs_by_itself,
)
from tests.watched import Watched
from vr_exporter.domain.triggers import TABLE, Origin, Outcome
from vr_exporter.domain.triggers import TriggerState as S
from vr_exporter.simulator.world.tasks import KINDS
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.guards import Mode


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_comes_of_an_answer(row: Row) -> None:
    """The row of docs/sync-answers.md is true, and nothing is ever asked for twice."""
    with a_site(row) as watched:
        came = come_of(watched, row)
        trigger, metrics = came.trigger, watched.metrics()
        shown = TABLE[trigger.state].word
        assert (came.path, trigger.reason) == (row.path, row.reason)
        assert (shown, trigger.exit_code, came.sentence) == (row.word, row.code, row.says)
        assert watched.madrid.posts == row.posts
        asked = metrics.of("vr_trigger_requests_total", site="madrid", source="cli")
        counted = {dict(labels)["outcome"]: count for labels, count in asked.items() if count}
        assert counted == {row.outcome: 1}
        timed = metrics.value("vr_trigger_duration_seconds_count", site="madrid", source="cli")
        assert timed == row.timed
        assert metrics.value("vr_triggers_ambiguous", site="madrid") == row.doubts
        is_over = trigger.state.is_final
        assert metrics.value("vr_triggers_in_flight", site="madrid") == (not is_over)
        assert not row.surprise or metrics.surprises()[row.surprise] > 0


def row_of(answer: str) -> Row:
    """The one row of this answer."""
    return next(row for row in ROWS if row.answer == answer)


@pytest.fixture
def watched() -> Iterator[Watched]:
    """One site of idle replications, polled once."""
    with Watched() as made:
        made.poll()
        yield made


def a_running_one(watched: Watched, vm: str = "") -> Verdict:
    """A wish whose task runs."""
    (verdict,) = watched.ask(vm or watched.names()[0])
    watched.work(8)
    assert watched.trigger(verdict).state is S.RUNNING
    return verdict


def test_A48_a_task_that_vanished_ends_the_wish_as_lost_and_is_not_timed(watched: Watched) -> None:
    """Two misses and a 404 of its own; no gauge goes on with it, no duration is made up."""
    verdict = a_running_one(watched)
    assert watched.metrics().total("vr_tasks", site="madrid", operation="sync") == 1
    watched.madrid.breaks("task_vanishes")
    watched.work(90)
    trigger, metrics = watched.trigger(verdict), watched.metrics()
    assert (trigger.state, trigger.exit_code) == (S.LOST, 6)
    assert metrics.total("vr_tasks", site="madrid", operation="sync") == 0
    assert metrics.total("vr_task_duration_seconds_count", site="madrid", operation="sync") == 0
    assert metrics.value("vr_trigger_duration_seconds_count", site="madrid", source="cli") == 0


def test_A48_a_task_missed_by_the_list_alone_is_followed_by_itself(watched: Watched) -> None:
    """The appliance is asked for it apart before it counts as gone."""
    verdict = a_running_one(watched)
    watched.madrid.breaks("task_vanishes", operation="getRecentTasksInfo")
    watched.work(300)
    assert watched.trigger(verdict).state is S.SUCCEEDED


def test_A49_a_task_id_used_again_is_another_task(watched: Watched) -> None:
    """The new task is counted too, and the wish for it does not end as the old one did."""
    names = watched.names()
    watched.ask(names[0])
    watched.work(300)
    (second,) = watched.ask(names[1])
    watched.work(3)
    watched.madrid.breaks("task_id_reused")
    watched.work(300)
    metrics = watched.metrics()
    assert watched.trigger(second).state is S.SUCCEEDED
    assert watched.madrid.posts == 2
    assert metrics.total("vr_tasks_completed_total", site="madrid", operation="sync") == 2
    assert metrics.surprises() == {"duplicate": 1}


def test_A50_progress_that_falls_is_counted_and_ends_nothing(watched: Watched) -> None:
    """It is shown as it is."""
    verdict = a_running_one(watched)
    watched.madrid.breaks("task_progress_falls")
    watched.work(300)
    assert watched.trigger(verdict).state is S.SUCCEEDED
    assert watched.metrics().total("vr_task_progress_regressions_total", site="madrid") > 0


def test_A51_a_task_that_never_ends_is_never_given_up() -> None:
    """Its age is shown, and it counts among those that run."""
    with Watched(tasks_kept_seconds=1e6) as watched:
        watched.poll()
        verdict = a_running_one(watched)
        queued = watched.trigger(verdict).task_queued_at
        watched.madrid.breaks("task_never_ends")
        watched.work(4 * 3600, step=30)
        metrics = watched.metrics()
        assert watched.trigger(verdict).state is S.RUNNING
        oldest = metrics.of("vr_task_oldest_timestamp_seconds", site="madrid", operation="sync")
        assert min(oldest.values()) == pytest.approx(queued, abs=1)
        assert metrics.value("vr_triggers_in_flight", site="madrid") == 1


def test_A52_a_task_that_contradicts_itself_is_believed_by_its_status(watched: Watched) -> None:
    """SUCCESS with an error text is SUCCESS; that nothing was synced is shown apart."""
    verdict = a_running_one(watched)
    watched.madrid.breaks("task_contradicts")
    watched.work(30)
    trigger, metrics = watched.trigger(verdict), watched.metrics()
    assert (trigger.state, trigger.is_confirmed) == (S.SUCCEEDED, False)
    assert metrics.surprises()["range"] > 0
    assert metrics.total("vr_tasks_failed_total", site="madrid") == 0


def test_A53_a_task_that_ended_while_we_were_away_is_counted_once(watched: Watched) -> None:
    """A new process ends the wish by the task's own times, and so does not count it again."""
    verdict = a_running_one(watched)
    watched.time.advance(1200)
    for _ in range(2):
        watched.restart()
        watched.poll(after=1)
        watched.work(120)
    metrics = watched.metrics()
    assert watched.trigger(verdict).state is S.SUCCEEDED
    assert metrics.total("vr_tasks_completed_total", site="madrid", operation="sync") == 1
    assert metrics.total("vr_task_duration_seconds_sum", site="madrid", operation="sync") < 600
    assert metrics.value("vr_trigger_requests_total", source="cli", outcome="accepted") == 1


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("begin", [has_someone_sync, syncs_by_itself])
def test_A54_a_running_sync_is_joined_whoever_asks(
    watched: Watched, origin: Origin, begin: Step
) -> None:
    """With a task or without: no POST, and the wish ends as that sync does.

    An alert asks about one in breach: of any other it would be told that it is healed.
    """
    watched.policy = replace(watched.policy, alert_mode=Mode.ON)
    watched.renew_desk()
    vm = watched.names()[0]
    be_late(watched, 1)
    begin(watched, vm)
    (verdict,) = watched.ask(vm, origin=origin)
    watched.work(400)
    trigger, metrics = watched.trigger(verdict), watched.metrics()
    assert (trigger.state, trigger.outcome, watched.madrid.posts) == (
        *(S.SUCCEEDED, Outcome.JOINED, 0),
    )
    of = {"site": "madrid", "source": origin.value}
    assert metrics.value("vr_trigger_requests_total", outcome="joined", **of) == 1


def test_A54_a_refusal_for_a_sync_that_began_meanwhile_names_it() -> None:
    """The race between look and POST is the appliance's to decide."""
    row = row_of("400, a sync began after the last look")
    with a_site(row) as watched:
        came = come_of(watched, row)
        assert came.trigger.state is S.REFUSED
        assert came.trigger.error_code == "com.vmware.vr.sync_already_running"
        assert "being synchronized" in came.sentence


@pytest.mark.parametrize("kind", ["error", "bare_error", "unavailable", "html_error"])
def test_A55_a_5xx_is_doubt_until_two_looks_found_nothing(watched: Watched, kind: str) -> None:
    """At least ten seconds lie between them; then it is the appliance's failure."""
    watched.madrid.breaks(kind, operation="syncReplication")
    (verdict,) = watched.ask(watched.names()[0])
    watched.work(2)
    doubt = watched.trigger(verdict)
    assert (doubt.state, doubt.exit_code) == (S.AMBIGUOUS, 6)
    assert watched.metrics().value("vr_triggers_ambiguous", site="madrid") == 1
    watched.work(90)
    trigger = watched.trigger(verdict)
    assert (trigger.state, trigger.reason) == (S.FAILED, "server_error")
    assert trigger.ended_at is not None
    assert doubt.answered_at is not None
    assert trigger.ended_at - doubt.answered_at >= 10
    assert watched.madrid.posts == 1


@pytest.mark.parametrize("kind", ["sync_without_id", "sync_other_entity"])
def test_A56_a_202_that_names_no_task_of_ours_is_looked_for(watched: Watched, kind: str) -> None:
    """It is in doubt first, and the oddity is counted; then its task is found."""
    watched.madrid.breaks(kind, operation="syncReplication")
    (verdict,) = watched.ask(watched.names()[0])
    watched.work(300)
    assert Came(watched, "", verdict).path == (
        *(S.RESERVED, S.POSTING, S.AMBIGUOUS, S.RUNNING, S.SUCCEEDED),
    )
    assert watched.metrics().surprises()["body"] == 1


def test_A57_a_far_site_that_is_down_costs_no_post_and_no_local_facts() -> None:
    """The wish is skipped, the site stays up."""
    row = row_of("the far site is down, and the appliance says so")
    with a_site(row) as watched:
        came = come_of(watched, row)
        metrics = watched.metrics()
        assert came.trigger.reason == "remote_down"
        assert metrics.value("vr_trigger_skips_total", site="madrid", reason="remote_down") == 1
        assert metrics.value("vr_up", site="madrid") == 1
        assert metrics.value("vr_pairing_vc_connected", side="remote") == 0


def test_A61_a_lost_answer_is_looked_for_ten_minutes_and_then_shown(watched: Watched) -> None:
    """Never guessed, never asked again; `state ack` closes it."""
    vm = watched.names()[0]
    rests(watched, vm)
    watched.madrid.breaks("dropped", operation="syncReplication")
    (verdict,) = watched.ask(vm)
    watched.work(590)
    assert watched.trigger(verdict).state is S.AMBIGUOUS
    assert watched.trigger(verdict).exit_code == 6
    watched.work(20)
    assert watched.trigger(verdict).state is S.UNRESOLVED
    assert watched.metrics().value("vr_triggers_ambiguous", site="madrid") == 1
    watched.ledger.acknowledge(verdict.trigger.key, actor="ana", now=watched.time.now())
    watched.work(2)
    assert watched.metrics().value("vr_triggers_ambiguous", site="madrid") == 0
    assert watched.madrid.posts == 1


@pytest.mark.parametrize("is_by_task", [True, False])
def test_T6_a_later_sync_by_anybody_closes_what_stayed_unknown(
    watched: Watched, *, is_by_task: bool
) -> None:
    """Seen by its task, or where it has none by the last sync time that moved."""
    vm = watched.names()[0]
    rests(watched, vm)
    watched.madrid.breaks("dropped", operation="syncReplication")
    (verdict,) = watched.ask(vm)
    watched.work(620)
    assert watched.metrics().value("vr_triggers_ambiguous", site="madrid") == 1
    watched.madrid.heals()
    (has_someone_sync if is_by_task else syncs_by_itself)(watched, vm)
    watched.work(300)
    trigger = watched.trigger(verdict)
    assert (trigger.state, trigger.is_acknowledged) == (S.UNRESOLVED, True)
    assert watched.metrics().value("vr_triggers_ambiguous", site="madrid") == 0
    (row,) = [row for row in watched.ledger.audit(limit=100) if row.what == "acknowledged"]
    assert (row.actor, row.key) == ("vr-exporter", trigger.key)


def test_A60_a_task_forgotten_by_a_restored_appliance_is_looked_for_again(
    watched: Watched,
) -> None:
    """Not lost: the sync may run on. No counter falls, and nothing is asked for twice."""
    verdicts = watched.ask(*watched.names()[:3])
    watched.work(300)
    verdict = a_running_one(watched, watched.names()[4])
    before = counters_of(watched)
    is_set_back(watched, watched.trigger(verdict).target.vm)
    watched.work(90)
    trigger = watched.trigger(verdict)
    assert (trigger.state, trigger.reason) == (S.AMBIGUOUS, "set_back")
    assert watched.metrics().surprises() == {"count": 1}
    assert watched.log.messages().count("appliance shows an older state") == 1
    after = counters_of(watched)
    assert {name: before[name] for name in before if after[name] < before[name]} == {}
    assert watched.madrid.posts == len(verdicts) + 1
    asked = watched.metrics().of("vr_trigger_requests_total", outcome="accepted", source="cli")
    assert sum(asked.values()) == len(verdicts) + 1


def test_A60_a_task_that_comes_back_is_followed_on(watched: Watched) -> None:
    """The snapshot was the wrong one, say: the very task is there again, and ends well."""
    verdict = a_running_one(watched)
    lists = dict(watched.world.actions._lists)
    population = [(each, each.last_sync_at) for each in watched.world.population]
    for replica, at in population:
        replica.last_sync_at = None if at is None else at - 7200
    watched.madrid.breaks("task_vanishes")
    watched.work(75)
    assert watched.trigger(verdict).state is S.AMBIGUOUS
    watched.madrid.heals()
    watched.world.actions._lists.update(lists)
    watched.work(300)
    assert watched.trigger(verdict).state is S.SUCCEEDED


def test_A60_one_replication_that_shows_an_older_sync_is_no_restore(watched: Watched) -> None:
    """It may have been set up anew; a task that is gone meanwhile is lost (A48)."""
    verdict = a_running_one(watched)
    replica = watched.world.find(watched.names()[3])
    assert replica.last_sync_at is not None
    replica.last_sync_at -= 7200
    watched.madrid.breaks("task_vanishes")
    watched.work(90)
    assert watched.trigger(verdict).state is S.LOST
    assert "appliance shows an older state" not in watched.log.messages()


def counters_of(watched: Watched) -> dict[tuple[object, ...], float]:
    """Every counter of a site on the page."""
    text = watched.metrics()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for sample in text.samples
        if sample.name.endswith(("_total", "_count", "_bucket"))
    }


def a_telltale_site(monkeypatch: pytest.MonkeyPatch, *, key: str = "hbr.op.7") -> Watched:
    """An appliance whose sync tasks do not say what they are."""
    sync = replace(KINDS["sync"], description="HBR op 7", key=key)
    monkeypatch.setitem(KINDS, "sync", sync)
    return Watched()


def test_T6_a_task_that_we_started_teaches_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """From our first one on tasks of that kind are syncs, anybody's, and after a restart too."""
    with a_telltale_site(monkeypatch) as watched:
        watched.poll()
        first, second, third = watched.names()[:3]
        has_someone_sync(watched, first)
        watched.work(400)
        assert syncs_counted(watched) == {"other": 1, "sync": 0}
        watched.ask(second)
        watched.work(400)
        assert syncs_counted(watched) == {"other": 1, "sync": 1}
        watched.restart()
        watched.poll()
        has_someone_sync(watched, third)
        watched.work(400)
        assert syncs_counted(watched) == {"other": 1, "sync": 2}


def test_T6_a_lost_task_of_a_kind_that_was_taught_is_found_among_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its kind decides, where another unknown task works on the same replication."""
    with a_telltale_site(monkeypatch) as watched:
        watched.poll()
        first, second = watched.names()[:2]
        watched.ask(first)
        watched.work(400)
        watched.madrid.breaks("sync_lost", operation="syncReplication")
        (verdict,) = watched.ask(second)
        watched.work(2)
        strange = replace(KINDS["reconnect"], description="HBR op 9", key="hbr.op.9")
        actions, replica = watched.world.actions, watched.world.find(second)
        site = watched.world.site("madrid")
        task = actions._a_task(strange, site, user="ana", replica=replica)
        actions._lists["madrid"].add(task, watched.time.now())
        watched.work(400)
        assert watched.trigger(verdict).state is S.SUCCEEDED


def syncs_counted(watched: Watched) -> dict[str, float]:
    """Ended tasks by what they were taken for."""
    of = watched.metrics().value
    return {
        operation: of("vr_tasks_completed_total", site="madrid", operation=operation) or 0.0
        for operation in ("other", "sync")
    }


def test_A61_two_tasks_that_may_be_ours_prove_nothing(watched: Watched) -> None:
    """A person asks too while we look: then neither task is taken."""
    vm = watched.names()[0]
    watched.madrid.breaks("sync_lost", operation="syncReplication")
    watched.madrid.breaks("error", operation="getRecentTasksInfo", for_seconds=20)
    (verdict,) = watched.ask(vm)
    watched.work(8)
    has_someone_sync(watched, vm)
    watched.work(700)
    assert watched.trigger(verdict).state is S.UNRESOLVED
    assert watched.madrid.posts == 1


def test_a_session_of_the_trigger_account_that_died_of_idleness_costs_no_wish() -> None:
    """It is looked at before the claim: the POST itself is not sent again after a 401."""
    with Watched(has_trigger_account=True) as watched:
        watched.poll()
        watched.ask(watched.names()[0])
        watched.work(300)
        watched.work(3600, step=30)
        later = watched.ask(*watched.names()[1:4])
        watched.work(300)
        ended = [watched.trigger(verdict) for verdict in later]
        assert {trigger.state for trigger in ended} == {S.SUCCEEDED}
        posted = [trigger for trigger in ended if trigger.outcome is Outcome.ACCEPTED]
        assert watched.madrid.posts == 1 + len(posted) > 1
