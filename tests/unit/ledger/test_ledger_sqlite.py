from __future__ import annotations

import logging
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

import vr_exporter.ledger
from tests.builders import NOW
from tests.ledgers import MADRID, Faults, a_row, step
from vr_exporter.domain.counts import ReplicationTotals, SiteChanges
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger import remembered, trigger_rows
from vr_exporter.ledger.sqlite import Ledger

STATEMENT = re.compile(
    r"\b(?:UPDATE|DELETE FROM|INSERT OR REPLACE INTO|DROP TABLE)\s+(\w+)", re.IGNORECASE
)


def test_C34_no_statement_changes_the_audit_but_the_pruning_by_age() -> None:
    """Rows are added; only those past their 90 days are removed."""
    room = Path(vr_exporter.ledger.__file__).parent
    found = [
        (module.stem, match.group(0))
        for module in sorted(room.glob("*.py"))
        for match in STATEMENT.finditer(module.read_text())
        if match.group(1) == "audit"
    ]
    assert found == [("pruning", "DELETE FROM audit")]


def test_C34_each_audit_row_is_one_log_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also while the store is down, and never twice."""
    faults = Faults()
    ledger = Ledger(tmp_path / "state.db", now=NOW, connect=faults.connect)
    caplog.set_level(logging.INFO)
    ledger.reserve(a_row(), now=NOW)
    faults.commits = ["lost"]
    ledger.settle(step(a_row(), TriggerState.SKIPPED, reason="paused"), now=NOW)
    ledger.probe()
    lines = [record for record in caplog.records if record.getMessage() == "audit"]
    assert [record.__dict__["what"] for record in lines] == ["reserved", "skipped"]
    assert [record.__dict__["actor"] for record in lines] == ["alice", "alice"]
    ledger.close()


def test_a_poll_of_10000_replications_is_written_in_a_moment(tmp_path: Path) -> None:
    """Both counters of every replication change: one row each, one commit, well below a second.

    Seconds of this thread at work: those in which a busy machine does other things are not ours.
    """
    ledger = Ledger(tmp_path / "state.db", now=NOW)
    ids = [ReplicationId(f"GID-{number:032d}") for number in range(10_000)]
    best = 9.0
    for poll in range(3):
        totals = ReplicationTotals(poll + 0.5, poll, NOW)
        changes = SiteChanges(replications=dict.fromkeys(ids, totals))
        begun = time.thread_time()
        ledger.record(MADRID, changes)
        best = min(best, time.thread_time() - begun)
    ledger.close()
    assert best < 1


def test_B7_a_store_of_100000_rows_opens_in_less_than_two_seconds(tmp_path: Path) -> None:
    """All that is open is in memory then, and the youngest of what has ended."""
    path = tmp_path / "state.db"
    ledger = Ledger(path, now=NOW)
    ended = step(a_row(), TriggerState.SUCCEEDED, sentence="ended well after some minutes")
    with ledger._store.transaction("T0") as connection:
        for number in range(100_000):
            target = replace(ended.target, replication_id=ReplicationId(f"GID-{number % 9000}"))
            row = replace(ended, key=f"{number:064x}", target=target, asked_at=NOW + number)
            trigger_rows.put(connection, row)
    ledger.reserve(a_row(asked_at=NOW - 5), now=NOW)
    ledger.close()
    begun = time.thread_time()
    again = Ledger(path, now=NOW)
    seconds = time.thread_time() - begun
    assert len(again.triggers()) == remembered.ENDED_REMEMBERED + 1
    assert again.trigger("one") is not None
    assert again.trigger(f"{0:064x}") is not None
    again.close()
    assert seconds < 2
