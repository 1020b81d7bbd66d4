"""What any ledger must do with wishes and claims (fault-matrix 6: T1 and T2)."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.builders import NOW
from tests.ledgers import (
    BROKEN_CLAIM,
    Failure,
    SqliteEngine,
    a_row,
    break_one_commit,
    lead_to,
    requests,
    skips,
    state_of,
    step,
)
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.triggers import FINAL, Origin, Skip, TriggerState
from vr_exporter.ledger.store import StoreFailed

S = TriggerState


def test_K3_T1_an_accepted_wish_is_there_after_a_crash(engine: SqliteEngine) -> None:
    """What reserve returned is durable: it waits on after a kill."""
    taken = engine.open().reserve(a_row(), now=NOW)
    assert taken.is_new
    assert engine.crash().trigger("one") == taken.trigger


def test_a_known_key_answers_with_its_row_and_does_nothing(engine: SqliteEngine) -> None:
    """The same wish again is the same trigger."""
    ledger = engine.open()
    first = ledger.reserve(a_row(), now=NOW)
    again = ledger.reserve(a_row(asked_at=NOW + 5), now=NOW + 5)
    assert (again.trigger, again.is_new, again.is_conflict) == (first.trigger, False, False)


def test_a_known_key_with_another_body_is_a_conflict(engine: SqliteEngine) -> None:
    """A key stands for one body only."""
    ledger = engine.open()
    ledger.reserve(a_row(), now=NOW)
    again = ledger.reserve(a_row(body_digest="other"), now=NOW)
    assert (again.is_new, again.is_conflict) == (False, True)


def test_a_second_wish_for_a_held_target_joins_the_first(engine: SqliteEngine) -> None:
    """One replication has one unfinished row at most; other wishes follow it, and are counted."""
    ledger = engine.open()
    ledger.reserve(a_row("one"), now=NOW)
    second = ledger.reserve(a_row("two"), now=NOW)
    assert (second.trigger.state, second.trigger.follows) == (S.JOINED, "one")
    assert requests(ledger) == {("api", "joined"): 1}
    assert not ledger.claim("two", now=NOW)


def test_a_wish_may_join_a_sync_of_somebody_else(engine: SqliteEngine) -> None:
    """Where a sync runs that nobody here asked for, the wish holds no target."""
    ledger = engine.open()
    ledger.reserve(a_row("one", state=S.JOINED), now=NOW)
    third = ledger.reserve(a_row("two"), now=NOW)
    assert state_of(ledger) is S.JOINED
    assert third.trigger.state is S.RESERVED


@pytest.mark.parametrize("end", sorted(FINAL - {S.UNRESOLVED}))
def test_a_target_is_free_again_after_each_end(engine: SqliteEngine, end: TriggerState) -> None:
    """Whatever the end was, the next wish for the target is no follower."""
    ledger = engine.open()
    lead_to(ledger, end)
    assert ledger.reserve(a_row("two"), now=NOW).trigger.state is S.RESERVED


@pytest.mark.parametrize(("reason", "is_new"), [("stale", True), ("healed", False)])
def test_an_alert_offered_again_waits_again_unless_its_skip_was_final(
    engine: SqliteEngine, reason: str, *, is_new: bool
) -> None:
    """A skipped row never saw a POST, so it may turn back; healed is healed."""
    ledger = engine.open()
    alert = a_row(origin=Origin.ALERT)
    ledger.reserve(alert, now=NOW)
    ledger.settle(step(alert, S.SKIPPED, reason=reason), now=NOW)
    again = ledger.reserve(replace(alert, not_after=NOW + 5000), now=NOW + 60)
    assert again.is_new is is_new
    assert state_of(ledger) is (S.RESERVED if is_new else S.SKIPPED)
    assert state_of(engine.crash()) is (S.RESERVED if is_new else S.SKIPPED)


def test_an_alert_offered_again_may_join_and_is_counted_again(engine: SqliteEngine) -> None:
    """Each offer has an outcome of its own (found by the model)."""
    ledger = engine.open()
    alert = a_row(origin=Origin.ALERT)
    ledger.reserve(alert, now=NOW)
    ledger.settle(step(alert, S.SKIPPED, reason="stale"), now=NOW)
    ledger.reserve(a_row("two"), now=NOW)
    again = ledger.reserve(alert, now=NOW)
    assert (again.is_new, again.trigger.state, again.trigger.follows) == (True, S.JOINED, "two")
    assert requests(ledger) == {("alert", "skipped"): 1, ("alert", "joined"): 1}


def test_a_skipped_wish_of_a_person_stays_skipped(engine: SqliteEngine) -> None:
    """Only alerts are taken up again under their key."""
    ledger = engine.open()
    ledger.reserve(a_row(), now=NOW)
    ledger.settle(step(a_row(), S.SKIPPED, reason="stale"), now=NOW)
    assert not ledger.reserve(a_row(), now=NOW).is_new


def test_K2_a_failed_reserve_that_reached_the_disk_is_expired_there_and_then(
    engine: SqliteEngine,
) -> None:
    """The caller saw 503, so no sync may start late by surprise."""
    ledger = engine.open()
    break_one_commit(engine, "kept")
    with pytest.raises(StoreFailed):
        ledger.reserve(a_row(), now=NOW)
    assert state_of(ledger) is S.EXPIRED
    assert ledger.probe()
    assert not ledger.claim("one", now=NOW)
    assert state_of(engine.crash()) is S.EXPIRED
    assert requests(engine.open()) == {("api", "skipped"): 1}


def test_K2_a_failed_reserve_that_did_not_reach_the_disk_leaves_nothing(
    engine: SqliteEngine,
) -> None:
    """The same key may be offered again once the store works."""
    ledger = engine.open()
    break_one_commit(engine, "lost")
    with pytest.raises(StoreFailed):
        ledger.reserve(a_row(), now=NOW)
    assert ledger.trigger("one") is None
    assert ledger.probe()
    assert ledger.reserve(a_row(), now=NOW).is_new


def test_K2_a_failed_joining_that_reached_the_disk_is_counted_once(engine: SqliteEngine) -> None:
    """The follower stands, since it starts nothing, and so does its count."""
    ledger = engine.open()
    ledger.reserve(a_row("one"), now=NOW)
    break_one_commit(engine, "kept")
    with pytest.raises(StoreFailed):
        ledger.reserve(a_row("two"), now=NOW)
    assert ledger.probe()
    assert requests(ledger) == {("api", "joined"): 1}
    assert requests(engine.crash()) == {("api", "joined"): 1}


def test_K2_a_failed_joining_ends_with_a_leader_that_ended_meanwhile(engine: SqliteEngine) -> None:
    """Found on disk only after that end, it is not left to follow for ever."""
    ledger = engine.open()
    lead_to(ledger, S.RUNNING)
    break_one_commit(engine, "kept")
    engine.faults.is_gone = True
    with pytest.raises(StoreFailed):
        ledger.reserve(a_row("two"), now=NOW)
    running = ledger.trigger("one")
    assert running is not None
    ledger.settle(step(running, S.SUCCEEDED), now=NOW)
    engine.faults.is_gone = False
    assert ledger.probe()
    assert state_of(ledger, "two") is S.SUCCEEDED
    assert state_of(engine.crash(), "two") is S.SUCCEEDED


def test_a_refusal_has_no_row_but_is_counted_and_audited(engine: SqliteEngine) -> None:
    """Guards 1 to 13 leave an audit row and two counts."""
    ledger = engine.open()
    refused = ledger.refuse(a_row(), Skip("cooldown", "asked 5 s ago"), now=NOW)
    assert (refused.state, refused.reason) == (S.SKIPPED, "cooldown")
    again = engine.crash()
    assert again.trigger("one") is None
    assert (requests(again), skips(again)) == ({("api", "skipped"): 1}, {("cooldown",): 1})
    assert [(row.what, row.result) for row in again.audit(limit=9)] == [
        ("skipped", "cooldown: asked 5 s ago")
    ]


def test_a_wish_for_no_site_of_ours_is_counted_without_one(engine: SqliteEngine) -> None:
    """The label is left out where a wish names no site we know."""
    ledger = engine.open()
    unknown = a_row(target=replace(a_row().target, site=SiteName("")))
    ledger.refuse(unknown, Skip("not_found", "no such VM"), now=NOW)
    assert skips(ledger, SiteName("")) == {("not_found",): 1}


def test_T2_a_claim_succeeds_once(engine: SqliteEngine) -> None:
    """After it the key is never claimed again, in this life or the next."""
    ledger = engine.open()
    ledger.reserve(a_row(), now=NOW)
    assert ledger.claim("one", now=NOW)
    assert not ledger.claim("one", now=NOW)
    assert not engine.crash().claim("one", now=NOW)


def test_a_claim_of_an_unknown_key_or_a_late_one_fails(engine: SqliteEngine) -> None:
    """A wish is asked until its time is over, not at it."""
    ledger = engine.open()
    ledger.reserve(a_row(), now=NOW)
    assert not ledger.claim("two", now=NOW)
    assert not ledger.claim("one", now=NOW + 900)
    assert state_of(ledger) is S.RESERVED


@pytest.mark.parametrize("state", [state for state in S if state is not S.RESERVED])
def test_no_state_but_reserved_can_be_claimed(engine: SqliteEngine, state: TriggerState) -> None:
    """No edge leads to a second POST."""
    ledger = engine.open()
    lead_to(ledger, state)
    assert not ledger.claim("one", now=NOW)
    assert state_of(ledger) is state


def test_T2_many_threads_claim_one_key_once(engine: SqliteEngine) -> None:
    """One writer orders all claims."""
    ledger = engine.open()
    keys = [f"key-{number}" for number in range(20)]
    for key in keys:
        ledger.reserve(a_row(key, replication=key), now=NOW)
    won: list[str] = []

    def claim_all() -> None:
        won.extend(key for key in keys if ledger.claim(key, now=NOW))

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == sorted(keys)


@pytest.mark.parametrize(("failure", "state"), [("kept", S.AMBIGUOUS), ("lost", S.RESERVED)])
def test_K5_after_a_failed_claim_the_disk_is_the_truth(
    engine: SqliteEngine, failure: Failure, state: TriggerState
) -> None:
    """No POST was made: what is posting on disk is looked for, what is reserved goes on."""
    ledger = engine.open()
    ledger.reserve(a_row(), now=NOW)
    break_one_commit(engine, failure)
    with pytest.raises(StoreFailed):
        ledger.claim("one", now=NOW)
    assert state_of(ledger) is state
    assert ledger.probe()
    assert state_of(engine.crash()) is state
    assert engine.open().claim("one", now=NOW) is (state is S.RESERVED)


def test_K5_a_failed_second_claim_does_not_disturb_the_first(engine: SqliteEngine) -> None:
    """Whose POST is under way is not declared unknown by another's failure (found by the model)."""
    ledger = engine.open()
    lead_to(ledger, S.POSTING)
    break_one_commit(engine, "lost")
    with pytest.raises(StoreFailed):
        ledger.claim("one", now=NOW)
    assert state_of(ledger) is S.POSTING


def test_B6_after_a_failed_commit_nothing_is_taken_until_a_probe_works(
    engine: SqliteEngine,
) -> None:
    """Triggers stay shut while the store is down, and open again by a probe that commits."""
    ledger = engine.open()
    ledger.reserve(a_row("one"), now=NOW)
    break_one_commit(engine, "lost")
    with pytest.raises(StoreFailed):
        ledger.reserve(a_row("two", replication="GID-2"), now=NOW)
    assert not ledger.is_up
    with pytest.raises(StoreFailed):
        ledger.claim("one", now=NOW)
    break_one_commit(engine, "lost")
    assert not ledger.probe()
    assert ledger.probe()
    assert ledger.is_up
    assert ledger.claim("one", now=NOW)


def test_control_a_claim_without_its_condition_is_seen_by_these_tests(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the condition of the claim a key is claimed twice: the tests above can fail."""
    monkeypatch.setattr("vr_exporter.ledger.trigger_rows._CLAIM", BROKEN_CLAIM)
    ledger = engine.open()
    ledger.reserve(a_row(), now=NOW)
    assert ledger.claim("one", now=NOW)
    assert ledger.claim("one", now=NOW)
