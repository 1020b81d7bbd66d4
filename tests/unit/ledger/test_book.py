"""The book by itself: steps, those they bring about, and what of them waits for the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.alerts import an_alert, begun
from tests.builders import NOW
from tests.ledgers import MADRID, a_row, step
from tests.stores import in_memory
from vr_exporter.domain.alerts import Event, News
from vr_exporter.domain.names import ReplicationId, TaskId
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger import trigger_rows
from vr_exporter.ledger.book import CLAIMS_REMEMBERED_SECONDS, US, Book

S = TriggerState


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty store in memory."""
    with in_memory() as connection:
        yield connection


@pytest.fixture
def book(connection: sqlite3.Connection) -> Book:
    """A book over it."""
    return Book(connection, now=NOW)


def told(book: Book) -> list[tuple[str, str]]:
    """Who did what by the audit, the oldest first."""
    return [(row.actor, row.what) for row in reversed(book.audit.youngest(None, 99))]


def opened_with(connection: sqlite3.Connection, *triggers: Trigger) -> Book:
    """A book over a store with these rows."""
    for trigger in triggers:
        trigger_rows.put(connection, trigger)
    return Book(connection, now=NOW)


def test_what_the_process_before_left_is_given_an_owner(connection: sqlite3.Connection) -> None:
    """A claimed one is looked for, a late one ends; the others wait on. All of it by us."""
    book = opened_with(
        connection,
        a_row("posting", state=S.POSTING, replication="1"),
        a_row("late", replication="2", not_after=NOW),
        a_row("waits", replication="3", not_after=NOW + 1),
        a_row("runs", state=S.RUNNING, replication="4", not_after=NOW),
    )
    book.take_over(now=NOW)
    found = {key: book.get(key) for key in ("posting", "late", "waits", "runs")}
    assert {key: trigger.state for key, trigger in found.items() if trigger} == {
        "posting": S.AMBIGUOUS,
        "late": S.EXPIRED,
        "waits": S.RESERVED,
        "runs": S.RUNNING,
    }
    late = found["late"]
    assert late is not None
    assert (late.sentence, late.ended_at) == ("nobody could ask in time", NOW)
    assert sorted(told(book)) == [(US, "ambiguous"), (US, "expired")]


def test_a_step_that_changes_nothing_is_none(book: Book) -> None:
    """It marks nothing, and returns what there was."""
    row = a_row()
    book.put(None, row, now=NOW)
    book.written()
    assert book.step(row, row, now=NOW) is row
    assert not book.has_unwritten


def test_an_end_ends_those_that_follow_by_whoever_brought_it(book: Book) -> None:
    """A step within the end ends nobody again."""
    leader = a_row("one", state=S.RUNNING)
    for row in (
        leader,
        a_row("two", state=S.JOINED, follows="one"),
        a_row("three", replication="x"),
    ):
        book.put(None, row, now=NOW)
    failed = step(leader, S.FAILED, reason="other")
    after = book.step(leader, failed, now=NOW, actor="bob")
    two = book.get("two")
    assert two is not None
    assert (two.state, two.reason) == (S.FAILED, "other")
    assert told(book)[-2:] == [("bob", "failed"), ("bob", "failed")]
    late = a_row("four", state=S.JOINED, follows="one")
    book.put(None, late, now=NOW)
    book.step(after, replace(after, sentence="said later"), now=NOW)
    four = book.get("four")
    assert four is not None
    assert four.state is S.JOINED


@pytest.mark.parametrize(("actor", "by"), [("", US), ("bob", "bob")])
def test_a_success_of_ours_closes_what_stayed_unknown(book: Book, actor: str, by: str) -> None:
    """Of its replication alone; by us, where nobody is named."""
    doubts = [
        a_row("mine", state=S.UNRESOLVED),
        a_row("other", state=S.UNRESOLVED, replication="GID-2"),
    ]
    running = a_row("one", state=S.RUNNING)
    for row in (*doubts, running):
        book.put(None, row, now=NOW)
    book.step(running, step(running, S.SUCCEEDED), now=NOW, actor=actor)
    closed = [key for key in ("mine", "other") if (now := book.get(key)) and now.is_acknowledged]
    assert closed == ["mine"]
    assert told(book)[-1] == (by, "acknowledged")


def test_only_what_is_unclear_and_meant_is_acknowledged(book: Book) -> None:
    """By key or by replication, once."""
    rows = [
        a_row("unresolved", state=S.UNRESOLVED, replication="1"),
        a_row("ambiguous", state=S.AMBIGUOUS, replication="2"),
        a_row("runs", state=S.RUNNING, replication="3"),
    ]
    for row in rows:
        book.put(None, row, now=NOW)
    assert book.acknowledge("runs", actor="bob", now=NOW) == ()
    assert [t.key for t in book.acknowledge("unresolved", actor="bob", now=NOW)] == ["unresolved"]
    assert [t.key for t in book.acknowledge("2", actor="bob", now=NOW)] == ["ambiguous"]
    assert book.acknowledge("2", actor="bob", now=NOW) == ()
    ambiguous = book.get("ambiguous")
    assert ambiguous is not None
    assert ambiguous.is_acknowledged
    assert told(book)[-2:] == [("bob", "acknowledged")] * 2


def test_what_waits_is_known_before_what_is_remembered(book: Book) -> None:
    """And counts as unwritten until it is on disk."""
    assert not book.has_unwritten
    book.put(None, a_row(), now=NOW)
    assert book.has_unwritten
    book.written()
    assert not book.has_unwritten
    book.put(a_row(), a_row(sentence="said later"), now=NOW)
    assert book.has_unwritten
    book.written()
    book.meta["kill_switch"] = "on"
    assert book.has_unwritten
    book.meta.clear()
    book.unhealed.add(ReplicationId("GID-1"))
    assert book.has_unwritten
    assert book.get("nobody") is None


def test_each_part_marks_the_book(book: Book) -> None:
    """And none of them is forgotten when all is written."""
    marks = (
        lambda: book.sync_kinds.learn(MADRID, "op"),
        lambda: book.failed_syncs.put(MADRID, {ReplicationId("GID-1"): 1}),
        lambda: book.unhealed.add(ReplicationId("GID-1")),
        lambda: book.audit.add(at=NOW, actor="bob", what="x"),
        lambda: book.totals.forget(MADRID),
        lambda: book.outbox.serve(["am-1"], now=NOW),
        lambda: book.outbox.take([begun(an_alert(Event.SYNC_FAILING))]),
    )
    marked = []
    for mark in marks:
        mark()
        marked.append(book.has_unwritten)
        book.written()
        assert not book.has_unwritten
    assert marked == [True] * 5 + [False, True]


def test_all_that_waits_is_written(book: Book, connection: sqlite3.Connection) -> None:
    """Whoever opens the store next finds it."""
    book.outbox.serve(["am-1"], now=NOW)
    book.outbox.take([begun(an_alert(Event.SYNC_FAILING))])
    book.meta["kill_switch"] = "on"
    book.put(None, a_row(state=S.RUNNING, task_id=TaskId("t"), claimed_at=NOW), now=NOW)
    book.sync_kinds.learn(MADRID, "op")
    book.failed_syncs.put(MADRID, {ReplicationId("GID-1"): 3})
    book.unhealed.add(ReplicationId("GID-1"))
    book.write(connection)
    again = Book(connection, now=NOW)
    assert again.get("one") == book.get("one")
    assert again.totals.totals(MADRID) == book.totals.totals(MADRID)
    assert again.sync_kinds.of(MADRID) == {"op"}
    assert again.failed_syncs.of(MADRID) == {"GID-1": 3}
    assert again.unhealed.counts == {"GID-1": 1}
    assert len(again.outbox.rows("am-1")) == 1
    assert len(again.audit.youngest(connection, 9)) == 1
    assert dict(connection.execute("SELECT name, value FROM meta")) == {"kill_switch": "on"}
    assert again.last_claims == {"GID-1": NOW}


def test_claims_are_known_for_a_day(connection: sqlite3.Connection) -> None:
    """Longer than any cool-down."""
    late = a_row("a", state=S.SUCCEEDED, claimed_at=NOW - CLAIMS_REMEMBERED_SECONDS)
    begin = NOW - CLAIMS_REMEMBERED_SECONDS
    young = a_row("b", state=S.SUCCEEDED, claimed_at=begin + 1, replication="GID-2")
    assert set(opened_with(connection, late, young).last_claims) == {"GID-2"}


def test_a_new_wish_joins_where_its_target_is_held(book: Book) -> None:
    """Or where it was seen to sync; else it waits."""
    assert book.placed(a_row("x")).state is S.RESERVED
    assert book.placed(a_row("x", state=S.SKIPPED, follows="gone")).follows == "gone"
    seen = book.placed(a_row("x", state=S.JOINED))
    assert (seen.state, seen.has_joined, seen.follows) == (S.JOINED, True, "")
    book.put(None, a_row("one"), now=NOW)
    placed = book.placed(a_row("x"))
    assert (placed.state, placed.has_joined, placed.follows) == (S.JOINED, True, "one")
    assert not book.placed(a_row("x", replication="GID-2")).has_joined


def test_a_trial_that_fails_leaves_no_trace(book: Book) -> None:
    """No count, no row, nothing remembered; one that ends well has all three."""
    skipped = a_row(state=S.SKIPPED, reason="paused", ended_at=NOW)
    with pytest.raises(ZeroDivisionError), book.trial(None, skipped, now=NOW):
        raise ZeroDivisionError
    assert (told(book), book.totals.totals(MADRID).counters, book.get("one")) == ([], {}, None)
    with book.trial(None, skipped, now=NOW):
        pass
    assert told(book) == [("alice", "skipped")]
    assert book.get("one") == skipped
    assert book.totals.totals(MADRID).counters["vr_trigger_skips_total"] == {("paused",): 1}


def test_news_of_a_step_goes_to_the_outbox(connection: sqlite3.Connection) -> None:
    """Of a new state alone, with the trigger before and after it."""
    heard: list[tuple[Trigger | None, Trigger, float]] = []

    def notice(before: Trigger | None, after: Trigger, at: float) -> tuple[News, ...]:
        heard.append((before, after, at))
        return (begun(an_alert(Event.TRIGGER_AMBIGUOUS)),)

    book = Book(connection, now=NOW, notice=notice)
    book.outbox.serve(["am-1"], now=NOW)
    row: Trigger = a_row()
    book.put(None, row, now=NOW)
    running = step(row, S.RUNNING)
    book.put(row, running, now=NOW + 1)
    book.put(running, replace(running, sentence="x"), now=NOW + 2)
    assert heard == [(None, row, NOW), (row, running, NOW + 1)]
    assert len(book.outbox.rows("am-1")) == 1
