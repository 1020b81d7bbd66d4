"""A sender at work against an Alertmanager in this process: the table of alerting.md 1."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.alertmanager import Alertmanager, Heard
from tests.alerts import WayOut, a_way_out, an_alert, begun, held, serve
from tests.builders import NOW
from vr_exporter.alerting import messages
from vr_exporter.alerting.alertmanager import NotAsked, Unready, bearer
from vr_exporter.alerting.sender import Outcome, outcome_of
from vr_exporter.alerting.turns import Timing
from vr_exporter.domain.alerts import Ended, Event, EventAlert
from vr_exporter.ledger.sqlite import Ledger

ALERT = an_alert()


@pytest.fixture
def way(tmp_path: Path) -> Iterator[WayOut]:
    """A way out with nothing on it yet."""
    way = a_way_out(tmp_path)
    yield way
    way.ledger.close()


def told(way: WayOut, alert: EventAlert = ALERT) -> list[str]:
    """What people were told of an alert, in order."""
    return [heard.status for heard in heard_of(way, alert)]


def heard_of(way: WayOut, alert: EventAlert = ALERT) -> list[Heard]:
    """The notifications of an alert."""
    return [heard for heard in way.standin.heard if heard.labels == frozenset(alert.labels)]


def sent(way: WayOut) -> list[dict[str, Any]]:
    """All alerts of all posts."""
    return [alert for post in way.standin.posts for alert in post]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.TAKEN),
        (400, Outcome.SPLIT),
        (422, Outcome.SPLIT),
        (413, Outcome.SPLIT),
        (404, Outcome.MISCONFIGURED),
        (405, Outcome.MISCONFIGURED),
        (415, Outcome.MISCONFIGURED),
        (301, Outcome.MISCONFIGURED),
        (308, Outcome.MISCONFIGURED),
        (401, Outcome.REFUSED),
        (403, Outcome.REFUSED),
        (429, Outcome.FAILED),
        (500, Outcome.FAILED),
        (503, Outcome.FAILED),
        (0, Outcome.FAILED),
    ],
)
def test_each_answer_has_its_meaning(status: int, outcome: Outcome) -> None:
    """The table of alerting.md 1; 0 is no answer at all."""
    assert outcome_of(status) is outcome


def test_F2_an_event_that_is_over_at_once_is_notified_and_resolved(way: WayOut) -> None:
    """Held longer than group_wait and group_interval, people are told both."""
    way.note(held(ALERT))
    way.pass_time(359)
    assert told(way) == ["firing"]
    way.pass_time(700)
    assert told(way) == ["firing", "resolved"]


def test_F2_control_without_the_hold_nobody_is_told(tmp_path: Path) -> None:
    """The stand-in shows what was measured: the test above can fail."""
    way = a_way_out(tmp_path, timing=Timing(min_hold_seconds=5))
    way.note(begun(ALERT), Ended(ALERT.kin, NOW))
    way.pass_time(900)
    assert told(way) == []
    way.ledger.close()


def test_a_firing_alert_is_sent_every_minute_with_one_start(way: WayOut) -> None:
    """Each time with an end four resends ahead; people hear of it once."""
    way.note(begun(ALERT))
    way.pass_time(600)
    assert len(sent(way)) == 11
    assert len({alert["startsAt"] for alert in sent(way)}) == 1
    assert len({alert["endsAt"] for alert in sent(way)}) == 11
    assert told(way) == ["firing"]


def step(way: WayOut, seconds: float) -> None:
    """Set the clock of this machine; that of Alertmanager's goes on as it was."""
    way.time.step(seconds)
    way.standin.ahead -= seconds


@pytest.mark.parametrize("steps", [(-3600,), (3600,), (-3600, 3600), (3600, -3600)])
def test_B12_no_step_of_the_clock_loses_a_held_alert_or_makes_a_burst(
    way: WayOut, steps: tuple[float, ...]
) -> None:
    """One that is held and one that lasts: each is told as firing, then as resolved, then gone."""
    lasting = an_alert(Event.SYNC_FAILING)
    way.note(held(ALERT), begun(lasting))
    way.pass_time(60)
    for seconds in steps:
        step(way, seconds)
        way.pass_time(120)
    way.note(Ended(lasting.kin, way.time.now()))
    way.pass_time(3 * 3600, step=5)
    for alert in (ALERT, lasting):
        assert [told(way, alert)[0], told(way, alert)[-1]] == ["firing", "resolved"]
    assert not way.standin.firing()
    assert not way.rows
    assert len(way.standin.posts) < 3 * 60


def test_B27_an_alert_whose_exporter_died_ends_by_itself(way: WayOut) -> None:
    """Within four resends of the last post."""
    way.note(begun(ALERT))
    way.pass_time(10)
    way.time.advance(225)
    assert way.standin.firing()
    way.time.advance(10)
    assert not way.standin.firing()


def test_an_end_is_told_again_for_a_quarter_of_an_hour(way: WayOut) -> None:
    """Then the row goes: nothing of an episode is kept for ever."""
    way.note(begun(ALERT))
    way.pass_time(400)
    way.note(Ended(ALERT.kin, way.time.now()))
    way.pass_time(10)
    before = len(sent(way))
    way.pass_time(880)
    assert len(sent(way)) - before == 14
    assert len(way.rows) == 1
    way.pass_time(30)
    assert not way.rows
    assert told(way) == ["firing", "resolved"]


def test_A38_an_end_that_a_slow_clock_did_not_hear_is_repaired_by_the_next(way: WayOut) -> None:
    """Its clock is behind ours: the first end lay in its future."""
    way.standin.ahead = -20
    way.note(begun(ALERT))
    way.pass_time(400)
    way.note(Ended(ALERT.kin, way.time.now()))
    way.pass_time(10)
    assert way.standin.firing()
    way.pass_time(60)
    assert not way.standin.firing()
    assert way.counting.by_receiver()["am-1"].skew == pytest.approx(-20, abs=1)


def test_B24_one_bad_alert_is_set_aside_and_the_rest_arrives(
    way: WayOut, caplog: pytest.LogCaptureFixture
) -> None:
    """The batch is halved until it is alone; the log says what the receiver said of it."""
    alerts = [an_alert(replication=f"GID-{n}") for n in range(100)]
    bad = replace(alerts[37], annotations=(("bad-name", "x"),))
    way.note(*(begun(bad if alert is alerts[37] else alert) for alert in alerts))
    way.pass_time(1)
    assert len(way.standin.firing()) == 99
    assert len(way.rows) == 99
    assert way.ledger.outbox.dropped == {"rejected": 1}
    assert len(way.standin.requests) == 13
    assert ["invalid label set" in str(r.__dict__.get("error")) for r in caplog.records] == [True]


def test_B24_a_batch_that_cannot_be_parsed_is_halved_too(way: WayOut) -> None:
    """Of such a batch nothing was stored: a number as a label, a label set that is empty."""
    alerts = [an_alert(replication=f"GID-{n}") for n in range(8)]
    unparsable = replace(alerts[2], labels=(("alertname", 1),))  # type: ignore[arg-type]
    missing = replace(alerts[5], labels=())
    way.note(*(begun(a) for a in [*alerts[:2], unparsable, *alerts[3:5], missing, *alerts[6:]]))
    way.pass_time(1)
    assert len(way.standin.firing()) == 6
    assert way.ledger.outbox.dropped == {"rejected": 2}


def test_B26_a_member_that_is_away_does_not_delay_the_other(tmp_path: Path) -> None:
    """Each has its own acknowledgement and its own back-off."""
    here = a_way_out(tmp_path)
    serve(here.ledger, "am-1", "am-2")
    there = a_way_out(tmp_path, time=here.time, receiver="am-2", ledger=here.ledger)
    there.standin.is_away = True
    here.note(begun(ALERT))
    for _ in range(30):
        there.sender.turn()
        here.sender.turn()
        here.time.advance(1)
    assert here.standin.firing()
    assert here.rows[0].firing_acked_at == NOW
    assert there.rows[0].firing_acked_at is None
    assert here.counting.by_receiver()["am-1"].waiting == 0
    facts = there.counting.by_receiver()["am-2"]
    assert (facts.waiting, facts.oldest, facts.sent) == (1, NOW, 0)
    there.standin.is_away = False
    there.pass_time(60)
    assert there.standin.firing()
    here.ledger.close()


def test_back_off_grows_to_half_a_minute_and_is_forgotten_at_the_first_yes(way: WayOut) -> None:
    """1 s, 2 s, 4 s … 30 s: a receiver that is back is noticed within that."""
    way.standin.status = 503
    way.note(begun(ALERT))
    tries: list[float] = []
    for _ in range(200):
        before = len(way.standin.requests)
        way.sender.turn()
        tries += [way.time.now()] * (len(way.standin.requests) - before)
        way.time.advance(1)
    gaps = [round(b - a) for a, b in itertools.pairwise(tries)]
    assert gaps == [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]
    assert way.counting.by_receiver()["am-1"].failed == 11
    way.standin.status = 0
    way.pass_time(30)
    assert way.standin.firing()
    assert way.sender.fault == ""


@pytest.mark.parametrize("status", [301, 307, 404, 405, 415])
def test_a_wrong_address_is_asked_once_and_not_again_before_a_reload(
    way: WayOut, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """Nothing answers there as an Alertmanager would: the log says so once."""
    way.standin.status = status
    way.note(begun(ALERT))
    way.pass_time(3600, step=5)
    assert len(way.standin.requests) == 1
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert way.counting.by_receiver()["am-1"].waiting == 1


def test_B11_a_rotated_token_is_read_again_and_shown_at_once(tmp_path: Path) -> None:
    """A 401 does not cost a minute where the secret has changed meanwhile."""
    tokens = ["old", "new"]
    way = a_way_out(tmp_path, authorize=lambda: bearer(tokens.pop(0) if tokens[1:] else tokens[0]))
    way.standin.token = "new"
    way.note(begun(ALERT))
    way.pass_time(1)
    assert way.standin.firing()
    assert len(way.standin.requests) == 2
    way.ledger.close()


def test_a_wrong_token_is_shown_once_a_minute_and_later_every_five(tmp_path: Path) -> None:
    """Whoever guards the receiver does not take us for a guesser."""
    way = a_way_out(tmp_path, authorize=lambda: bearer("wrong"))
    way.standin.token = "right"
    way.note(begun(ALERT))
    way.pass_time(3599, step=2)
    assert len(way.standin.requests) == 14
    way.ledger.close()


def test_a_secret_that_cannot_be_read_is_a_failure_like_others(tmp_path: Path) -> None:
    """Nothing is sent without it, and all is sent when it is back."""
    faults = [Unready("secret: no such file")]

    def authorize() -> str:
        if faults:
            raise faults[0]
        return ""

    way = a_way_out(tmp_path, authorize=authorize)
    way.note(begun(ALERT))
    way.pass_time(10)
    assert (way.standin.requests, way.sender.fault) == ([], "secret: no such file")
    faults.clear()
    way.pass_time(30)
    assert way.standin.firing()
    way.ledger.close()


def test_a_new_class_resolves_the_old_one_in_the_same_batch(way: WayOut) -> None:
    """A new label value is news; the alert of the old class does not stay behind."""
    old = an_alert(Event.SYNC_FAILING)
    new = an_alert(Event.SYNC_FAILING, error_class="auth")
    way.note(begun(old))
    way.pass_time(400)
    way.standin.posts.clear()
    way.note(begun(new, at=way.time.now()))
    way.pass_time(1)
    assert [len(post) for post in way.standin.posts] == [2]
    assert way.standin.firing() == {frozenset(new.labels)}


def test_an_annotation_that_changes_is_updated_in_silence(way: WayOut) -> None:
    """Another task id is no news."""
    way.note(begun(ALERT))
    way.pass_time(100)
    way.note(begun(an_alert(description="task-2"), at=way.time.now()))
    way.pass_time(400)
    assert told(way) == ["firing"]
    assert sent(way)[-1]["annotations"]["description"] == "task-2"


def test_B23_the_oldest_are_told_first_at_a_return(way: WayOut) -> None:
    """And what ended a day ago is not told at all."""
    way.standin.is_away = True
    way.note(held(an_alert(replication="stale"), at=NOW))
    way.pass_time(25 * 3600, step=60)
    young = [an_alert(replication=f"GID-{n}") for n in range(3)]
    for alert in young:
        way.note(begun(alert, at=way.time.now()))
        way.pass_time(10)
    way.standin.is_away = False
    way.pass_time(31)
    assert [post["labels"]["replication"] for post in way.standin.posts[0]] == [
        "GID-0",
        "GID-1",
        "GID-2",
    ]
    assert way.ledger.outbox.dropped == {"expired": 1}


def test_K11_what_was_sent_and_not_written_down_is_sent_again_and_merged(tmp_path: Path) -> None:
    """The receiver knows it by its labels: people hear of it once."""
    first = a_way_out(tmp_path)
    time, standin = first.time, first.standin
    first.note(begun(ALERT))
    row = first.rows[0]
    first.pass_time(60)
    first.ledger.change_outbox(lambda box: box.remove([row]))
    first.note(begun(ALERT))  # as the disk has it when the acknowledgement was lost
    first.ledger.close()
    again = Ledger(tmp_path / "state.db", now=time.now())
    second = a_way_out(tmp_path, time=time, standin=standin, ledger=again)
    assert again.outbox.rows("am-1")[0].firing_acked_at is None
    second.pass_time(300)
    assert told(second) == ["firing"]
    again.close()


def test_K10_what_was_recorded_and_not_sent_is_sent_within_five_seconds(tmp_path: Path) -> None:
    """The row is as durable as its cause."""
    first = a_way_out(tmp_path)
    first.note(begun(ALERT))
    first.ledger.close()
    again = Ledger(tmp_path / "state.db", now=first.time.now())
    second = a_way_out(tmp_path, time=first.time, standin=first.standin, ledger=again)
    second.pass_time(5)
    assert second.standin.firing() == {frozenset(ALERT.labels)}
    again.close()


def test_B8_a_sender_that_is_told_to_stop_begins_no_further_post(way: WayOut) -> None:
    """What was not told is told at the next start."""
    way.note(begun(ALERT))
    way.time.stop()
    way.sender.run()
    assert way.standin.requests == []


def test_B1_alerts_go_on_from_memory_while_the_store_cannot_be_written(way: WayOut) -> None:
    """The disk is full: people are told all the same."""
    way.ledger._store.close()
    way.note(held(ALERT))
    way.pass_time(1200)
    assert told(way) == ["firing", "resolved"]


def test_repeated_flapping_while_away_makes_one_row(way: WayOut) -> None:
    """The outbox holds a state for each identity, not messages."""
    way.standin.is_away = True
    for _ in range(100):
        way.note(held(ALERT, at=way.time.now()))
        way.pass_time(400, step=200)
    assert len(way.rows) == 1
    way.standin.is_away = False
    way.pass_time(1500, step=2)
    assert told(way) == ["firing", "resolved"]


def test_an_alertmanager_that_starts_anew_learns_what_fires(way: WayOut) -> None:
    """It remembers nothing: the next repeat tells it."""
    way.note(begun(ALERT))
    way.pass_time(100)
    way.standin = way.sender._member._given = Alertmanager(way.time)  # type: ignore[attr-defined]
    way.sender._member.close()
    way.pass_time(61)
    assert way.standin.firing()


def test_of_a_slow_receiver_no_end_is_planned_so_early_that_it_is_past(
    way: WayOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each portion is planned anew: a firing alert that arrives with an end in the past is none."""
    monkeypatch.setattr(messages, "MOST_ALERTS", 20)
    way.note(*(begun(an_alert(replication=f"GID-{number}")) for number in range(600)))
    answer, lived = way.standin.handle_request, []

    def slowly(request: httpx.Request) -> httpx.Response:
        way.time.advance(9.0)
        ends = {alert["endsAt"] for alert in json.loads(request.read())}
        lived.append(datetime.fromisoformat(min(ends)).timestamp() - way.time.now())
        return answer(request)

    way.standin.handle_request = slowly  # type: ignore[method-assign] # as slow as we wait for
    for _ in range(30):
        way.sender.turn()
    assert len(lived) == 30
    assert min(lived) > 200


@pytest.mark.parametrize(
    "text",
    [
        "Client sent an HTTP request to an HTTPS server.",
        "<h1>400 Bad Request</h1> The plain HTTP request was sent to HTTPS port",
    ],
)
def test_a_400_to_http_where_https_is_spoken_drops_no_alert(text: str) -> None:
    """It is about the address: alerts wait for the settings to be put right."""
    assert outcome_of(400, text) is Outcome.MISCONFIGURED


@pytest.mark.parametrize("token", ["tökén", "a\x07b", "a\nb"])
def test_a_token_that_no_header_can_carry_is_a_fault_and_no_crash(
    tmp_path: Path, token: str
) -> None:
    """Said by the receiver's fault, and alerts wait; silences are then unknown."""
    way = a_way_out(tmp_path, authorize=lambda: bearer(token))
    way.note(begun(ALERT))
    way.pass_time(3)
    assert "no header can carry" in way.sender.fault
    assert len(way.rows) == 1
    with pytest.raises(NotAsked):
        way.sender._member.silences()  # type: ignore[attr-defined] # the real client
    way.ledger.close()
