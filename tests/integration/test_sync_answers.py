"""Every answer to the one POST of a trigger: ledger, words, exit code, metrics, number of POSTs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.sync_answers import (
    ROWS,
    Came,
    Row,
    Step,
    a_site,
    come_of,
    has_someone_sync,
    syncs_by_itself,
)
from tests.watched import Watched
from vr_exporter.domain.triggers import TABLE, Origin, Outcome
from vr_exporter.domain.triggers import TriggerState as S
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


def a_running_one(watched: Watched) -> Verdict:
    """A wish whose task runs."""
    (verdict,) = watched.ask(watched.names()[0])
    watched.work(8)
    assert watched.trigger(verdict).state is S.RUNNING
    return verdict


def test_A48_a_task_that_vanished_ends_the_wish_as_lost_and_is_not_timed(watched: Watched) -> None:
    """Two misses and a 404 of its own; no gauge goes on with it, no duration is made up."""
    verdict = a_running_one(watched)
    assert watched.metrics().total("vr_tasks", site="madrid", operation="sync") == 1
    watched.madrid.breaks("task_vanishes")
    watched.work(60)
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
    """With a task or without: no POST, and the wish ends as that sync does."""
    watched.policy = replace(watched.policy, alert_mode=Mode.ON)
    watched.renew_desk()
    vm = watched.names()[0]
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
    watched.madrid.breaks("dropped", operation="syncReplication")
    (verdict,) = watched.ask(watched.names()[0])
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
