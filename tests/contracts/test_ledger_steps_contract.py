"""What any ledger must do with the steps of a trigger, and at its start (T3, T6, K3 to K8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW
from tests.ledgers import (
    MADRID,
    Failure,
    SqliteEngine,
    a_row,
    break_one_commit,
    lead_on,
    lead_to,
    requests,
    running,
    skips,
    state_of,
    step,
)
from vr_exporter.domain.triggers import NEXT, TABLE, Outcome, TriggerState
from vr_exporter.ledger.steps import IllegalStep

DAY = 86_400.0
S = TriggerState


@pytest.mark.parametrize("state", list(S))
def test_settle_takes_the_steps_of_the_table_and_no_others(
    engine: SqliteEngine, state: TriggerState
) -> None:
    """Every pair of states is either a step of the table or refused, and changes nothing then."""
    by_other_calls = {S.RESERVED, S.POSTING}
    for number, wanted in enumerate(S):
        ledger = engine.open()
        key = f"{state}-{number}"
        trigger = lead_to(ledger, state, key=key, replication=key)
        if wanted is state:
            continue
        if wanted in NEXT.get(state, frozenset()) - by_other_calls:
            assert ledger.settle(step(trigger, wanted), now=NOW).state is wanted
        else:
            with pytest.raises(IllegalStep):
                ledger.settle(step(trigger, wanted), now=NOW)
            assert state_of(ledger, key) is state


def test_T3_an_outcome_is_counted_once_with_its_cause(engine: SqliteEngine) -> None:
    """Accepted is counted at the answer, the time it took at the end, nothing twice."""
    ledger = engine.open()
    trigger = running(ledger)
    assert requests(ledger) == {("api", "accepted"): 1}
    trigger = ledger.settle(step(trigger, S.SUCCEEDED, ended_at=NOW + 42), now=NOW + 42)
    ledger.settle(replace(trigger, is_confirmed=True), now=NOW + 50)
    again = engine.crash()
    assert requests(again) == {("api", "accepted"): 1}
    histogram = again.trigger_totals()[MADRID].histograms["vr_trigger_duration_seconds"]["api",]
    assert (histogram.count, histogram.sum) == (1, 42)
    shown = next(filter(None, histogram.exemplars))
    assert shown.labels == (("task_id", "task-one"), ("replication", "GID-1"))


@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        ((S.REFUSED,), "rejected"),
        ((S.AMBIGUOUS, S.FAILED), "rejected"),
        ((S.AMBIGUOUS, S.UNRESOLVED), "ambiguous"),
        ((S.AMBIGUOUS, S.RUNNING, S.LOST), "accepted"),
    ],
)
def test_each_way_counts_one_outcome(
    engine: SqliteEngine, states: tuple[TriggerState, ...], outcome: str
) -> None:
    """A wish adds one to one outcome, whichever way it went."""
    ledger = engine.open()
    trigger = lead_to(ledger, S.POSTING)
    for state in states:
        trigger = ledger.settle(step(trigger, state), now=NOW)
    assert requests(ledger) == {("api", outcome): 1}


def test_what_was_asked_cannot_be_changed_by_a_step(engine: SqliteEngine) -> None:
    """A step brings new fields of its own, never another wish."""
    ledger = engine.open()
    trigger = lead_to(ledger, S.POSTING)
    changed = replace(trigger, actor="mallory", not_after=NOW + DAY, claimed_at=None)
    settled = ledger.settle(step(changed, S.REFUSED, error_code="forbidden"), now=NOW)
    assert (settled.actor, settled.not_after, settled.claimed_at) == ("alice", NOW + 900, NOW)
    assert settled.error_code == "forbidden"


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (S.SUCCEEDED, S.SUCCEEDED),
        (S.FAILED, S.FAILED),
        (S.LOST, S.LOST),
        (S.UNRESOLVED, S.LOST),
        (S.REFUSED, S.REFUSED),
        (S.SKIPPED, S.SKIPPED),
        (S.EXPIRED, S.EXPIRED),
    ],
)
def test_A54_followers_end_with_the_one_they_follow(
    engine: SqliteEngine, end: TriggerState, state: TriggerState
) -> None:
    """In the same transaction, so no crash leaves a follower behind."""
    ledger = engine.open()
    ledger.reserve(a_row("one"), now=NOW)
    ledger.reserve(a_row("two"), now=NOW)
    lead_on(ledger, "one", end, reason="why")
    follower = engine.crash().trigger("two")
    assert follower is not None
    assert (follower.state, follower.reason, follower.ended_at) == (state, "why", NOW + 60)


def test_a_follower_of_what_stayed_unknown_is_no_second_doubt(engine: SqliteEngine) -> None:
    """Exit code and word are those of its leader; one acknowledgement closes both."""
    ledger = engine.open()
    ledger.reserve(a_row("one"), now=NOW)
    ledger.reserve(a_row("two"), now=NOW)
    lead_on(ledger, "one", S.UNRESOLVED)
    leader, follower = ledger.trigger("one"), ledger.trigger("two")
    assert leader is not None
    assert follower is not None
    assert (follower.exit_code, TABLE[follower.state].word) == (6, "unknown")
    assert (leader.exit_code, TABLE[leader.state].word) == (6, "unknown")
    assert ledger.acknowledge("GID-1", actor="bob", now=NOW) == (
        replace(leader, is_acknowledged=True),
    )


@pytest.mark.parametrize(
    ("wanted", "state", "code"),
    [
        (600.0, S.SKIPPED, 0),
        (900.0, S.SKIPPED, 0),
        (300.0, S.FAILED, 5),
        (None, S.FAILED, 5),
    ],
)
def test_a_follower_of_a_fresh_copy_ends_well_if_that_is_fresh_enough_for_it(
    engine: SqliteEngine, wanted: float | None, state: TriggerState, code: int
) -> None:
    """One that asked for a sync, or for a younger copy, did not get it."""
    ledger = engine.open()
    ledger.reserve(a_row("one", max_age_seconds=600.0), now=NOW)
    ledger.reserve(a_row("two", max_age_seconds=wanted), now=NOW)
    lead_on(ledger, "one", S.SKIPPED, reason="fresh")
    follower = ledger.trigger("two")
    assert follower is not None
    assert (follower.state, follower.reason, follower.exit_code) == (state, "fresh", code)
    assert follower.outcome is Outcome.JOINED


def test_A60_a_running_trigger_may_become_ambiguous_and_is_counted_once(
    engine: SqliteEngine,
) -> None:
    """It was accepted, and stays so, whatever is found out or not."""
    ledger = engine.open()
    trigger = ledger.settle(step(lead_to(ledger, S.RUNNING), S.AMBIGUOUS), now=NOW)
    ledger.settle(step(trigger, S.UNRESOLVED), now=NOW)
    assert requests(engine.crash()) == {("api", "accepted"): 1}


@pytest.mark.parametrize("end", [S.REFUSED, S.SKIPPED, S.EXPIRED])
def test_a_follower_for_which_nothing_ever_synced_is_not_timed(
    engine: SqliteEngine, end: TriggerState
) -> None:
    """`vr_trigger_duration_seconds` runs to the end of a task, and there was none."""
    ledger = engine.open()
    ledger.reserve(a_row("one"), now=NOW)
    ledger.reserve(a_row("two"), now=NOW)
    lead_on(ledger, "one", end, reason="stale")
    timed = ledger.trigger_totals()[MADRID].histograms.get("vr_trigger_duration_seconds", {})
    assert not any(histogram.count for histogram in timed.values())


def test_K8_an_answer_outlives_a_failed_commit_while_the_process_lives(
    engine: SqliteEngine,
) -> None:
    """Memory knows the task, so it is followed; the disk catches up with the next commit."""
    ledger = engine.open()
    trigger = lead_to(ledger, S.POSTING)
    break_one_commit(engine, "lost")
    settled = ledger.settle(step(trigger, S.RUNNING), now=NOW)
    assert (ledger.is_up, state_of(ledger)) == (False, S.RUNNING)
    assert ledger.probe()
    assert engine.crash().trigger("one") == settled
    assert requests(engine.open()) == {("api", "accepted"): 1}


@pytest.mark.parametrize(("failure", "state"), [("lost", S.AMBIGUOUS), ("kept", S.RUNNING)])
def test_K8_a_crash_after_the_failed_commit_leaves_it_to_be_looked_for(
    engine: SqliteEngine, failure: Failure, state: TriggerState
) -> None:
    """What is posting at the start was perhaps posted: it is looked for, never posted again."""
    ledger = engine.open()
    trigger = lead_to(ledger, S.POSTING)
    break_one_commit(engine, failure)
    ledger.settle(step(trigger, S.RUNNING), now=NOW)
    assert state_of(engine.crash()) is state


def test_K7_what_was_being_posted_is_ambiguous_after_a_restart(engine: SqliteEngine) -> None:
    """A crash between claim and answer leaves the outcome unknown, and says so."""
    lead_to(engine.open(), S.POSTING)
    ledger = engine.crash()
    assert state_of(ledger) is S.AMBIGUOUS
    assert [row.what for row in ledger.audit(limit=3)] == ["ambiguous", "posting", "reserved"]


def test_K4_what_waited_goes_on_after_a_restart_until_its_time_is_over(
    engine: SqliteEngine,
) -> None:
    """An accepted wish is asked late rather than never, and ends where it is too late."""
    engine.open().reserve(a_row(), now=NOW)
    assert state_of(engine.crash(NOW + 899)) is S.RESERVED
    ledger = engine.crash(NOW + 900)
    assert state_of(ledger) is S.EXPIRED
    assert (requests(ledger), skips(ledger)) == ({("api", "skipped"): 1}, {("expired",): 1})


def test_a_store_knows_itself_and_its_starts(engine: SqliteEngine) -> None:
    """One instance for life, one boot more for each start."""
    first = engine.open()
    instance, boots = first.instance, first.boots
    second = engine.crash()
    assert (second.instance, second.boots) == (instance, boots + 1)


def test_the_kill_switch_survives_a_crash(engine: SqliteEngine) -> None:
    """Who stopped all triggers by alert finds them stopped, and in the audit."""
    ledger = engine.open()
    assert not ledger.kill_switch
    ledger.set_kill_switch(on=True, actor="bob", now=NOW)
    again = engine.crash()
    assert again.kill_switch
    assert [(row.actor, row.what, row.result) for row in again.audit(limit=1)] == [
        ("bob", "kill_switch", "on")
    ]
