"""A trigger from the wish to its end, with the real client, ledger and worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.watched import Watched
from vr_exporter.domain.triggers import TriggerState


@pytest.fixture
def watched() -> Iterator[Watched]:
    """One site of 30 idle replications, polled once."""
    with Watched() as made:
        made.poll()
        yield made


def test_a_wish_becomes_one_post_and_ends_as_its_task(watched: Watched) -> None:
    """Reserved, running with the task's id, succeeded; counted once, and seen in the metrics."""
    (verdict,) = watched.ask(watched.names()[0])
    assert verdict.trigger.state is TriggerState.RESERVED
    watched.work(300)
    trigger = watched.trigger(verdict)
    assert trigger.state is TriggerState.SUCCEEDED, trigger
    assert trigger.is_confirmed is True
    assert watched.madrid.posts == 1
    metrics = watched.metrics()
    of = {"site": "madrid", "source": "cli"}
    assert metrics.value("vr_trigger_requests_total", outcome="accepted", **of) == 1
    assert metrics.value("vr_trigger_duration_seconds_count", **of) == 1
    assert metrics.value("vr_tasks_completed_total", site="madrid", operation="sync") == 1
    assert metrics.value("vr_triggers_in_flight", site="madrid") == 0


def test_two_wishes_for_one_replication_make_one_post(watched: Watched) -> None:
    """The second joins the first and ends with it."""
    name = watched.names()[0]
    (first,), (second,) = watched.ask(name), watched.ask(name)
    assert second.trigger.state is TriggerState.JOINED
    watched.work(300)
    assert watched.madrid.posts == 1
    assert watched.trigger(first).state is TriggerState.SUCCEEDED
    assert watched.trigger(second).state is TriggerState.SUCCEEDED


def test_K6_a_crash_between_claim_and_first_byte_makes_no_post(watched: Watched) -> None:
    """What was claimed is looked for after the restart, found nowhere, and never asked again."""
    (verdict,) = watched.ask(watched.names()[0])
    assert watched.ledger.claim(verdict.trigger.key, now=watched.time.now())
    watched.restart()
    assert watched.trigger(verdict).state is TriggerState.AMBIGUOUS
    watched.poll()
    assert watched.metrics().value("vr_triggers_ambiguous", site="madrid") == 1
    watched.work(700)
    assert watched.trigger(verdict).state is TriggerState.UNRESOLVED
    assert watched.madrid.posts == 0
