"""What the disk says of a commit that failed is the truth, as soon as it can be read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.ledgers import Faults, a_row
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger import trigger_rows
from vr_exporter.ledger.book import US, Book
from vr_exporter.ledger.store import Store, StoreFailed
from vr_exporter.ledger.writing import Doubt, Writer

S = TriggerState


class Desk:
    """A store, a book over it, and the writer between them."""

    def __init__(self, folder: Path) -> None:
        self.faults = Faults()
        self.store = Store(folder / "state.db", connect=self.faults.connect)
        self.book = self.store.read(lambda connection: Book(connection, now=NOW))
        self.writer = Writer(self.store, self.book)

    def on_disk(self, **changes: object) -> None:
        """Have a row on disk that memory knows nothing of."""
        with self.store.transaction("T0") as connection:
            trigger_rows.put(connection, a_row(**changes))  # type: ignore[arg-type]

    def doubt(self, doubt: Doubt) -> None:
        """Let the commit of this step fail."""
        with suppress(StoreFailed), self.writer._doubted(doubt):
            raise StoreFailed

    def told(self) -> list[tuple[str, str, float]]:
        """Who did what and when, by the audit."""
        rows = self.book.audit.youngest(None, 9)
        return [(row.actor, row.what, row.at) for row in reversed(rows)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty one."""
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


def test_K2_a_wish_that_reached_the_disk_is_ended_there(desk: Desk) -> None:
    """Whoever asked was told no."""
    desk.on_disk()
    desk.doubt(Doubt("one", "T1", NOW + 5))
    found = desk.book.get("one")
    assert found is not None
    assert (found.state, found.ended_at) == (S.EXPIRED, NOW + 5)
    assert found.sentence == "the ledger failed when it was asked for"
    assert desk.told() == [(US, "expired", NOW + 5)]


def test_K2_a_joining_that_reached_the_disk_holds(desk: Desk) -> None:
    """It ends with its leader, also where that ended meanwhile."""
    desk.on_disk(state=S.JOINED, has_joined=True, follows="leader")
    desk.doubt(Doubt("one", "T1", NOW))
    found = desk.book.get("one")
    assert found is not None
    assert found.state is S.JOINED
    assert desk.told() == [(US, "joined", NOW)]
    leader = a_row("leader", state=S.FAILED, reason="storage", ended_at=NOW)
    desk.book.put(None, leader, now=NOW)
    desk.on_disk(key="two", state=S.JOINED, has_joined=True, follows="leader")
    desk.doubt(Doubt("two", "T1", NOW + 1))
    second = desk.book.get("two")
    assert second is not None
    assert (second.state, second.reason) == (S.FAILED, "storage")
    assert desk.told()[-2:] == [(US, "joined", NOW + 1), (US, "failed", NOW + 1)]


@pytest.mark.parametrize(
    ("known", "on_disk", "state"),
    [
        (S.RESERVED, S.POSTING, S.AMBIGUOUS),
        (S.RESERVED, S.RESERVED, S.RESERVED),
        (S.RUNNING, S.POSTING, S.RUNNING),
        (S.SKIPPED, S.POSTING, S.SKIPPED),
    ],
)
def test_K5_a_claim_that_reached_the_disk_is_looked_for(
    desk: Desk, known: TriggerState, on_disk: TriggerState, state: TriggerState
) -> None:
    """No POST was made of it, but who reads the disk cannot know; what went on stays."""
    desk.book.put(None, a_row(state=known), now=NOW)
    desk.book.written()
    desk.on_disk(state=on_disk)
    desk.doubt(Doubt("one", "T2", NOW + 5))
    found = desk.book.get("one")
    assert found is not None
    assert found.state is state
    if state is S.AMBIGUOUS:
        assert desk.told()[-1] == (US, "ambiguous", NOW + 5)


def test_K5_a_claim_of_which_memory_knows_nothing_is_left_to_the_next_start(desk: Desk) -> None:
    """That finds it posting, and looks for it."""
    desk.on_disk(state=S.POSTING)
    desk.doubt(Doubt("one", "T2", NOW))
    assert desk.book.get("one") is None


def test_K2_a_joining_goes_on_while_its_leader_does(desk: Desk) -> None:
    """Its end is not known yet."""
    desk.book.put(None, a_row("leader", state=S.RUNNING), now=NOW)
    desk.on_disk(state=S.JOINED, has_joined=True, follows="leader")
    desk.doubt(Doubt("one", "T1", NOW))
    found = desk.book.get("one")
    assert found is not None
    assert found.state is S.JOINED


def test_C34_what_waits_for_the_disk_is_in_the_log_at_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody knows when it will be written."""
    caplog.set_level(logging.INFO)
    desk.book.audit.add(at=NOW, actor="bob", what="kill_switch")
    desk.faults.commits = ["lost"]
    assert not desk.writer.write_behind("T6")
    assert [record.getMessage() for record in caplog.records].count("audit") == 1
    assert desk.writer.write_behind("T6")
    assert [record.getMessage() for record in caplog.records].count("audit") == 1


def test_K2_what_did_not_reach_the_disk_was_never_asked(desk: Desk) -> None:
    """The doubt is over once it was looked for."""
    desk.doubt(Doubt("one", "T1", NOW))
    assert desk.book.get("one") is None
    desk.on_disk()
    assert desk.writer.write_behind("probe")
    assert desk.book.get("one") is None
    assert desk.writer.find("one") == a_row()


def test_K2_a_doubt_waits_for_the_file(desk: Desk) -> None:
    """It is looked at as soon as that opens, before anything is written."""
    desk.on_disk()
    desk.faults.is_gone, desk.faults.commits = True, ["lost"]
    with pytest.raises(StoreFailed), desk.writer.transaction("T1"):
        pass
    desk.doubt(Doubt("one", "T1", NOW))
    assert desk.book.get("one") is None
    assert not desk.writer.write_behind("probe")
    desk.faults.is_gone = False
    assert desk.writer.write_behind("probe")
    found = desk.book.get("one")
    assert found is not None
    assert found.state is S.EXPIRED
    assert not desk.book.has_unwritten
    assert desk.store.is_up


def test_what_waits_goes_with_the_next_transaction(desk: Desk) -> None:
    """And waits no more once that is durable; a probe after a failure says so on disk."""
    desk.book.put(None, a_row(), now=NOW)
    desk.faults.commits = ["lost"]
    assert not desk.writer.write_behind("T3")
    assert desk.book.has_unwritten
    row = replace(a_row("two"), target=a_row(replication="2").target)
    with desk.writer.transaction("T1") as connection:
        trigger_rows.put(connection, row)
    assert not desk.book.has_unwritten
    found = desk.store.read(lambda c: [row.key for row in trigger_rows.still_open(c)])
    assert sorted(found) == ["one", "two"]
