"""What any ledger must keep of alerts to be told (fault-matrix 6: T4, T5; B23, B27, K10, K11)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.alerts import an_alert, begun, held, note, serve
from tests.builders import NOW
from tests.ledgers import (
    MADRID,
    Failure,
    SqliteEngine,
    a_row,
    ambiguous,
    break_one_commit,
    lead_on,
    running,
    state_of,
    step,
)
from vr_exporter.domain.alerts import Ended, Event, News, Noticed, Outgoing
from vr_exporter.domain.counts import Add, SiteChanges
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.outbox import Outbox
from vr_exporter.ledger.sqlite import Ledger

S = TriggerState
ONE, TWO = "am-1", "am-2"
ALERT = an_alert(Event.SYNC_FAILING)
COUNTED = SiteChanges((Add("vr_tasks_completed_total", ("sync",)),))


@pytest.fixture
def ledger(engine: SqliteEngine) -> Ledger:
    """A ledger that keeps rows for two receivers."""
    ledger = engine.open()
    serve(ledger, ONE, TWO)
    return ledger


def accept(ledger: Ledger, *rows: Outgoing, resolved: bool = False, at: float = NOW) -> None:
    """A receiver took these."""
    ledger.change_outbox(lambda box: box.accept(rows, resolved=resolved, at=at))


def rows(ledger: Ledger, receiver: str = ONE) -> tuple[Outgoing, ...]:
    """What a receiver has yet to be told."""
    return ledger.outbox.rows(receiver)


def the_row(ledger: Ledger, receiver: str = ONE) -> Outgoing:
    """The one row of a receiver."""
    (row,) = rows(ledger, receiver)
    return row


def test_K10_an_alert_is_as_durable_as_its_cause(engine: SqliteEngine, ledger: Ledger) -> None:
    """Counts, ends of triggers, failures in a row and rows are one transaction (T4)."""
    trigger = running(ledger)
    found = Noticed((begun(ALERT),), {ReplicationId("GID-1"): 3})
    ledger.record(MADRID, COUNTED, [step(trigger, S.FAILED)], found)
    again = engine.crash()
    assert state_of(again) is S.FAILED
    assert again.totals(MADRID).counters["vr_tasks_completed_total"] == {("sync",): 1}
    assert again.failures_in_a_row(MADRID) == {"GID-1": 3}
    assert the_row(again) == Outgoing(ONE, ALERT, NOW)
    assert the_row(again, TWO) == Outgoing(TWO, ALERT, NOW)


def test_K9_a_poll_that_was_not_committed_made_no_alert(
    engine: SqliteEngine, ledger: Ledger
) -> None:
    """The next poll sees the same task, and tells of it once."""
    break_one_commit(engine, "lost")
    ledger.record(MADRID, COUNTED, (), Noticed((begun(ALERT),)))
    assert rows(engine.crash()) == ()


@pytest.mark.parametrize("failure", ["kept", "lost"])
def test_B1_rows_hold_in_memory_and_are_written_later(
    engine: SqliteEngine, ledger: Ledger, failure: Failure
) -> None:
    """People are told while the disk is full."""
    break_one_commit(engine, failure)
    note(ledger, begun(ALERT))
    assert len(rows(ledger)) == 1
    assert ledger.probe()
    assert rows(engine.crash()) == (Outgoing(ONE, ALERT, NOW),)


def test_K11_T5_an_acknowledgement_is_kept_for_its_receiver_alone(
    engine: SqliteEngine, ledger: Ledger
) -> None:
    """T5: who was away is told as if nobody had been."""
    note(ledger, begun(ALERT))
    accept(ledger, the_row(ledger), at=NOW + 5)
    again = engine.crash()
    assert the_row(again).firing_acked_at == NOW + 5
    assert the_row(again, TWO).firing_acked_at is None
    accept(again, the_row(again), at=NOW + 90)
    assert the_row(again).firing_acked_at == NOW + 5


def test_an_end_is_kept_and_its_acknowledgement(engine: SqliteEngine, ledger: Ledger) -> None:
    """The end is the episode's; both are there after a restart, and the row goes when told to."""
    note(ledger, begun(ALERT))
    accept(ledger, the_row(ledger))
    note(ledger, Ended(ALERT.kin, NOW + 60))
    again = engine.crash()
    ended = the_row(again)
    assert (ended.ends_at, ended.is_superseded) == (NOW + 60, False)
    accept(again, ended, resolved=True, at=NOW + 400)
    after = engine.crash()
    assert the_row(after).resolved_acked_at == NOW + 400
    after.change_outbox(lambda box: box.remove(rows(after)))
    assert rows(engine.crash()) == ()
    assert len(rows(engine.open(), TWO)) == 1


def test_an_episode_goes_on_under_its_start(ledger: Ledger) -> None:
    """What fires already is told on: its annotations and its end are the newest."""
    note(ledger, held(an_alert(), at=NOW))
    accept(ledger, the_row(ledger))
    later = held(an_alert(description="task-2"), at=NOW + 100)
    note(ledger, later)
    row = the_row(ledger)
    assert (row.starts_at, row.ends_at, row.firing_acked_at) == (NOW, later.ends_at, NOW)
    assert dict(row.alert.annotations)["description"] == "task-2"


def test_an_episode_that_nobody_heard_of_takes_the_next_one_in(ledger: Ledger) -> None:
    """A receiver that is away for hours has one row of it, not one for each time."""
    for number in range(10):
        note(ledger, held(an_alert(), at=NOW + 1000 * number))
    row = the_row(ledger)
    assert (row.starts_at, row.ends_at) == (NOW, NOW + 9360)


def test_after_an_end_that_was_told_a_new_episode_begins(
    engine: SqliteEngine, ledger: Ledger
) -> None:
    """With a start of its own, not yet heard by anyone; the old row is gone from disk too."""
    note(ledger, begun(ALERT))
    accept(ledger, the_row(ledger))
    note(ledger, Ended(ALERT.kin, NOW + 60))
    accept(ledger, the_row(ledger), resolved=True, at=NOW + 400)
    note(ledger, begun(ALERT, at=NOW + 500))
    assert rows(engine.crash()) == (Outgoing(ONE, ALERT, NOW + 500),)


def test_an_end_that_was_overtaken_is_not_acknowledged(ledger: Ledger) -> None:
    """It began anew while its end was under way: it is told as firing again."""
    note(ledger, begun(ALERT))
    accept(ledger, the_row(ledger))
    note(ledger, Ended(ALERT.kin, NOW + 60))
    under_way = the_row(ledger)
    note(ledger, begun(ALERT, at=NOW + 61))
    accept(ledger, under_way, resolved=True)
    assert (the_row(ledger).ends_at, the_row(ledger).resolved_acked_at) == (None, None)


def test_what_was_heard_of_an_episode_is_not_taken_for_the_next(ledger: Ledger) -> None:
    """Its acknowledgement, and its removal, come too late."""
    note(ledger, begun(ALERT))
    first = the_row(ledger)
    accept(ledger, first)
    note(ledger, Ended(ALERT.kin, NOW + 60))
    accept(ledger, the_row(ledger), resolved=True, at=NOW + 400)
    note(ledger, begun(ALERT, at=NOW + 500))
    accept(ledger, first, at=NOW + 501)
    ledger.change_outbox(lambda box: box.remove([first], dropped="expired"))
    assert the_row(ledger) == Outgoing(ONE, ALERT, NOW + 500)
    assert ledger.outbox.dropped == {}


def test_a_new_class_ends_the_alert_of_the_old_one(engine: SqliteEngine, ledger: Ledger) -> None:
    """Of one kin one alert is active."""
    new = an_alert(Event.SYNC_FAILING, error_class="auth")
    note(ledger, begun(ALERT))
    note(ledger, begun(new, at=NOW + 50))
    assert ledger.outbox.active(NOW + 50) == {Event.SYNC_FAILING: 1}
    again = engine.crash(NOW + 50)
    assert set(rows(again)) == {
        Outgoing(ONE, ALERT, NOW, NOW + 50, is_superseded=True),
        Outgoing(ONE, new, NOW + 50),
    }
    note(again, Ended(ALERT.kin, NOW + 90))
    ends = {row.alert: row.ends_at for row in rows(again)}
    assert ends == {ALERT: NOW + 50, new: NOW + 90}


def test_what_fires_is_counted_by_name_and_survives(engine: SqliteEngine, ledger: Ledger) -> None:
    """A held event until its time is over, one that lasts until it ends."""
    note(ledger, begun(ALERT), held(an_alert()))
    assert ledger.outbox.active(NOW) == {Event.SYNC_FAILING: 1, Event.SYNC_FAILED: 1}
    again = engine.crash()
    assert again.outbox.active(NOW + 359) == {Event.SYNC_FAILING: 1, Event.SYNC_FAILED: 1}
    assert again.outbox.active(NOW + 361) == {Event.SYNC_FAILING: 1}
    note(again, Ended(ALERT.kin, NOW + 400))
    assert again.outbox.active(NOW + 401) == {}


def test_a_new_receiver_is_told_what_fires_and_one_that_left_is_forgotten(
    engine: SqliteEngine, ledger: Ledger
) -> None:
    """After a reload; what is over is old news to the new one."""
    note(ledger, begun(ALERT), held(an_alert()))
    serve(ledger, TWO, "am-3", now=NOW + 1000)
    again = engine.crash(NOW + 1000)
    assert again.outbox.receivers() == {TWO, "am-3"}
    assert rows(again, "am-3") == (Outgoing("am-3", ALERT, NOW),)
    assert len(rows(again, TWO)) == 2


def test_without_a_receiver_nothing_is_kept(engine: SqliteEngine) -> None:
    """Nobody configured an Alertmanager: the outbox does not grow."""
    ledger = engine.open()
    note(ledger, begun(ALERT))
    assert ledger.outbox.receivers() == frozenset()
    assert ledger.outbox.active(NOW) == {}


def test_what_ends_while_nobody_is_served_fires_for_no_receiver_after(ledger: Ledger) -> None:
    """A reload that takes all Alertmanagers away and one that gives them back: no stale alert."""
    note(ledger, begun(ALERT))
    serve(ledger)
    note(ledger, Ended(ALERT.kin, NOW + 60))
    serve(ledger, ONE, now=NOW + 120)
    assert rows(ledger) == ()


def test_B23_a_full_outbox_takes_ends_and_drops_what_begins(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New ends win; what is dropped is counted, once for each receiver."""
    monkeypatch.setattr(ledger.outbox, "capacity", 3)
    alerts = [an_alert(Event.SYNC_FAILING, replication=f"GID-{n}") for n in range(5)]
    note(ledger, *(begun(alert) for alert in alerts))
    assert len(rows(ledger)) == len(rows(ledger, TWO)) == 3
    assert ledger.outbox.dropped == {"queue_full": 4}
    note(ledger, Ended(alerts[1].kin, NOW + 60))
    assert [row.ends_at for row in rows(ledger)] == [None, NOW + 60, None]


def test_B23_a_row_whose_end_is_told_makes_room(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept for repeats alone."""
    monkeypatch.setattr(ledger.outbox, "capacity", 2)
    first, second, third = (an_alert(Event.SYNC_FAILING, replication=f"GID-{n}") for n in range(3))
    note(ledger, begun(first), begun(second))
    accept(ledger, *rows(ledger))
    note(ledger, Ended(first.kin, NOW + 60))
    accept(ledger, rows(ledger)[0], resolved=True)
    note(ledger, begun(third))
    assert {row.alert for row in rows(ledger)} == {second, third}
    assert ledger.outbox.dropped == {"queue_full": 1}


def test_B23_room_is_made_once_for_each_end_that_was_told(engine: SqliteEngine) -> None:
    """Also after a restart, and not by a row whose alert fires again."""
    ledger = engine.open()
    serve(ledger, ONE)
    again, over, third = (an_alert(replication=f"GID-{number}") for number in range(3))
    note(ledger, held(again), held(over))
    accept(ledger, *rows(ledger))
    accept(ledger, *rows(ledger), resolved=True, at=NOW + 400)
    engine.close()
    ledger = engine.open(now=NOW + 500)
    ledger.outbox.capacity = 2
    note(ledger, held(again, at=NOW + 500), held(third, at=NOW + 500))
    assert {row.alert for row in rows(ledger)} == {again, third}
    note(ledger, held(over, at=NOW + 600))
    assert ledger.outbox.dropped == {"queue_full": 1}


def test_B24_an_alert_that_is_set_aside_is_counted(engine: SqliteEngine, ledger: Ledger) -> None:
    """For the receiver that rejects it; others may take it."""
    note(ledger, begun(ALERT))
    ledger.change_outbox(lambda box: box.remove(rows(ledger), dropped="rejected"))
    ledger.change_outbox(lambda box: box.remove([Outgoing(ONE, ALERT, NOW)], dropped="rejected"))
    assert ledger.outbox.dropped == {"rejected": 1}
    again = engine.crash()
    assert (rows(again), len(rows(again, TWO))) == ((), 1)


def test_a_site_that_left_the_settings_leaves_no_alert_firing(
    engine: SqliteEngine, ledger: Ledger
) -> None:
    """Nobody would ever see its end."""
    ledger.record(MADRID, COUNTED, (), Noticed((begun(ALERT),), {ReplicationId("GID-1"): 3}))

    def change(box: Outbox) -> None:
        box.end_sites_but({"berlin"}, at=NOW + 60)

    ledger.change_outbox(change)
    ledger.forget(MADRID)
    again = engine.crash()
    assert the_row(again).ends_at == NOW + 60
    assert again.failures_in_a_row(MADRID) == {}


def test_a_row_of_failures_is_counted_over_restarts(engine: SqliteEngine, ledger: Ledger) -> None:
    """0 ends it."""
    one, two = ReplicationId("GID-1"), ReplicationId("GID-2")
    ledger.record(MADRID, COUNTED, (), Noticed(failures={one: 2, two: 1}))
    again = engine.crash()
    assert again.failures_in_a_row(MADRID) == {one: 2, two: 1}
    again.record(MADRID, COUNTED, (), Noticed(failures={one: 0}))
    assert engine.crash().failures_in_a_row(MADRID) == {two: 1}


def of_steps(before: Trigger | None, after: Trigger, at: float) -> tuple[News, ...]:
    """Every trigger that stays unknown is news."""
    is_news = after.state is S.UNRESOLVED and before is not None
    return (replace(begun(an_alert(Event.TRIGGER_AMBIGUOUS)), at=at),) if is_news else ()


def test_a_trigger_that_stays_unknown_makes_its_alert_in_the_same_transaction(
    engine: SqliteEngine,
) -> None:
    """T6 holds both; what is told to the ledger is asked within the step."""
    ledger = Ledger(engine.path, now=NOW, notice=of_steps)
    serve(ledger, ONE)
    trigger = ambiguous(ledger)
    assert rows(ledger) == ()
    ledger.settle(step(trigger, S.UNRESOLVED), now=NOW + 600)
    ledger._store.close()
    again = engine.open()
    assert state_of(again) is S.UNRESOLVED
    assert the_row(again).starts_at == NOW + 600


def test_odd_texts_in_alerts_come_back_as_they_were(engine: SqliteEngine) -> None:
    """Quotes and a receiver that has no UTF-8 break nothing."""
    odd = "am-\ud800'\";ü"
    alert = an_alert(replication="GID-'\";ü", description="ß\\'\"")
    ledger = engine.open()
    serve(ledger, odd)
    note(ledger, begun(alert))
    assert rows(engine.crash(), odd) == (Outgoing(odd, alert, NOW),)


def test_wishes_go_on_beside_a_full_outbox(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be told does not keep a sync from being started."""
    monkeypatch.setattr(ledger.outbox, "capacity", 0)
    note(ledger, begun(ALERT))
    ledger.reserve(a_row(), now=NOW)
    lead_on(ledger, "one", S.SUCCEEDED)
    assert state_of(ledger) is S.SUCCEEDED
