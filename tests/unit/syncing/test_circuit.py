"""The circuit of a site, worked out from its triggers."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW
from tests.wishes import a_trigger
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.circuit import Circuit, CircuitRule, circuit_of

RULE = CircuitRule(failures=3, open_seconds=600, longest_open_seconds=2000)
FAILED, SUCCEEDED = TriggerState.FAILED, TriggerState.SUCCEEDED


def ended(state: TriggerState, at: float, **changes: Any) -> Trigger:
    """A trigger asked for ten seconds before it ended; times count from NOW."""
    trigger = a_trigger(asked_at=NOW + at - 10, state=state, ended_at=NOW + at)
    return replace(trigger, **changes)


def three_failures() -> list[Trigger]:
    """Enough to open the circuit until NOW + 630."""
    return [ended(FAILED, at) for at in (10, 20, 30)]


def test_a_site_without_triggers_has_a_closed_circuit() -> None:
    """Nothing is held before anything failed."""
    assert circuit_of([], RULE) == Circuit()


def test_the_circuit_opens_with_the_last_of_so_many_failures_in_a_row() -> None:
    """Two failures hold nothing, three hold for ten minutes from the third."""
    assert circuit_of(three_failures()[:2], RULE) == Circuit(2)
    circuit = circuit_of(three_failures(), RULE)
    assert circuit == Circuit(3, NOW + 630)
    assert circuit.is_open(NOW + 629)
    assert not circuit.is_open(NOW + 630)


def test_a_success_between_failures_begins_the_count_anew() -> None:
    """In a row means in a row."""
    triggers = [*three_failures(), ended(SUCCEEDED, 25)]
    assert circuit_of(triggers, RULE) == Circuit(1)


@pytest.mark.parametrize("state", [TriggerState.REFUSED, TriggerState.UNRESOLVED, FAILED])
def test_a_refusal_and_an_unknown_outcome_are_failures_too(state: TriggerState) -> None:
    """What the appliance would not take, or lost, speaks against the site."""
    assert circuit_of([ended(state, at) for at in (1, 2, 3)], RULE).is_open(NOW + 4)


@pytest.mark.parametrize(
    "state", [TriggerState.SKIPPED, TriggerState.EXPIRED, TriggerState.LOST, TriggerState.RUNNING]
)
def test_what_never_failed_counts_neither_way(state: TriggerState) -> None:
    """Skipped, expired and lost ones neither open the circuit nor close it."""
    others = [ended(state, at) for at in (5, 15, 25, 35)]
    assert circuit_of(others, RULE) == Circuit()
    assert circuit_of([*three_failures(), *others], RULE) == Circuit(3, NOW + 630)


def test_a_wish_that_joined_another_says_nothing_of_its_own() -> None:
    """Its end is that of the one it followed, which is counted already."""
    joined = [replace(trigger, has_joined=True) for trigger in three_failures()]
    assert circuit_of(joined, RULE) == Circuit()


def test_failures_that_were_under_way_do_not_hold_longer() -> None:
    """Those asked for before the circuit opened say nothing new when they fail, too."""
    late = [ended(FAILED, at, asked_at=NOW) for at in (40, 50, 60, 700)]
    assert circuit_of([*three_failures(), *late], RULE) == Circuit(3, NOW + 630)


def test_each_probe_that_fails_doubles_the_wait_up_to_the_longest() -> None:
    """Ten minutes, twenty, then the longest and no more."""
    triggers, until = three_failures(), 630.0
    for open_seconds in (1200, 2000, 2000):
        failed_at = until + 10
        triggers.append(ended(FAILED, failed_at))
        until = failed_at + open_seconds
        assert circuit_of(triggers, RULE).probe_at == NOW + until


def test_a_probe_that_succeeds_closes_the_circuit_and_forgets_the_doubling() -> None:
    """After it three failures in a row hold for the first time again."""
    healed = [*three_failures(), ended(FAILED, 640), ended(SUCCEEDED, 2000)]
    assert circuit_of(healed, RULE) == Circuit()
    again = [*healed, *(ended(FAILED, at) for at in (2010, 2020, 2030))]
    assert circuit_of(again, RULE) == Circuit(3, NOW + 2630)


@pytest.mark.parametrize(
    "state",
    [
        TriggerState.RESERVED,
        TriggerState.POSTING,
        TriggerState.RUNNING,
        TriggerState.AMBIGUOUS,
    ],
)
def test_while_one_probes_the_rest_are_held(state: TriggerState) -> None:
    """One trigger asked for since the probe was due is the probe, until it ends."""
    probe = a_trigger(asked_at=NOW + 631, state=state)
    circuit = circuit_of([*three_failures(), probe], RULE)
    assert circuit.is_probing
    assert circuit.is_open(NOW + 10_000)


def test_what_waits_since_before_is_no_probe() -> None:
    """A trigger asked for while the circuit was closed does not keep the probe out."""
    waiting = a_trigger(asked_at=NOW)
    assert not circuit_of([*three_failures(), waiting], RULE).is_open(NOW + 630)


def test_the_order_of_the_triggers_does_not_matter() -> None:
    """The ledger tells the youngest first, or as it likes."""
    triggers = [*three_failures(), ended(SUCCEEDED, 15)]
    told = {circuit_of(order, RULE) for order in permutations(triggers)}
    assert told == {Circuit(2)}


states = st.sampled_from([FAILED, SUCCEEDED, TriggerState.SKIPPED, TriggerState.LOST])


@given(st.lists(st.tuples(states, st.integers(1, 5000)), max_size=30))
def test_a_circuit_is_never_open_longer_than_the_longest(
    history: list[tuple[TriggerState, int]],
) -> None:
    """Whatever happened, a probe is let through within `open_max` of the last end."""
    at, triggers = 0, []
    for state, gap in history:
        at += gap
        triggers.append(ended(state, at))
    circuit = circuit_of(triggers, RULE)
    assert not circuit.is_open(NOW + at + RULE.longest_open_seconds)
    if history and history[-1][0] is SUCCEEDED:
        assert circuit == Circuit()
