"""The torture loops of the wire at a few of its crossings; all of them are `tests.wire_torture`."""

from __future__ import annotations

import pytest

from tests.fault_proxy import Fault, Kind
from tests.wire_torture.loops import POLL, POLL_WITH_LOGIN, TRIGGER, torture
from tests.wire_torture.tally import Loop, Tally, until_none_fails
from tests.wire_torture.triggers import Asked
from tests.wired import Wired

STRIDE = 6
FEW = 13
"""Every so manieth of the first crossings fails; a poll with its login has some 25 of them."""


def tortured(subject: str, kind: Kind, *, is_lasting: bool, has_tls: bool = False) -> Tally:
    """Run one loop at some of its crossings; no promise may be broken."""
    loop = Loop(subject, kind, is_lasting, has_tls, limit=FEW, stride=STRIDE, seed=1)
    tally = torture(loop)
    assert tally.broken == []
    return tally


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.RESET, Kind.HOLD, Kind.UNANSWERED, Kind.SLOW])
def test_A10_a_poll_is_whole_or_counted_wherever_the_wire_fails(kind: Kind) -> None:
    """It fails for the reason that it has, what was known stays, and the next poll is whole."""
    tally = tortured(POLL_WITH_LOGIN, kind, is_lasting=kind is not Kind.CUT)
    assert tally.endings.total() > tally.endings["whole"]


@pytest.mark.parametrize("kind", [Kind.SPLIT, Kind.DUPLICATE, Kind.FLIP])
def test_A12_a_poll_is_whole_or_counted_whatever_the_wire_adds(kind: Kind) -> None:
    """Split at every byte it is whole; answers that come twice or changed do not outlive it."""
    tally = tortured(POLL, kind, is_lasting=True)
    assert kind is not Kind.SPLIT or set(tally.endings) == {"whole"}


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.HOLD])
def test_A7_a_poll_is_whole_or_counted_where_the_handshake_fails(kind: Kind) -> None:
    """Under TLS the bytes of handshakes fail too, and leave no socket open."""
    tally = tortured(POLL_WITH_LOGIN, kind, is_lasting=True, has_tls=True)
    assert any("tls" in ending for ending in tally.endings)


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.UNANSWERED])
def test_A61_a_trigger_is_posted_once_at_most_wherever_the_wire_fails(kind: Kind) -> None:
    """Sent is never called unsent, and every trigger has its end."""
    tally = tortured(TRIGGER, kind, is_lasting=False)
    assert tally.endings["succeeded"]


def test_A61_the_loop_would_see_a_second_post() -> None:
    """A sync that was asked for twice is a broken promise: the checks can fail."""
    loop = Loop(TRIGGER, Kind.SPLIT, is_lasting=False, has_tls=False)
    with Wired(replications=6) as wired:
        asked = Asked(wired, loop, 1)
        target = asked.trigger.target
        wired.madrid.appliance.syncs.post(target.pairing_id, target.replication_id)
        assert any("asked 2 times" in fault for fault in asked.faults())


def test_the_loop_ends_with_the_first_turn_without_a_fault() -> None:
    """Turns with a fault are counted; a limit ends the loop before."""
    faults: list[Fault] = []

    def turn(number: int, _tally: Tally) -> bool:
        faults.append(loop.fault(number))
        return number < 4

    loop = Loop(POLL, Kind.CUT, is_lasting=False, has_tls=False)
    assert until_none_fails(loop, turn).turns == 3
    assert [fault.at for fault in faults] == [1, 2, 3, 4]
