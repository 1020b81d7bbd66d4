"""Triggers as rows, and what their outcome is."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from tests.builders import NOW
from tests.ledgers import BERLIN, a_row
from tests.stores import in_memory
from vr_exporter.domain.names import PairingId, ReplicationId, TaskId
from vr_exporter.domain.triggers import Origin, Outcome, Target, Trigger, TriggerState
from vr_exporter.ledger import trigger_rows

S = TriggerState
WHOLE = Trigger(
    key="k-\ud800",
    target=Target(ReplicationId("GID-9"), BERLIN, PairingId("p"), "vm ü", "vm-9"),
    origin=Origin.ALERT,
    asked_at=NOW + 0.25,
    not_after=NOW + 2,
    actor="alert A",
    state=S.FAILED,
    has_joined=True,
    reason="r",
    sentence="s",
    is_forced=True,
    max_age_seconds=5.5,
    body_digest="d",
    follows="f",
    claimed_at=NOW + 3,
    answered_at=NOW + 4,
    ended_at=NOW + 5,
    task_id=TaskId("t"),
    task_queued_at=NOW + 6,
    error_code="e",
    is_confirmed=False,
    is_acknowledged=True,
)


@pytest.mark.parametrize("trigger", [WHOLE, a_row(), replace(WHOLE, is_confirmed=True)])
def test_a_trigger_comes_back_from_its_row_as_it_was(trigger: Trigger) -> None:
    """Every field, with nothing told and with everything."""
    with in_memory() as connection:
        trigger_rows.put(connection, trigger)
        assert trigger_rows.find(connection, trigger.key) == trigger
        assert trigger_rows.find(connection, "nobody") is None


def test_no_field_of_a_whole_trigger_is_its_default() -> None:
    """Else the test above would not see one that is left out."""
    for each in fields(Trigger):
        assert each.default is MISSING or getattr(WHOLE, each.name) != each.default, each.name


def test_rows_are_found_by_age_and_by_state() -> None:
    """The youngest first, so many as are asked for; the open ones all."""
    with in_memory() as connection:
        for number, state in enumerate(S):
            row = a_row(f"{number}", state=state, replication=f"{number}", asked_at=NOW + number)
            trigger_rows.put(connection, row)
        youngest = [row.key for row in trigger_rows.youngest(connection, 3)]
        assert youngest == [f"{number}" for number in range(len(S) - 1, len(S) - 4, -1)]
        found = {row.state for row in trigger_rows.still_open(connection)}
        assert found == {S.RESERVED, S.POSTING, S.RUNNING, S.JOINED, S.AMBIGUOUS, S.UNRESOLVED}


def test_T2_a_row_is_taken_once_and_in_time() -> None:
    """Only while it waits."""
    with in_memory() as connection:
        trigger_rows.put(connection, a_row(not_after=NOW + 5))
        assert not trigger_rows.take(connection, "one", now=NOW + 5)
        assert not trigger_rows.take(connection, "two", now=NOW)
        assert trigger_rows.take(connection, "one", now=NOW + 4)
        assert not trigger_rows.take(connection, "one", now=NOW + 4)
        found = trigger_rows.find(connection, "one")
        assert found is not None
        assert (found.state, found.claimed_at) == (S.POSTING, NOW + 4)


def test_the_last_claim_of_each_replication_is_read() -> None:
    """The latest one, and none from before."""
    with in_memory() as connection:
        for key, at in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
            trigger_rows.put(connection, a_row(key, state=S.FAILED, claimed_at=at))
        assert trigger_rows.last_claims(connection, since=0.5) == {"GID-1": 3.0}
        assert trigger_rows.last_claims(connection, since=3.0) == {}


@pytest.mark.parametrize(
    ("changes", "outcome", "exit_code"),
    [
        ({}, None, None),
        ({"state": S.POSTING}, None, None),
        ({"state": S.RUNNING}, Outcome.ACCEPTED, None),
        ({"state": S.SUCCEEDED}, Outcome.ACCEPTED, 0),
        ({"state": S.FAILED}, Outcome.REJECTED, 5),
        ({"state": S.FAILED, "task_id": TaskId("t")}, Outcome.ACCEPTED, 5),
        ({"state": S.LOST}, Outcome.ACCEPTED, 6),
        ({"state": S.JOINED, "has_joined": True}, Outcome.JOINED, None),
        ({"state": S.FAILED, "has_joined": True}, Outcome.JOINED, 5),
        ({"state": S.SKIPPED, "reason": "paused"}, Outcome.SKIPPED, 5),
        ({"state": S.SKIPPED, "reason": "fresh"}, Outcome.SKIPPED, 0),
        ({"state": S.FAILED, "reason": "fresh", "task_id": TaskId("t")}, Outcome.ACCEPTED, 5),
        ({"state": S.REFUSED}, Outcome.REJECTED, 5),
        ({"state": S.AMBIGUOUS}, None, 6),
        ({"state": S.AMBIGUOUS, "task_id": TaskId("t")}, Outcome.ACCEPTED, 6),
        ({"state": S.UNRESOLVED}, Outcome.AMBIGUOUS, 6),
        ({"state": S.UNRESOLVED, "task_id": TaskId("t")}, Outcome.ACCEPTED, 6),
        ({"state": S.EXPIRED}, Outcome.SKIPPED, 4),
        ({"state": S.RESERVED, "task_id": TaskId("t")}, None, None),
    ],
)
def test_a_trigger_has_the_outcome_and_exit_code_of_its_state(
    changes: dict[str, Any], outcome: Outcome | None, exit_code: int | None
) -> None:
    """One that joined has joined whatever comes; one with a task was accepted."""
    trigger = a_row(**changes)
    assert (trigger.outcome, trigger.exit_code) == (outcome, exit_code)
