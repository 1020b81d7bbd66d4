"""The audit by itself: what waits, what is on disk, and what of it is the bridge's."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator

import pytest

from tests.builders import NOW
from tests.ledgers import a_row
from tests.stores import in_memory
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger import audit as room
from vr_exporter.ledger.audit import Audit


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty store in memory."""
    with in_memory() as connection:
        yield connection


def keep(audit: Audit, connection: sqlite3.Connection) -> None:
    """Write what waits."""
    audit.write(connection)
    audit.written()


def test_a_row_says_who_what_and_why(connection: sqlite3.Connection) -> None:
    """Of a trigger: its state and reason; what a decision rested on follows in brackets."""
    audit = Audit(connection)
    trigger = a_row(state=TriggerState.SKIPPED, reason="paused", sentence="db-01 is paused")
    row = audit.note(trigger, now=NOW)
    assert (row.seq, row.at, row.actor, row.what) == (1, NOW, "alice", "skipped")
    assert (row.key, row.site, row.replication) == ("one", "madrid", "GID-1")
    assert row.result == "paused: db-01 is paused"
    other = audit.note(trigger, now=NOW, what="acknowledged", actor="bob", inputs="mode on")
    assert (other.seq, other.actor, other.what) == (2, "bob", "acknowledged")
    assert other.result == "paused: db-01 is paused [mode on]"
    assert audit.note(a_row(), now=NOW).result == ""
    assert audit.note(a_row(sentence="x"), now=NOW).result == "x"


def test_rows_wait_until_they_are_written(connection: sqlite3.Connection) -> None:
    """Those that wait come from memory, the others from disk; the youngest first."""
    audit = Audit(connection)
    assert not audit.has_unwritten
    rows = [audit.add(at=NOW + n, actor="alice", what=f"w{n}") for n in range(4)]
    assert audit.has_unwritten
    assert audit.youngest(connection, 9) == (rows[3], rows[2], rows[1], rows[0])
    keep(audit, connection)
    assert not audit.has_unwritten
    rows += [audit.add(at=NOW + n, actor="bob", what=f"w{n}") for n in (4, 5)]
    assert audit.youngest(connection, 9) == tuple(reversed(rows))
    assert audit.youngest(connection, 3) == (rows[5], rows[4], rows[3])
    assert audit.youngest(connection, 1) == (rows[5],)
    assert audit.youngest(None, 9) == (rows[5], rows[4])


def test_rows_written_by_a_commit_that_seemed_to_fail_are_shown_once(
    connection: sqlite3.Connection,
) -> None:
    """They wait still, and are on disk already."""
    audit = Audit(connection)
    row = audit.add(at=NOW, actor="alice", what="w")
    audit.write(connection)
    audit.write(connection)
    assert audit.youngest(connection, 9) == (row,)


def test_the_bridge_has_what_alerts_asked_and_people_did_about_them(
    connection: sqlite3.Connection,
) -> None:
    """In memory and on disk alike."""
    audit = Audit(connection)
    added = [
        audit.add(at=NOW, actor=actor, what=what)
        for actor, what in (
            ("alice", "posting"),
            ("alert VrRpoBreached", "skipped"),
            ("bob", "kill_switch"),
            ("bob", "loop_acknowledged"),
            ("bob", "test_alert"),
            ("alerted", "running"),
        )
    ]
    of_bridge = (added[4], added[3], added[2], added[1])
    assert audit.youngest(connection, 9, of_bridge=True) == of_bridge
    keep(audit, connection)
    assert audit.youngest(connection, 9, of_bridge=True) == of_bridge
    assert len(audit.youngest(connection, 9)) == 6
    assert audit.youngest(connection, 2, of_bridge=True) == of_bridge[:2]


def test_a_deed_that_did_not_come_to_pass_is_taken_back(connection: sqlite3.Connection) -> None:
    """Its number is not given again; one that is gone already is no fault."""
    audit = Audit(connection)
    first, second = (audit.add(at=NOW, actor="alice", what=what) for what in "ab")
    audit.take_back(first)
    audit.take_back(first)
    assert audit.youngest(None, 9) == (second,)
    assert audit.add(at=NOW, actor="alice", what="c").seq == 3


def test_each_row_is_logged_once_with_what_it_holds(
    connection: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Empty facts are left out; a row told before it was written is not told again."""
    caplog.set_level(logging.INFO)
    audit = Audit(connection)
    audit.add(at=NOW, actor="alice", what="kill_switch", result="on")
    audit.tell()
    audit.note(a_row(), now=NOW)
    keep(audit, connection)
    assert [record.getMessage() for record in caplog.records] == ["audit", "audit"]
    names = ("site", "replication", "key", "actor", "what", "result")
    found = [
        {name: record.__dict__[name] for name in names if name in record.__dict__}
        for record in caplog.records
    ]
    assert found == [
        {"actor": "alice", "what": "kill_switch", "result": "on"},
        {
            "site": "madrid",
            "replication": "GID-1",
            "key": "one",
            "actor": "alice",
            "what": "reserved",
        },
    ]


def test_numbers_go_on_after_those_on_disk(connection: sqlite3.Connection) -> None:
    """Also after a commit whose end nobody knows."""
    audit = Audit(connection)
    audit.add(at=NOW, actor="alice", what="a")
    keep(audit, connection)
    again = Audit(connection)
    assert again.add(at=NOW, actor="alice", what="b").seq == 2
    connection.execute("INSERT INTO audit VALUES (7, 0, '', '', '', '', '', '')")
    again.read_back(connection)
    assert again.add(at=NOW, actor="alice", what="c").seq == 8
    again.read_back(connection)
    assert again.add(at=NOW, actor="alice", what="d").seq == 9


def test_B1_rows_that_wait_for_long_do_not_grow_for_ever(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest stand in the log alone."""
    monkeypatch.setattr(room, "LONGEST_WAIT", 3)
    audit = Audit(connection)
    for number in range(5):
        audit.add(at=NOW, actor="alice", what=f"{number}")
    assert [row.what for row in audit.youngest(None, 9)] == ["4", "3", "2"]
