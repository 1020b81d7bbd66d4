"""Two exporters with states of their own on one appliance: both watch, one starts syncs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.watched import Watched
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.simulator.api import Api
from vr_exporter.syncing.guards import Mode


class Second(Watched):
    """Watches the appliances of another exporter."""

    def __init__(self, first: Watched) -> None:
        self._first = first
        super().__init__(time=first.time, inhabits=first.world)

    def _api(self, name: str) -> Api:
        return self._first.sites[name].api


@pytest.fixture
def two() -> Iterator[tuple[Watched, Watched]]:
    """The first may start syncs, the second has `triggers.mode: off`."""
    with ExitStack() as stack:
        first = stack.enter_context(Watched(speed=10.0))
        second = stack.enter_context(Second(first))
        second.policy = replace(second.policy, mode=Mode.OFF)
        second.renew_desk()
        for _ in range(3):
            first.poll(after=30)
            second.poll(after=30)
        yield first, second


def test_B19_both_watch_within_the_limits_and_show_the_same(two: tuple[Watched, Watched]) -> None:
    """Each has a session and a pace of its own; `max by` over both says what either does."""
    first, second = (each.metrics() for each in two)
    assert (first.value("vr_up", site="madrid"), second.value("vr_up", site="madrid")) == (1, 1)
    assert (first.failures(), second.failures()) == ({}, {})
    family = "vr_replication_rpo_seconds"
    assert first.of(family) == second.of(family) != {}
    api = two[0].madrid.api
    assert api.counters.logins == 2
    assert not any(api.limiter.refused.values())


def test_B19_the_one_that_is_off_starts_nothing(two: tuple[Watched, Watched]) -> None:
    """Nothing fences the triggers of two exporters: the setting does, and says so."""
    first, second = two
    vm = first.names()[0]
    (turned_down,) = second.ask(vm)
    assert turned_down.skip is not None
    second.work(60)
    assert first.madrid.posts == 0
    (verdict,) = first.ask(vm)
    for _ in range(30):
        first.work(5)
        second.work(5)
    assert first.trigger(verdict).state is TriggerState.SUCCEEDED
    assert first.madrid.posts == 1


def test_B19_the_watching_one_sees_the_sync_of_the_other(two: tuple[Watched, Watched]) -> None:
    """It counts the task as somebody's: both know of the same completed syncs."""
    first, second = two
    first.ask(first.names()[0])
    for _ in range(30):
        first.work(5)
        second.work(5)
    family = "vr_tasks_completed_total"
    counted = first.metrics().total(family, site="madrid", operation="sync")
    assert counted >= 1
    assert second.metrics().total(family, site="madrid", operation="sync") == counted
