"""What each step of a trigger adds to the counters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW
from tests.ledgers import a_row
from vr_exporter.domain.counts import Add, Exemplar, Observe
from vr_exporter.domain.names import ReplicationId, TaskId
from vr_exporter.domain.triggers import Origin, Trigger, TriggerState
from vr_exporter.ledger.tallies import DURATION, EXEMPLAR_CHARACTERS, REQUESTS, SKIPS, tally

S = TriggerState
RUNNING = a_row(state=S.RUNNING, task_id=TaskId("t-1"))
DONE = replace(RUNNING, state=S.SUCCEEDED, ended_at=NOW + 60)


def exemplar_of(trigger: Trigger) -> Exemplar | None:
    """The exemplar of its duration."""
    (addition,) = tally(RUNNING, trigger)
    assert isinstance(addition, Observe)
    return addition.exemplar


def test_a_wish_is_counted_when_its_outcome_stands() -> None:
    """Once: what it becomes later is the same wish."""
    assert tally(None, a_row()) == ()
    assert tally(a_row(state=S.POSTING), RUNNING) == (Add(REQUESTS, ("api", "accepted")),)
    assert tally(RUNNING, replace(RUNNING, state=S.LOST)) == ()
    assert tally(None, a_row(state=S.JOINED, has_joined=True, origin=Origin.CLI)) == (
        Add(REQUESTS, ("cli", "joined")),
    )


@pytest.mark.parametrize(("reason", "shown"), [("paused", "paused"), ("", "skipped")])
def test_a_skip_is_counted_by_its_reason_too(reason: str, shown: str) -> None:
    """By its state where it has none."""
    skipped = a_row(state=S.SKIPPED, reason=reason)
    assert tally(a_row(), skipped) == (Add(REQUESTS, ("api", "skipped")), Add(SKIPS, (shown,)))


def test_the_end_of_a_task_is_timed_once() -> None:
    """From the wish to the end; nothing is timed that went back in time below 0."""
    shown = Exemplar((("task_id", "t-1"), ("replication", "GID-1")), 60.0, NOW + 60)
    assert tally(RUNNING, DONE) == (Observe(DURATION, ("api",), 60.0, shown),)
    assert tally(DONE, DONE) == ()
    (early,) = tally(RUNNING, replace(DONE, ended_at=NOW - 5))
    assert isinstance(early, Observe)
    assert early.value == 0.0
    assert tally(RUNNING, replace(DONE, ended_at=None)) == ()


def test_what_came_and_ended_at_once_is_counted_and_timed() -> None:
    """A row that is first seen at its end."""
    (request, duration) = tally(None, DONE)
    assert (request, duration.family) == (Add(REQUESTS, ("api", "accepted")), DURATION)


@pytest.mark.parametrize(
    ("changes", "is_timed"),
    [
        ({"task_id": None, "has_joined": True}, True),
        ({"task_id": None, "has_joined": True, "state": S.FAILED}, True),
        ({"task_id": None, "has_joined": True, "follows": "x"}, True),
        ({"task_id": None, "has_joined": True, "follows": "x", "state": S.FAILED}, False),
        ({"task_id": None}, False),
        ({"state": S.FAILED}, True),
        ({"state": S.LOST}, False),
    ],
)
def test_only_what_has_synced_is_timed(changes: dict[str, object], *, is_timed: bool) -> None:
    """A task of its own, or a sync it joined; not the failure of a leader that never began."""
    found = tally(RUNNING, replace(DONE, **changes))  # type: ignore[arg-type]
    assert [each.family for each in found if each.family == DURATION] == [DURATION] * is_timed


@pytest.mark.parametrize(
    ("task", "replication", "names"),
    [
        ("t" * 121, "r", ["task_id"]),
        ("t" * 122, "r", ["replication"]),
        ("t" * 100, "r" * 10, ["task_id", "replication"]),
        ("t" * 100, "r" * 11, ["task_id"]),
        ("", "r" * 117, ["replication"]),
        ("", "r" * 118, []),
    ],
)
def test_an_exemplar_has_the_labels_that_fit(task: str, replication: str, names: list[str]) -> None:
    """128 characters for names and values; none at all where nothing fits."""
    target = replace(DONE.target, replication_id=ReplicationId(replication))
    done = replace(DONE, task_id=TaskId(task), target=target, has_joined=True)
    found = exemplar_of(done)
    assert [name for name, _ in (found.labels if found else ())] == names
    assert (found is None) == (not names)
    assert EXEMPLAR_CHARACTERS == 128


def test_an_exemplar_of_a_sync_without_a_task_names_the_replication_alone() -> None:
    """One that was joined by its RPO has none."""
    found = exemplar_of(replace(DONE, task_id=None, has_joined=True))
    assert found is not None
    assert found.labels == (("replication", "GID-1"),)
