from __future__ import annotations

from functools import partial

from vr_exporter.simulator.world.agenda import Agenda


def test_acts_happen_in_order_of_time_then_of_planning() -> None:
    """What is due earlier happens first; what is due together in the order it was put down."""
    agenda = Agenda(0.0)
    seen: list[str] = []

    def note(name: str, _: float) -> None:
        seen.append(name)

    for when, name in ((3.0, "last"), (1.0, "first"), (2.0, "second"), (2.0, "third")):
        agenda.at(when, partial(note, name))
    agenda.live_up_to(10.0)
    assert seen == ["first", "second", "third", "last"]


def test_an_act_may_plan_another_one_within_the_same_stretch() -> None:
    """A long stretch is lived through: what an act plans within it happens in it."""
    agenda = Agenda(0.0)
    seen: list[float] = []

    def tick(now: float) -> None:
        seen.append(now)
        agenda.at(now + 1.0, tick)

    agenda.at(1.0, tick)
    agenda.live_up_to(4.5)
    assert seen == [1.0, 2.0, 3.0, 4.0]


def test_time_never_runs_backwards() -> None:
    """An earlier moment changes nothing, and an act planned for the past happens now."""
    agenda = Agenda(0.0)
    seen: list[float] = []
    agenda.live_up_to(5.0)
    agenda.live_up_to(2.0)
    agenda.at(1.0, seen.append)
    agenda.live_up_to(2.0)
    assert (agenda.time, seen) == (5.0, [])
    agenda.live_up_to(5.0)
    assert seen == [5.0]
