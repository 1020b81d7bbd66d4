"""What any ledger must record, show and prune (fault-matrix 6: T4 and T7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW
from tests.ledgers import (
    BERLIN,
    MADRID,
    Failure,
    SqliteEngine,
    a_row,
    ambiguous,
    break_one_commit,
    lead_on,
    lead_to,
    requests,
    running,
    state_of,
    step,
)
from vr_exporter.domain.counts import Add, ReplicationTotals, SiteChanges
from vr_exporter.domain.names import ReplicationId, TaskId
from vr_exporter.domain.triggers import FINAL, TriggerState
from vr_exporter.ledger.steps import IllegalStep
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.ledger.sync_kinds import MOST_KINDS

DAY = 86_400.0
S = TriggerState


def test_K9_totals_and_endings_are_one_transaction(engine: SqliteEngine) -> None:
    """A poll's counts and the triggers it ended are on disk together, or not at all."""
    ledger = engine.open()
    trigger = running(ledger)
    changes = SiteChanges((Add("vr_tasks_completed_total", ("sync",)),))
    ledger.record(MADRID, changes, [step(trigger, S.SUCCEEDED)])
    again = engine.crash()
    assert state_of(again) is S.SUCCEEDED
    assert again.totals(MADRID).counters["vr_tasks_completed_total"] == {("sync",): 1}


def test_T6_what_a_task_of_ours_taught_is_written_with_its_trigger(engine: SqliteEngine) -> None:
    """Each site has its own kinds; one that is no longer configured has none."""
    ledger = engine.open()
    ledger.learn_sync_kind(MADRID, "hbr.op.7")
    ledger.learn_sync_kind(BERLIN, "hbr.op.8")
    running(ledger)
    again = engine.crash()
    assert again.sync_kinds(MADRID) == {"hbr.op.7"}
    assert again.sync_kinds(BERLIN) == {"hbr.op.8"}
    again.forget(MADRID)
    assert engine.crash().sync_kinds(MADRID) == frozenset()
    assert engine.open().sync_kinds(BERLIN) == {"hbr.op.8"}


def test_T6_an_appliance_that_tells_each_task_otherwise_teaches_but_a_few(
    engine: SqliteEngine,
) -> None:
    """The list stays short, whatever an appliance writes into its tasks."""
    ledger = engine.open()
    for number in range(100):
        ledger.learn_sync_kind(MADRID, f"sync number {number}")
    assert len(ledger.sync_kinds(MADRID)) == MOST_KINDS


@pytest.mark.parametrize("failure", ["kept", "lost"])
def test_B1_what_could_not_be_written_is_caught_up_with_later(
    engine: SqliteEngine, failure: Failure
) -> None:
    """While the process lives no count is lost, and none is written twice."""
    ledger = engine.open()
    trigger = running(ledger)
    changes = SiteChanges(
        (Add("vr_tasks_completed_total", ("sync",)),),
        replications={ReplicationId("GID-1"): ReplicationTotals(3.0, 4, 5.0)},
        ended_tasks={(TaskId("t"), None): 10.0},
    )
    break_one_commit(engine, failure)
    ledger.record(MADRID, changes, [step(trigger, S.SUCCEEDED)])
    assert not ledger.is_up
    ledger.record(BERLIN, SiteChanges())
    assert ledger.is_up
    again = engine.crash()
    assert again.totals(MADRID) == ledger.totals(MADRID)
    assert again.seen_tasks(MADRID) == ledger.seen_tasks(MADRID)
    assert (state_of(again), requests(again)) == (S.SUCCEEDED, {("api", "accepted"): 1})
    assert len([row for row in again.audit(limit=99) if row.what == "succeeded"]) == 1


def test_B1_the_ledger_goes_on_while_its_file_cannot_be_opened(engine: SqliteEngine) -> None:
    """Polls are counted in memory, wishes are refused, and all is well once it can be opened."""
    ledger = engine.open()
    engine.faults.commits = ["lost"]
    engine.faults.is_gone = True
    for _ in range(3):
        ledger.record(MADRID, SiteChanges((Add("vr_replications_removed_total", ()),)))
    with pytest.raises(StoreFailed):
        ledger.reserve(a_row(), now=NOW)
    assert not ledger.probe()
    engine.faults.is_gone = False
    assert ledger.probe()
    assert engine.crash().totals(MADRID).counters == {"vr_replications_removed_total": {(): 3}}


def test_an_illegal_ending_leaves_the_poll_unrecorded(engine: SqliteEngine) -> None:
    """A poll is recorded whole or not at all."""
    ledger = engine.open()
    trigger = lead_to(ledger, S.RESERVED)
    with pytest.raises(IllegalStep):
        ledger.record(MADRID, SiteChanges((Add("x", ()),)), [step(trigger, S.SUCCEEDED)])
    assert ledger.totals(MADRID).counters == {}


def test_a_forgotten_site_stays_forgotten_and_keeps_its_triggers(engine: SqliteEngine) -> None:
    """Totals go with the site; what was asked is still shown."""
    ledger = engine.open()
    running(ledger)
    ledger.record(MADRID, SiteChanges((Add("vr_replications_removed_total", ()),), ended_tasks={}))
    ledger.forget(MADRID)
    again = engine.crash()
    assert (again.totals(MADRID).counters, again.seen_tasks(MADRID)) == ({}, None)
    assert again.sites() == frozenset()
    assert state_of(again) is S.RUNNING


def test_odd_texts_and_numbers_come_back_as_they_were(engine: SqliteEngine) -> None:
    """Ids are the appliance's: half a character, a quote or a huge number break nothing."""
    ledger = engine.open()
    odd = ReplicationId("GID-\ud800'\";\x00ü")
    totals = ReplicationTotals(1.5, 2**70, None)
    ledger.record(
        MADRID,
        SiteChanges(
            (Add("vr_task_errors_total", (odd,)),),
            replications={odd: totals},
            ended_tasks={(TaskId(odd), 1.5): 10.0},
        ),
    )
    trigger = ledger.reserve(a_row("one", replication=odd, sentence=odd), now=NOW).trigger
    again = engine.crash()
    assert again.totals(MADRID).replications == {odd: totals}
    assert again.totals(MADRID).counters == {"vr_task_errors_total": {(odd,): 1}}
    assert again.seen_tasks(MADRID) == ledger.seen_tasks(MADRID)
    assert again.trigger("one") == trigger


def test_triggers_are_listed_youngest_first_and_by_site(engine: SqliteEngine) -> None:
    """The list is cut after its youngest rows; the open ones can be asked for alone."""
    ledger = engine.open()
    for number in range(4):
        site = (MADRID, BERLIN)[number % 2]
        target = replace(a_row(replication=f"GID-{number}").target, site=site)
        ledger.reserve(a_row(f"{number}", target=target, asked_at=NOW + number), now=NOW)
    lead_on(ledger, "3", S.SKIPPED)
    assert [trigger.key for trigger in ledger.triggers()] == ["3", "2", "1", "0"]
    assert [trigger.key for trigger in ledger.triggers(limit=2)] == ["3", "2"]
    assert [trigger.key for trigger in ledger.triggers(site=BERLIN)] == ["3", "1"]
    assert [trigger.key for trigger in ledger.triggers(unfinished=True)] == ["2", "1", "0"]


def test_the_last_claim_of_a_replication_survives_a_restart(engine: SqliteEngine) -> None:
    """A cool-down is spent at the claim, and a restart does not shorten it."""
    ledger = engine.open()
    assert ledger.last_claim(ReplicationId("GID-1")) is None
    running(ledger)
    assert ledger.last_claim(ReplicationId("GID-1")) == NOW
    assert engine.crash().last_claim(ReplicationId("GID-1")) == NOW


@pytest.mark.parametrize("wanted", ["one", "GID-1"])
def test_A61_what_stayed_unknown_is_acknowledged_by_key_or_replication(
    engine: SqliteEngine, wanted: str
) -> None:
    """It is shown until a person closes it, and by whom stands in the audit."""
    ledger = engine.open()
    ledger.settle(step(ambiguous(ledger), S.UNRESOLVED), now=NOW)
    assert [trigger.key for trigger in ledger.acknowledge(wanted, actor="bob", now=NOW)] == ["one"]
    assert ledger.acknowledge(wanted, actor="bob", now=NOW) == ()
    again = engine.crash()
    trigger = again.trigger("one")
    assert trigger is not None
    assert trigger.is_acknowledged
    assert [(row.actor, row.what) for row in again.audit(limit=1)] == [("bob", "acknowledged")]


def test_A61_a_later_successful_sync_acknowledges_what_stayed_unknown(
    engine: SqliteEngine,
) -> None:
    """Its harm is over: a fresh copy is there."""
    ledger = engine.open()
    ledger.settle(step(ambiguous(ledger), S.UNRESOLVED), now=NOW)
    trigger = running(ledger, "two")
    ledger.record(MADRID, SiteChanges(), [step(trigger, S.SUCCEEDED)])
    unclear = engine.crash().trigger("one")
    assert unclear is not None
    assert unclear.is_acknowledged


def test_A61_the_end_of_a_sync_that_was_joined_acknowledges_nothing(engine: SqliteEngine) -> None:
    """It may have begun before the claim in doubt, and so carry an older state."""
    ledger = engine.open()
    ledger.settle(step(ambiguous(ledger), S.UNRESOLVED), now=NOW)
    joined = ledger.reserve(a_row("two", state=S.JOINED), now=NOW).trigger
    ledger.record(MADRID, SiteChanges(), [step(joined, S.SUCCEEDED)])
    unclear = engine.crash().trigger("one")
    assert unclear is not None
    assert not unclear.is_acknowledged


def test_the_audit_says_who_asked_and_what_came_of_it(engine: SqliteEngine) -> None:
    """One row a step, in order, for good."""
    ledger = engine.open()
    trigger = running(ledger)
    ledger.settle(step(trigger, S.FAILED, reason="storage", sentence="no space"), now=NOW + 60)
    rows = engine.crash().audit(limit=10)
    assert [(row.actor, row.what, row.result) for row in rows] == [
        ("alice", "failed", "storage: no space"),
        ("alice", "running", ""),
        ("alice", "posting", ""),
        ("alice", "reserved", ""),
    ]
    assert {(row.key, row.site, row.replication) for row in rows} == {("one", "madrid", "GID-1")}


def test_K12_old_triggers_and_audit_rows_go_and_nothing_else(engine: SqliteEngine) -> None:
    """Ended triggers are kept for 30 days, the audit for 90; what is open or unclear stays."""
    ledger = engine.open()
    for state in S:
        lead_to(ledger, state, key=state.value, replication=state.value)
    assert ledger.prune(now=NOW + 29 * DAY) == 0
    assert ledger.prune(now=NOW + 31 * DAY) == len(FINAL) - 1
    left = {trigger.state for trigger in ledger.triggers()}
    assert left == {*S} - FINAL | {S.UNRESOLVED}
    assert {trigger.key for trigger in engine.crash().triggers()} == {state.value for state in left}
    assert len(engine.open().audit(limit=99)) > len(S)
    engine.open().prune(now=NOW + 91 * DAY)
    assert engine.open(NOW + 91 * DAY).audit(limit=99)[-1].at > NOW


def test_K12_pruning_goes_through_more_rows_than_one_transaction_takes(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few hundred rows at a time, until nothing old is left."""
    monkeypatch.setattr("vr_exporter.ledger.pruning.ROWS_AT_A_TIME", 3)
    ledger = engine.open()
    for number in range(10):
        lead_to(ledger, S.SUCCEEDED, key=f"{number}", replication=f"{number}")
    assert ledger.prune(now=NOW + 31 * DAY) == 10
    assert ledger.triggers() == ()


def test_a_failed_pruning_is_counted_and_repeated(engine: SqliteEngine) -> None:
    """Nothing is lost by pruning later."""
    ledger = engine.open()
    lead_to(ledger, S.SUCCEEDED)
    break_one_commit(engine, "lost")
    assert ledger.prune(now=NOW + 31 * DAY) == 0
    assert state_of(ledger) is S.SUCCEEDED
    assert [trigger.key for trigger in ledger.triggers()] == ["one"]
    assert ledger.facts.failures["prune"] == 1
    assert ledger.probe()
    assert ledger.prune(now=NOW + 31 * DAY) == 1
