"""Which step a trigger may take, and what it takes along."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.builders import NOW
from tests.ledgers import BERLIN, a_row
from vr_exporter.domain.names import ReplicationId, TaskId
from vr_exporter.domain.triggers import NEXT, Origin, Skip, Trigger, TriggerState
from vr_exporter.ledger.steps import (
    FINAL_REASONS,
    IllegalStep,
    check_step,
    ended_with,
    expired,
    may_turn,
    merged,
    skipped,
    unanswered,
)

S = TriggerState
OTHER = Trigger(
    key="one",
    target=replace(a_row().target, replication_id=ReplicationId("GID-9"), site=BERLIN),
    origin=Origin.ALERT,
    asked_at=NOW + 1,
    not_after=NOW + 2,
    actor="mallory",
    state=S.RUNNING,
    reason="r",
    sentence="s",
    is_forced=True,
    max_age_seconds=5.0,
    body_digest="other",
    follows="f",
    claimed_at=NOW + 3,
    answered_at=NOW + 4,
    ended_at=NOW + 5,
    task_id=TaskId("t"),
    task_queued_at=NOW + 6,
    error_code="e",
    is_confirmed=True,
)
ASKED = (
    *("key", "target", "origin", "asked_at", "not_after", "actor", "body_digest", "is_forced"),
    *("claimed_at", "has_joined", "is_acknowledged"),
)


def test_what_was_asked_stays_through_a_step_and_the_rest_is_new() -> None:
    """Field by field."""
    before = a_row(claimed_at=NOW)
    after = merged(before, OTHER)
    for each in fields(Trigger):
        source = before if each.name in ASKED else OTHER
        assert getattr(after, each.name) == getattr(source, each.name), each.name


@pytest.mark.parametrize(
    ("before", "after", "has_joined"),
    [
        ({}, {"state": S.JOINED}, True),
        ({"has_joined": True}, {"state": S.SUCCEEDED}, True),
        ({}, {"state": S.SUCCEEDED, "has_joined": True}, False),
    ],
)
def test_who_has_joined_stays_one_that_joined(
    before: dict[str, Any], after: dict[str, Any], *, has_joined: bool
) -> None:
    """It is the state that says so, no field of the step."""
    assert merged(a_row(**before), a_row(**after)).has_joined is has_joined


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("after", [False, True])
def test_an_acknowledgement_stays(*, before: bool, after: bool) -> None:
    """Whichever of the two has it."""
    found = merged(a_row(is_acknowledged=before), a_row(is_acknowledged=after))
    assert found.is_acknowledged is (before or after)


@pytest.mark.parametrize("before", S)
@pytest.mark.parametrize("after", S)
def test_a_step_is_one_of_the_table(before: TriggerState, after: TriggerState) -> None:
    """Reserve and claim have calls of their own; to stay is always allowed."""
    own = {S.RESERVED, S.POSTING}
    if before is after or after in NEXT.get(before, frozenset()) - own:
        check_step(a_row(state=before), a_row(state=after))
        return
    with pytest.raises(IllegalStep) as caught:
        check_step(a_row(state=before), a_row(state=after))
    assert str(caught.value) == f"one: from {before} to {after}"


@pytest.mark.parametrize(
    ("known", "offered", "may"),
    [
        ({"state": S.SKIPPED, "reason": "stale"}, {}, True),
        ({"state": S.EXPIRED, "reason": "expired"}, {}, True),
        ({"state": S.SKIPPED, "reason": "stale"}, {"origin": Origin.API}, False),
        ({"state": S.SKIPPED, "reason": "stale"}, {"body_digest": "other"}, False),
        ({"state": S.RUNNING}, {}, False),
        ({"state": S.SUCCEEDED}, {}, False),
        *(({"state": S.SKIPPED, "reason": reason}, {}, False) for reason in sorted(FINAL_REASONS)),
    ],
)
def test_an_alert_offered_again_may_wait_once_more(
    known: dict[str, Any], offered: dict[str, Any], *, may: bool
) -> None:
    """The same wish of an alert, that never saw a POST, skipped for what passes."""
    alert = a_row(origin=Origin.ALERT)
    assert may_turn(replace(alert, **known), replace(alert, **offered)) is may


def test_a_follower_ends_as_its_leader_and_stays_itself() -> None:
    """State, reason, sentence, task and time are the leader's; what was asked is its own."""
    leader = replace(OTHER, state=S.SUCCEEDED)
    follower = a_row("two", state=S.JOINED, has_joined=True, follows="one")
    taken = (
        *("state", "reason", "sentence", "error_code", "task_id", "task_queued_at"),
        *("is_confirmed", "ended_at"),
    )
    after = ended_with(follower, leader)
    for each in fields(Trigger):
        source = leader if each.name in taken else follower
        assert getattr(after, each.name) == getattr(source, each.name), each.name


@pytest.mark.parametrize(
    ("leader", "follower", "end"),
    [
        ({"state": S.UNRESOLVED}, {}, S.LOST),
        ({"state": S.FAILED}, {}, S.FAILED),
        ({"state": S.SKIPPED, "reason": "paused"}, {}, S.SKIPPED),
        ({"state": S.SKIPPED, "reason": "fresh", "max_age_seconds": 60.0}, {}, S.FAILED),
        (
            {"state": S.SKIPPED, "reason": "fresh", "max_age_seconds": 60.0},
            {"max_age_seconds": 60.0},
            S.SKIPPED,
        ),
        (
            {"state": S.SKIPPED, "reason": "fresh", "max_age_seconds": 60.0},
            {"max_age_seconds": 59.0},
            S.FAILED,
        ),
        ({"state": S.SKIPPED, "reason": "fresh"}, {"max_age_seconds": 60.0}, S.FAILED),
        ({"state": S.EXPIRED, "reason": "fresh"}, {}, S.EXPIRED),
        ({"state": S.SKIPPED, "reason": "healed", "origin": Origin.ALERT}, {}, S.FAILED),
        (
            {"state": S.SKIPPED, "reason": "healed", "origin": Origin.ALERT},
            {"origin": Origin.ALERT},
            S.SKIPPED,
        ),
        ({"state": S.SKIPPED, "reason": "off"}, {}, S.SKIPPED),
        ({"state": S.SKIPPED, "reason": "paused", "origin": Origin.ALERT}, {}, S.SKIPPED),
        ({"state": S.EXPIRED, "reason": "off", "origin": Origin.ALERT}, {}, S.EXPIRED),
    ],
)
def test_a_follower_is_not_ended_by_what_says_nothing_against_it(
    leader: dict[str, Any], follower: dict[str, Any], end: TriggerState
) -> None:
    """A copy fresh enough for the leader alone, and what stops alerts alone, fail it."""
    assert ended_with(a_row("two", **follower), a_row("one", **leader)).state is end


def test_ends_before_a_post_say_why() -> None:
    """Skipped, expired and unanswered."""
    skip = skipped(a_row(), Skip("paused", "db-01 is paused"), now=NOW + 5)
    assert (skip.state, skip.reason, skip.sentence) == (S.SKIPPED, "paused", "db-01 is paused")
    assert skip.ended_at == NOW + 5
    late = expired(a_row(), NOW + 6, "nobody came")
    assert (late.state, late.reason, late.sentence) == (S.EXPIRED, "expired", "nobody came")
    assert late.ended_at == NOW + 6
    open_end = unanswered(a_row(state=S.POSTING))
    assert (open_end.state, open_end.ended_at) == (S.AMBIGUOUS, None)
    assert open_end.sentence == (
        "it is not known whether the appliance was asked; its tasks are being looked at"
    )
