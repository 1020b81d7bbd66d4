"""Who is who: namesakes, renamed VMs, and replications that go between two looks."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.watched import Watched
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.simulator.world.replica import Replica


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A small calm site, polled once."""
    with Watched(speed=10.0) as made:
        made.poll()
        yield made


def replica_of(watched: Watched, vm: str) -> Replica:
    """The world's own row for a VM."""
    return next(each for each in watched.world.population if each.name == vm)


def test_A47_two_vms_of_one_name_are_two_replications(watched: Watched) -> None:
    """Each keeps its series by its id, none is summed, and the page has no series twice."""
    first, second = (replica_of(watched, vm) for vm in watched.names()[:2])
    second.name = first.name
    watched.poll()
    metrics = watched.metrics()
    info = [dict(labels) for labels in metrics.of("vr_replication_info", vm=first.name)]
    assert {each["replication"] for each in info} == {first.id, second.id}
    for each in (first, second):
        rpo = metrics.value("vr_replication_rpo_seconds", site="madrid", replication=each.id)
        assert rpo == each.rpo_seconds
    assert metrics.surprises() == {}


def test_A47_a_renamed_vm_is_the_same_replication(watched: Watched) -> None:
    """Its series take its new name and go on from their values; nothing is removed or made up."""
    replica = replica_of(watched, watched.names()[0])
    watched.ask(replica.id)
    watched.work(120)
    watched.poll()
    before, before_rename = watched.metrics(), replica.name
    replica.name = "renamed"
    watched.poll()
    after = watched.metrics()
    (info,) = (dict(each) for each in after.of("vr_replication_info", replication=replica.id))
    assert info["vm"] == "renamed"
    assert after.value("vr_replications_removed_total", site="madrid") == 0
    moved = before.total("vr_replication_synced_bytes_total", replication=replica.id)
    assert moved > 0
    assert after.total("vr_replication_synced_bytes_total", replication=replica.id) >= moved
    assert after.of("vr_replication_info", replication=replica.id, vm=before_rename) == {}


def test_A28_a_replication_that_goes_is_dropped_quietly_after_two_polls(
    watched: Watched,
) -> None:
    """One removal is counted, nothing is logged, and the site stays up."""
    replica = replica_of(watched, watched.names()[0])
    watched.world.population.remove(replica)
    watched.poll()
    assert watched.metrics().value("vr_replications_removed_total", site="madrid") == 0
    watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_replications_removed_total", site="madrid") == 1
    assert metrics.of("vr_replication_info", replication=replica.id) == {}
    assert (metrics.value("vr_up", site="madrid"), metrics.failures()) == (1, {})
    assert [each for each in watched.log.records if each.levelno > logging.INFO] == []


def test_A28_a_wish_for_what_went_since_the_list_is_skipped(watched: Watched) -> None:
    """The look before the POST finds it gone: nothing is asked, and the reason says so."""
    vm = watched.names()[0]
    (verdict,) = watched.ask(vm)
    watched.world.population.remove(replica_of(watched, vm))
    watched.work(60)
    trigger = watched.trigger(verdict)
    assert (trigger.state, trigger.reason) == (TriggerState.SKIPPED, "not_found")
    assert watched.madrid.posts == 0
