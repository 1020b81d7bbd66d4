"""What one receiver is told at a moment: pure rules of alerting.md 1."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.alerts import an_alert, an_outgoing
from tests.builders import NOW
from vr_exporter.alerting.turns import (
    Moment,
    Plan,
    Timing,
    Told,
    Turn,
    Word,
    held_until,
    key_of,
    plan_for,
    turn_of,
)
from vr_exporter.domain.alerts import Outgoing

TIMING = Timing()
DAY = 86_400.0


def turn(row: Outgoing, told: Told | None = None, *, later: float = 0.0) -> Turn:
    """The next word some time after NOW, which is 0 on the monotonic clock."""
    return turn_of(row, told, moment=Moment(NOW + later, later), timing=TIMING)


def plan(*rows: Outgoing, told: dict[Any, Told] | None = None, later: float = 0.0) -> Plan:
    """What is to be told of these rows."""
    return plan_for(rows, told or {}, moment=Moment(NOW + later, later), timing=TIMING)


def test_what_nobody_heard_is_told_at_once() -> None:
    """As firing, with an end four resends ahead."""
    found = turn(an_outgoing())
    assert (found.word, found.is_due, found.is_news) == (Word.FIRING, True, True)
    assert (found.since, found.ends_at) == (NOW, NOW + 240)


def test_a_firing_alert_is_told_again_every_resend() -> None:
    """It is due a minute after the receiver took it last, by the monotonic clock."""
    row = an_outgoing(firing_acked_at=NOW)
    told = Told(Word.FIRING, 0.0)
    assert turn(row, told, later=59).wait_seconds == 1
    again = turn(row, told, later=75)
    assert (again.word, again.is_due, again.is_news) == (Word.FIRING, True, False)
    assert (again.since, again.ends_at) == (NOW + 60, NOW + 75 + 240)


def test_B27_after_a_restart_everything_is_told_again_at_once() -> None:
    """What was taken when is not kept on disk: the protocol is a level, not an edge."""
    assert turn(an_outgoing(firing_acked_at=NOW - 10)).is_due
    assert turn(an_outgoing(firing_acked_at=NOW, ends_at=NOW, resolved_acked_at=NOW)).is_due


def test_B25_an_end_is_told_only_after_the_hold_from_the_first_yes() -> None:
    """Whoever was away hears it fire first, and long enough to be notified."""
    row = an_outgoing(ends_at=NOW + 10, firing_acked_at=NOW + 1000)
    told = Told(Word.FIRING, 1330.0)
    assert held_until(row, TIMING) == NOW + 1360
    assert turn(row, told, later=1340).wait_seconds == 20
    found = turn(row, told, later=1360)
    assert (found.word, found.ends_at, found.since) == (Word.RESOLVED, NOW + 1360, NOW + 1360)


def test_an_alert_that_fired_longer_than_the_hold_ends_when_it_ends() -> None:
    """The end that is told is that of the episode."""
    row = an_outgoing(ends_at=NOW + 3600, firing_acked_at=NOW)
    assert turn(row, later=3599).word is Word.FIRING
    found = turn(row, later=3700)
    assert (found.word, found.ends_at) == (Word.RESOLVED, NOW + 3600)


def test_one_that_gave_way_is_not_held() -> None:
    """Its end goes with the alert of the new class, in the same batch."""
    row = an_outgoing(ends_at=NOW + 5, firing_acked_at=NOW, is_superseded=True)
    assert turn(row, later=5).word is Word.RESOLVED


def test_one_that_gave_way_unheard_is_held_all_the_same() -> None:
    """Nobody has heard of it yet."""
    row = an_outgoing(ends_at=NOW + 5, firing_acked_at=NOW + 900, is_superseded=True)
    assert turn(row, later=905).word is Word.FIRING
    assert turn(row, later=1260).word is Word.RESOLVED


def test_an_end_is_told_again_for_a_while_then_let_go_of() -> None:
    """A receiver whose clock is behind was deaf to the first, one that was away learns of it."""
    row = an_outgoing(ends_at=NOW, firing_acked_at=NOW - 400, resolved_acked_at=NOW)
    told = Told(Word.RESOLVED, 0.0)
    assert turn(row, told, later=30).wait_seconds == 30
    again = turn(row, told, later=60)
    assert (again.word, again.ends_at, again.is_news) == (Word.RESOLVED, NOW, False)
    assert turn(row, Told(Word.RESOLVED, 899.0), later=899).wait_seconds == 1
    assert turn(row, told, later=900).word is Word.DONE


def test_what_ended_a_day_ago_unheard_is_given_up() -> None:
    """It is news to nobody; what lasts is told however old it is."""
    assert turn(an_outgoing(ends_at=NOW), later=DAY).word is Word.FIRING
    assert turn(an_outgoing(ends_at=NOW), later=DAY + 1).word is Word.EXPIRED
    assert turn(an_outgoing(), later=30 * DAY).word is Word.FIRING


def test_an_end_that_could_not_be_told_for_a_day_is_let_go_of() -> None:
    """The receiver's own end of it is long past."""
    row = an_outgoing(ends_at=NOW, firing_acked_at=NOW - 400)
    assert turn(row, later=DAY + 1).word is Word.DONE


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_B12_repeats_do_not_heed_steps_of_the_wall_clock(step: float) -> None:
    """The next one is as far away as before."""
    row = an_outgoing(firing_acked_at=NOW)
    moment = Moment(NOW + 20 + step, 20.0)
    found = turn_of(row, Told(Word.FIRING, 0.0), moment=moment, timing=TIMING)
    assert found.wait_seconds == 40


def test_news_goes_before_repeats_the_oldest_first() -> None:
    """At return nobody waits for the repeats of others."""
    repeat = an_outgoing(alert=an_alert(replication="GID-2"), firing_acked_at=NOW)
    young = an_outgoing(alert=an_alert(replication="GID-3"), starts_at=NOW + 50)
    old = an_outgoing(alert=an_alert(replication="GID-4"), starts_at=NOW + 10)
    ended = an_outgoing(
        alert=an_alert(replication="GID-5"), firing_acked_at=NOW - 400, ends_at=NOW + 30
    )
    found = plan(repeat, young, old, ended, later=100)
    assert [each.row for each in found.told] == [old, ended, young, repeat]
    assert (found.waiting, found.oldest) == (4, NOW + 10)


def test_a_plan_says_when_it_has_to_be_made_anew() -> None:
    """Not before the first of what is not due yet."""
    row = an_outgoing(firing_acked_at=NOW)
    found = plan(row, told={key_of(row): Told(Word.FIRING, 0.0)}, later=10)
    assert (found.told, found.oldest, found.wait_seconds) == ((), None, 50)
    assert plan().wait_seconds == math.inf
