"""What readers see of triggers: open ones, ended ones, and those since the last success."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.ledgers import BERLIN, MADRID, Faults, a_row, lead_on, lead_to
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger import remembered
from vr_exporter.ledger.remembered import Remembered, age_of, is_open
from vr_exporter.ledger.sqlite import Ledger

S = TriggerState


def test_since_its_last_success_a_site_shows_what_ended_and_what_is_under_way(
    tmp_path: Path,
) -> None:
    """Of its own: what joined, and what stayed unknown, is not under way."""
    ledger = Ledger(tmp_path / "state.db", now=NOW)
    for key, state in (("1", S.FAILED), ("2", S.RUNNING), ("3", S.UNRESOLVED), ("4", S.RESERVED)):
        lead_to(ledger, state, key=key, replication=key)
    ledger.reserve(a_row("5", replication="4"), now=NOW)
    far = a_row("6", replication="6")
    ledger.reserve(replace(far, target=replace(far.target, site=BERLIN)), now=NOW)
    found = [trigger.key for trigger in ledger.since_success(MADRID)]
    assert sorted(found) == ["1", "2", "3", "4"]
    assert [trigger.key for trigger in ledger.open_triggers(MADRID)] == ["2", "3", "4", "5"]
    lead_on(ledger, "6", S.SUCCEEDED)
    assert [trigger.key for trigger in ledger.since_success(BERLIN)] == ["6"]
    ledger.close()


def test_of_one_age_triggers_are_in_the_order_of_their_keys(tmp_path: Path) -> None:
    """So that a list does not change while nothing happens."""
    ledger = Ledger(tmp_path / "state.db", now=NOW)
    for key in ("b", "c", "a"):
        ledger.reserve(a_row(key, replication=key), now=NOW)
    ledger.reserve(a_row("young", replication="y", asked_at=NOW + 1), now=NOW)
    assert [trigger.key for trigger in ledger.triggers()] == ["young", "a", "b", "c"]
    ledger.close()


def test_the_youngest_that_ended_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than that, and the oldest is dropped, from its streak as well."""
    monkeypatch.setattr(remembered, "ENDED_REMEMBERED", 2)
    rows = [
        a_row(f"{n}", state=S.FAILED, claimed_at=NOW, ended_at=NOW + n, asked_at=NOW + n)
        for n in range(3)
    ]
    kept = Remembered(reversed(rows))
    assert [each.key for each in kept.every()] == ["1", "2"]
    assert [each.key for each in kept.streak(MADRID)] == ["1", "2"]
    assert (kept.get("0"), kept.get("2")) == (None, rows[2])


def test_a_target_is_held_by_the_one_that_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until that ends; the end of another trigger lets nobody go."""
    monkeypatch.undo()
    kept = Remembered()
    one, two = a_row("one", state=S.RUNNING), a_row("two", state=S.JOINED, follows="one")
    kept.put(one)
    kept.put(two)
    kept.put(a_row("three", state=S.UNRESOLVED, replication="3", follows="one"))
    assert kept.holder(one.target.replication_id) == one
    assert kept.followers("one") == [two]
    kept.put(replace(two, state=S.SUCCEEDED))
    assert kept.holder(one.target.replication_id) == one
    assert kept.followers("one") == []
    kept.put(replace(one, state=S.SUCCEEDED))
    assert kept.holder(one.target.replication_id) is None


def test_triggers_are_chosen_by_site_and_by_being_unfinished() -> None:
    """What stayed unknown is open, and no more unfinished."""
    far = a_row("far", replication="x")
    far = replace(far, target=replace(far.target, site=BERLIN))
    rows = [a_row("open"), a_row("unclear", state=S.UNRESOLVED), a_row("done", state=S.LOST), far]
    kept = Remembered(rows)

    def keys(**how: object) -> set[str]:
        return {each.key for each in kept.chosen(**{"site": None, "unfinished": False, **how})}  # type: ignore[arg-type]

    assert keys() == {"open", "unclear", "done", "far"}
    assert keys(unfinished=True) == {"open", "far"}
    assert keys(site=BERLIN) == {"far"}
    assert keys(site=MADRID, unfinished=True) == {"open"}


def test_what_is_open_and_how_old_it_is() -> None:
    """Unknown ends stay open until somebody took note; the age counts from the end, if any."""
    assert is_open(a_row())
    assert is_open(a_row(state=S.UNRESOLVED))
    assert not is_open(a_row(state=S.UNRESOLVED, is_acknowledged=True))
    assert not is_open(a_row(state=S.SUCCEEDED))
    assert age_of(a_row(ended_at=NOW + 5)) == NOW + 5
    assert age_of(a_row()) == NOW


def test_what_ended_before_is_dropped() -> None:
    """Open ones stay however old."""
    kept = Remembered(
        [
            a_row("old", state=S.LOST, ended_at=NOW),
            a_row("new", state=S.LOST, ended_at=NOW + 1),
            a_row("open", asked_at=0.0),
        ]
    )
    kept.drop_ended_before(NOW + 1)
    assert {each.key for each in kept.every()} == {"new", "open"}


def test_a_trigger_stands_once_however_it_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alert skipped may wait again; what is put in again is the youngest."""
    kept = Remembered()
    kept.put(a_row(state=S.SKIPPED))
    kept.put(a_row())
    assert [each.state for each in kept.every()] == [S.RESERVED]
    monkeypatch.setattr(remembered, "ENDED_REMEMBERED", 2)
    for key in ("a", "b", "a", "c"):
        kept.put(a_row(key, state=S.LOST))
    assert [each.key for each in kept.every()] == ["one", "a", "c"]


def test_what_ended_long_ago_is_found_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its key alone, and not while the store is down."""
    monkeypatch.setattr(remembered, "ENDED_REMEMBERED", 2)
    faults = Faults()
    ledger = Ledger(tmp_path / "state.db", now=NOW, connect=faults.connect)
    rows = [lead_to(ledger, S.SUCCEEDED, key=f"{n}", replication=f"{n}") for n in range(3)]
    assert [each.key for each in ledger.triggers()] == ["1", "2"]
    assert ledger.trigger("0") == rows[0]
    assert ledger.trigger("2") == rows[2]
    faults.commits, faults.is_gone = ["lost"], True
    ledger.note("x", actor="bob", now=NOW, result="y")
    assert ledger.trigger("0") is None
    assert ledger.trigger("2") == rows[2]
    faults.is_gone = False
    ledger.close()
