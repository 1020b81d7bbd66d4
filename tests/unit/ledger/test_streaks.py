"""What was asked of each site since one of our syncs last succeeded there."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW
from tests.ledgers import BERLIN, MADRID, a_row
from vr_exporter.domain.triggers import FINAL, Trigger, TriggerState
from vr_exporter.ledger.remembered import ENDED_REMEMBERED, Remembered
from vr_exporter.ledger.streaks import Streaks
from vr_exporter.syncing.circuit import CircuitRule, circuit_of

S = TriggerState
ENDS = sorted(FINAL)


def ended(number: int, state: TriggerState, at: float) -> Trigger:
    """A trigger that was asked for, posted and ended."""
    return a_row(f"{number}", state=state, claimed_at=NOW, ended_at=NOW + at)


def test_a_success_ends_the_streak_of_its_site_alone() -> None:
    """It stays itself, with what ended after it."""
    streaks = Streaks()
    far = a_row("far", state=S.FAILED, claimed_at=NOW, ended_at=NOW)
    streaks.put(replace(far, target=replace(far.target, site=BERLIN)))
    for number, state in enumerate((S.FAILED, S.SUCCEEDED, S.FAILED, S.LOST)):
        streaks.put(ended(number, state, number))
    assert [trigger.key for trigger in streaks.of(MADRID)] == ["1", "2", "3"]
    assert [trigger.key for trigger in streaks.of(BERLIN)] == ["far"]


def test_what_was_never_asked_of_the_appliance_is_no_part_of_it() -> None:
    """Guards turned it away, it expired, or it joined another."""
    streaks = Streaks()
    streaks.put(a_row("one", state=S.SKIPPED, ended_at=NOW))
    streaks.put(replace(ended(2, S.FAILED, 1), has_joined=True))
    streaks.put(a_row("three", state=S.RUNNING, claimed_at=NOW))
    assert streaks.of(MADRID) == []


@given(st.permutations(range(12)), st.lists(st.sampled_from(ENDS), min_size=12, max_size=12))
def test_a_circuit_is_the_same_by_the_streak_as_by_all(
    order: list[int], states: list[TriggerState]
) -> None:
    """In whatever order the triggers were taken in."""
    triggers = [ended(number, state, number * 300.0) for number, state in enumerate(states)]
    streaks = Streaks()
    for number in order:
        streaks.put(triggers[number])
    rule = CircuitRule()
    assert circuit_of(streaks.of(MADRID), rule) == circuit_of(triggers, rule)


def test_a_streak_forgets_what_is_no_longer_remembered() -> None:
    """However long nothing succeeds, it does not grow beyond the rest."""
    remembered = Remembered(
        ended(number, S.FAILED, number) for number in range(ENDED_REMEMBERED + 50)
    )
    assert len(remembered.streak(MADRID)) == ENDED_REMEMBERED
    remembered.drop_ended_before(NOW + ENDED_REMEMBERED)
    assert len(remembered.streak(MADRID)) == 50


def keys(streaks: Streaks) -> list[str]:
    """What the streak of Madrid holds."""
    return [trigger.key for trigger in streaks.of(MADRID)]


def test_a_success_that_comes_late_ends_what_ended_before_it() -> None:
    """By the times of their ends, not by the order in which they are taken in."""
    streaks = Streaks()
    for number, state in ((3, S.FAILED), (1, S.FAILED), (2, S.SUCCEEDED)):
        streaks.put(ended(number, state, number))
    assert keys(streaks) == ["3", "2"]
    streaks.put(ended(0, S.FAILED, 0))
    assert keys(streaks) == ["3", "2"]
    streaks.put(ended(4, S.FAILED, 2))
    assert keys(streaks) == ["3", "2", "4"]
    streaks.put(ended(5, S.SUCCEEDED, 2))
    assert keys(streaks) == ["3", "2", "4", "5"]


def test_an_end_at_the_begin_of_time_is_an_end() -> None:
    """Zero is a time like any other."""
    streaks = Streaks()
    streaks.put(a_row("zero", state=S.FAILED, claimed_at=0.0, ended_at=0.0))
    streaks.put(a_row("good", state=S.SUCCEEDED, claimed_at=0.0, ended_at=0.5))
    assert keys(streaks) == ["good"]
    streaks.put(a_row("bad", state=S.FAILED, claimed_at=0.0, ended_at=0.25))
    assert keys(streaks) == ["good"]


def test_a_trigger_stands_once_and_as_it_is_now() -> None:
    """Taken in again in another state, or dropped."""
    streaks = Streaks()
    one = ended(1, S.FAILED, 1)
    streaks.put(one)
    streaks.put(replace(one, has_joined=True))
    assert keys(streaks) == []
    streaks.put(one)
    streaks.drop(one)
    streaks.drop(one)
    assert keys(streaks) == []
