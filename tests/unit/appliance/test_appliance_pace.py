from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.simulated import ManualClock
from vr_exporter.appliance.errors import Stopping
from vr_exporter.appliance.pace import Pace
from vr_exporter.domain.events import Budget, Event, HeldBack


def test_requests_within_the_budget_go_at_once() -> None:
    """Nobody waits while fewer requests than allowed were sent in the last minute."""
    clock = ManualClock()
    pace = Pace(3, clock=clock.clock(), tell=lambda _: None)
    for _ in range(3):
        pace.take()
    assert clock.waits == []


def test_the_request_beyond_the_budget_waits_until_the_first_is_a_minute_old() -> None:
    """The fourth of three a minute goes sixty seconds after the first, and that is told."""
    clock, events = ManualClock(), list[Event]()
    pace = Pace(3, clock=clock.clock(), tell=events.append)
    pace.take()
    clock.advance(10)
    for _ in range(3):
        pace.take()
    assert clock.waits == [50.0]
    assert HeldBack(50.0) in events


def test_the_budget_is_told_with_every_request() -> None:
    """Each request tells what is allowed a minute and what is left."""
    events: list[Event] = []
    pace = Pace(3, clock=ManualClock().clock(), tell=events.append)
    pace.take()
    pace.take()
    assert events == [Budget(3, 2), Budget(3, 1)]


def test_the_end_of_the_program_ends_the_wait() -> None:
    """A wait for the pace raises Stopping when the program is to end."""
    clock = ManualClock()
    pace = Pace(1, clock=clock.clock(), tell=lambda _: None)
    pace.take()
    clock.stop()
    with pytest.raises(Stopping):
        pace.take()


@example(gaps=[1.313262572548986, 0.0, 0.0], allowed=1)
@given(gaps=st.lists(st.floats(0, 30), max_size=120), allowed=st.integers(1, 40))
def test_no_sixty_seconds_see_more_requests_than_allowed(gaps: list[float], allowed: int) -> None:
    """However requests come, any window of sixty seconds holds no more than the budget."""
    clock = ManualClock()
    pace = Pace(allowed, clock=clock.clock(), tell=lambda _: None)
    sent = []
    for gap in gaps:
        clock.advance(gap)
        pace.take()
        sent.append(clock.monotonic())
    for number, moment in enumerate(sent[allowed:]):
        assert moment - sent[number] >= 60 - 1e-6
