"""The outbox by itself: who is told what, what is marked, and what makes room."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.alerts import an_alert, begun, held
from tests.builders import NOW
from tests.stores import in_memory
from vr_exporter.domain.alerts import Ended, Event, EventAlert, Outgoing
from vr_exporter.ledger import outbox as room
from vr_exporter.ledger.outbox import Outbox

ONE, TWO = "am-1", "am-2"
ALERT = an_alert(Event.SYNC_FAILING)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty store in memory."""
    with in_memory() as connection:
        yield connection


@pytest.fixture
def box(connection: sqlite3.Connection) -> Outbox:
    """An outbox for one receiver."""
    box = Outbox(connection, now=NOW)
    box.serve([ONE], now=NOW)
    return box


def keep(box: Outbox, connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Write what is marked, and show the rows on disk."""
    box.write(connection)
    box.written()
    return sorted(connection.execute("SELECT receiver, starts_at, ends_at FROM outbox"))


def alerts(count: int) -> list[EventAlert]:
    """Alerts of as many replications."""
    return [an_alert(Event.SYNC_FAILING, replication=f"GID-{n}") for n in range(count)]


def test_a_row_is_marked_until_it_is_written(box: Outbox, connection: sqlite3.Connection) -> None:
    """Each change moves the version, and what did not change is not written again."""
    assert (box.has_unwritten, box.version) == (False, 0)
    box.take([begun(ALERT)])
    assert (box.has_unwritten, box.version) == (True, 1)
    assert keep(box, connection) == [(ONE, NOW, None)]
    assert not box.has_unwritten
    connection.execute("DELETE FROM outbox")
    assert keep(box, connection) == []
    (row,) = box.rows(ONE)
    box.accept([row], resolved=False, at=NOW)
    assert box.has_unwritten
    assert box.version > 1
    assert keep(box, connection) == [(ONE, NOW, None)]


def test_a_new_episode_takes_the_row_of_the_old_one_off_the_disk(
    box: Outbox, connection: sqlite3.Connection
) -> None:
    """Of one alert there is one row, whatever it began at."""
    box.take([begun(ALERT)])
    box.accept(box.rows(ONE), resolved=False, at=NOW)
    box.take([Ended(ALERT.kin, NOW + 60)])
    box.accept(box.rows(ONE), resolved=True, at=NOW + 61)
    keep(box, connection)
    box.take([begun(ALERT, at=NOW + 100)])
    assert keep(box, connection) == [(ONE, NOW + 100, None)]
    again = Outbox(connection, now=NOW + 100)
    assert again.rows(ONE) == box.rows(ONE)


@pytest.mark.parametrize(("at", "counts"), [(NOW + 359, 1), (NOW + 360, 0), (NOW + 361, 0)])
def test_what_is_held_fires_until_its_time_is_over(
    box: Outbox, connection: sqlite3.Connection, at: float, counts: int
) -> None:
    """No longer at its last moment; after a restart as before."""
    box.take([held(ALERT)])
    keep(box, connection)
    for each in (box, Outbox(connection, now=at)):
        assert sum(each.active(at).values()) == counts


def test_what_begins_again_after_its_time_is_a_new_episode(box: Outbox) -> None:
    """Within it, it goes on under its start."""
    box.take([held(ALERT)])
    box.take([held(ALERT, at=NOW + 100)])
    assert [row.starts_at for row in box.rows(ONE)] == [NOW]
    box.serve([ONE, TWO], now=NOW + 100)
    assert [row.starts_at for row in box.rows(TWO)] == [NOW]
    box.take([held(ALERT, at=NOW + 1000)])
    box.serve([ONE, "am-3"], now=NOW + 1000)
    assert [row.starts_at for row in box.rows("am-3")] == [NOW + 1000]


def test_a_receiver_that_comes_back_begins_anew(
    box: Outbox, connection: sqlite3.Connection
) -> None:
    """What it was told before it left makes no room for anything."""
    box.take([held(ALERT)])
    box.accept(box.rows(ONE), resolved=False, at=NOW)
    box.accept(box.rows(ONE), resolved=True, at=NOW + 400)
    box.serve([], now=NOW + 400)
    assert keep(box, connection) == []
    box.serve([ONE], now=NOW + 500)
    box.capacity = 1
    box.take([begun(each, at=NOW + 500) for each in alerts(2)])
    assert len(box.rows(ONE)) == 1
    assert box.dropped == {"queue_full": 1}


def test_what_is_told_is_acknowledged_row_by_row(box: Outbox) -> None:
    """One that is gone leaves the others; the first yes stands."""
    first, second = alerts(2)
    box.take([begun(first), begun(second)])
    gone = Outgoing(ONE, ALERT, NOW - 5)
    box.accept([gone, *box.rows(ONE)], resolved=False, at=NOW + 1)
    assert [row.firing_acked_at for row in box.rows(ONE)] == [NOW + 1] * 2
    box.accept(box.rows(ONE), resolved=False, at=NOW + 9)
    assert [row.firing_acked_at for row in box.rows(ONE)] == [NOW + 1] * 2
    assert [row.resolved_acked_at for row in box.rows(ONE)] == [None] * 2
    box.take([Ended(first.kin, NOW + 60)])
    box.accept(box.rows(ONE), resolved=True, at=NOW + 61)
    box.accept(box.rows(ONE), resolved=True, at=NOW + 99)
    assert {row.resolved_acked_at for row in box.rows(ONE)} == {NOW + 61}


def test_an_end_heard_before_the_firing_is_no_firing(box: Outbox) -> None:
    """Each acknowledgement is its own."""
    box.take([held(ALERT)])
    box.accept(box.rows(ONE), resolved=True, at=NOW + 400)
    (row,) = box.rows(ONE)
    assert (row.firing_acked_at, row.resolved_acked_at) == (None, NOW + 400)


def test_what_ends_ends_no_later_than_it_would(box: Outbox) -> None:
    """What is held ends when it is over, or sooner."""
    first, second = alerts(2)
    box.take([held(first), held(second)])
    box.take([Ended(first.kin, NOW + 60), Ended(second.kin, NOW + 900)])
    assert [row.ends_at for row in box.rows(ONE)] == [NOW + 60, NOW + 360]
    assert not any(row.is_superseded for row in box.rows(ONE))


def test_sites_that_are_gone_end_what_still_fires_of_them(box: Outbox) -> None:
    """What is over already is left as it ended; alerts of other sites go on."""
    over = an_alert(replication="GID-5")
    elsewhere = replace(ALERT, labels=(("site", "berlin"),), fingerprint="f", kin="k")
    nowhere = replace(ALERT, labels=(("alertname", "x"),), fingerprint="g", kin="l")
    box.take([begun(ALERT), held(over, at=NOW - 500), begun(elsewhere), begun(nowhere)])
    box.end_sites_but({"berlin", ""}, at=NOW + 60)
    ends = {row.alert.fingerprint: row.ends_at for row in box.rows(ONE)}
    assert ends == {ALERT.fingerprint: NOW + 60, over.fingerprint: NOW - 140, "f": None, "g": None}
    box.end_sites_but({"berlin"}, at=NOW + 70)
    assert {row.alert.fingerprint: row.ends_at for row in box.rows(ONE)}["g"] == NOW + 70


def test_what_ended_by_itself_is_forgotten_now_and_then(
    box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As often as it has doubled, so that it is cheap however many there are."""
    monkeypatch.setattr(room, "_FEW", 4)
    box._most_active = 4
    several = alerts(40)
    sizes = []
    for number, alert in enumerate(several):
        box.take([held(alert, at=NOW + 1000 * number)])
        sizes.append(len(box._active))
    assert sizes[:9] == [1, 2, 3, 4, 1, 2, 3, 4, 1]
    assert max(sizes) == 4
    box.take([begun(alert, at=NOW + 10**6) for alert in several])
    assert len(box._active) == 40
    assert box._most_active == 2 * 23


def test_a_full_outbox_takes_what_it_knows(box: Outbox) -> None:
    """A row of an alert that is there already needs no room."""
    box.capacity = 1
    box.take([begun(ALERT)])
    box.accept(box.rows(ONE), resolved=False, at=NOW)
    box.take([Ended(ALERT.kin, NOW + 60)])
    box.accept(box.rows(ONE), resolved=True, at=NOW + 61)
    box.take([begun(ALERT, at=NOW + 100)])
    (row,) = box.rows(ONE)
    assert row.starts_at == NOW + 100
    assert box.dropped == {}


def test_what_is_given_up_is_counted_by_its_reason(box: Outbox) -> None:
    """What was told to its end is let go of without a count."""
    first, second, third = alerts(3)
    box.take([begun(first), begun(second), begun(third)])
    rows = box.rows(ONE)
    box.remove(rows[:1])
    box.remove(rows[1:2], dropped="expired")
    box.remove(rows[1:2], dropped="expired")
    box.remove(rows[2:], dropped="rejected")
    assert box.rows(ONE) == ()
    assert box.dropped == {"expired": 1, "rejected": 1}
    assert box.rows("nobody") == ()
    assert box.receivers() == {ONE}


def test_what_begins_again_in_a_full_outbox_takes_the_place_of_its_own_row(box: Outbox) -> None:
    """Rows of others are kept, however old."""
    box.capacity = 2
    box.take([held(each) for each in alerts(2)])
    for resolved in (False, True):
        box.accept(box.rows(ONE), resolved=resolved, at=NOW + 400)
    first, second = alerts(2)
    box.take([begun(second, at=NOW + 500)])
    assert [row.alert.fingerprint for row in box.rows(ONE)] == [
        first.fingerprint,
        second.fingerprint,
    ]
