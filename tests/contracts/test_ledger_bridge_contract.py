"""What any ledger does for the bridge: refusals in one go, loops counted over restarts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW
from tests.ledgers import SqliteEngine
from tests.wishes import a_target, a_trigger
from vr_exporter.domain.counts import ReplicationTotals, SiteChanges
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.triggers import Origin, Skip, TriggerState
from vr_exporter.ledger.sqlite import REFUSALS_AT_A_TIME, Ledger, Refusal
from vr_exporter.ledger.store import StoreFailed

GID = ReplicationId("GID-1")
DAY = 86_400.0


def claimed(ledger: Ledger, origin: Origin = Origin.ALERT) -> None:
    """Let a wish of this origin be claimed, and end."""
    trigger = a_trigger(origin=origin, actor="alice" if origin is Origin.CLI else "alert A")
    ledger.reserve(trigger, now=NOW)
    assert ledger.claim(trigger.key, now=NOW)
    end = ledger.trigger(trigger.key)
    assert end is not None


def test_refusals_are_counted_and_noted_all_at_once(engine: SqliteEngine) -> None:
    """Each is a wish skipped and a row of its own, some hundreds to a commit."""
    ledger = engine.open()
    wishes = [a_trigger(origin=Origin.ALERT, actor="alert A") for _ in range(1200)]
    writes = ledger.facts.writes
    ledger.refuse_all([Refusal(each, Skip("storm", "many"), "mode on") for each in wishes], now=NOW)
    assert ledger.facts.writes - writes == -(-1200 // REFUSALS_AT_A_TIME)
    rows = ledger.audit(limit=2000, of_bridge=True)
    assert len(rows) == 1200
    assert rows[0].result == "storm: many [mode on]"


def test_claims_by_alert_are_counted_until_they_heal_and_over_restarts(
    engine: SqliteEngine,
) -> None:
    """Those of people are not; an acknowledgement stands in the audit."""
    ledger = engine.open()
    claimed(ledger)
    assert (ledger.unhealed_of(GID), dict(ledger.unhealed)) == (1, {GID: 1})
    ledger.close()
    again = engine.open()
    assert again.unhealed_of(GID) == 1
    assert again.acknowledge_loop(GID, actor="alice", now=NOW) == 1
    assert again.acknowledge_loop(GID, actor="alice", now=NOW) == 0
    (row, *_) = again.audit(limit=1, of_bridge=True)
    assert (row.what, row.actor, row.replication) == ("loop_acknowledged", "alice", GID)
    again.close()
    assert engine.open().unhealed_of(GID) == 0


def test_T7_a_loop_of_a_replication_that_is_gone_goes_with_its_last_trigger(
    engine: SqliteEngine,
) -> None:
    """One that a site shows keeps it for as long as it does not heal."""
    for replication in ("GID-gone", "GID-shown"):
        ledger = engine.open()
        trigger = a_trigger(
            key=replication,
            target=a_target(replication_id=ReplicationId(replication)),
            origin=Origin.ALERT,
        )
        ledger.reserve(trigger, now=NOW)
        assert ledger.claim(replication, now=NOW)
        end = replace(trigger, state=TriggerState.REFUSED, ended_at=NOW)
        ledger.settle(end, now=NOW)
    shown = {ReplicationId("GID-shown"): ReplicationTotals(60.0)}
    ledger.record(SiteName("madrid"), SiteChanges(replications=shown))
    ledger.prune(now=NOW + 29 * DAY)
    assert ledger.unhealed.keys() == {"GID-gone", "GID-shown"}
    assert ledger.prune(now=NOW + 31 * DAY) == 2
    assert ledger.unhealed == {"GID-shown": 1}
    assert engine.crash().unhealed == {"GID-shown": 1}


def test_a_claim_by_a_person_is_no_part_of_a_loop(engine: SqliteEngine) -> None:
    """Whoever asks by hand knows what they do."""
    ledger = engine.open()
    claimed(ledger, Origin.CLI)
    assert ledger.unhealed_of(GID) == 0


def test_B1_a_claim_that_could_not_be_written_is_not_counted(engine: SqliteEngine) -> None:
    """Nothing was sent, so nothing was tried."""
    ledger = engine.open()
    trigger = a_trigger(origin=Origin.ALERT, target=a_target())
    ledger.reserve(trigger, now=NOW)
    engine.faults.commits = ["lost"]
    with pytest.raises(StoreFailed):
        ledger.claim(trigger.key, now=NOW)
    assert ledger.unhealed_of(GID) == 0


def test_the_audit_of_the_bridge_leaves_out_what_no_alert_asked_for(engine: SqliteEngine) -> None:
    """Older rows come from disk, the youngest first."""
    ledger = engine.open()
    claimed(ledger, Origin.CLI)
    ledger.set_kill_switch(on=True, actor="alice", now=NOW)
    ledger.refuse(a_trigger(actor="alert A"), Skip("kill_switch", "stopped"), now=NOW)
    ledger.refuse(a_trigger(actor="nightly"), Skip("off", "off"), now=NOW)
    whats = [row.what for row in ledger.audit(limit=10, of_bridge=True)]
    assert whats == ["skipped", "kill_switch"]
    assert len(ledger.audit(limit=1, of_bridge=True)) == 1
