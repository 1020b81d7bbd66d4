"""The real Alertmanager: what is sent is notified once, and resolved once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.alertmanager_away import away
from tests.alerts import an_alert
from tests.prometheus import wait_until
from tests.real_alertmanager import QUICK, Sending, a_cluster, a_webhook, an_alertmanager
from vr_exporter.alerting.alertmanager import Alertmanager, Member
from vr_exporter.domain.alerts import Begun, Ended, Event

EVENT = Event.SYNC_FAILED

FLUSHES = 7
"""So many seconds, and repeats: several times group_interval and what members wait for others."""


@contextmanager
def sending(folder: Path, *urls: str) -> Iterator[Sending]:
    """Senders for these addresses."""
    sending = Sending(folder, *urls)
    try:
        yield sending
    finally:
        sending.stop()


def a_held_event(sending: Sending) -> Begun:
    """An event that is over at once."""
    now = sending.clock.now()
    return Begun(an_alert(EVENT), now, now + QUICK.min_hold_seconds)


def test_B25_an_event_is_notified_once_and_resolved_after_its_hold(tmp_path: Path) -> None:
    """As F2 was measured: without the hold nobody would hear of it."""
    with (
        a_webhook() as webhook,
        an_alertmanager(tmp_path / "am", webhook) as alertmanager,
        sending(tmp_path / "state", alertmanager.url) as sender,
    ):
        sender.note(a_held_event(sender))
        wait_until(lambda: webhook.told(EVENT) == ["firing"], "the event is notified")
        (active,) = alertmanager.active(EVENT)
        assert active["labels"] == dict(an_alert(EVENT).labels)
        wait_until(lambda: "resolved" in webhook.told(EVENT), "its end is notified")
        wait_until(lambda: not sender.ledger.outbox.rows("am-0"), "the outbox is empty")
        assert webhook.told(EVENT) == ["firing", "resolved"]
        facts = sender.counting.by_receiver()["am-0"]
        assert (facts.failed, facts.waiting) == (0, 0)
        assert facts.skew is not None
        assert abs(facts.skew) < 2


def test_B26_two_members_of_a_cluster_notify_once(tmp_path: Path) -> None:
    """Each is told; between them they tell people once."""
    with (
        a_webhook() as webhook,
        a_cluster(tmp_path, webhook) as (one, two),
        sending(tmp_path / "state", one.url, two.url) as sender,
    ):
        alert = an_alert(EVENT)
        sender.note(Begun(alert, sender.clock.now()))
        wait_until(lambda: len(one.active(EVENT)) == len(two.active(EVENT)) == 1, "both know it")
        sent = sender.counting.by_receiver()["am-1"].sent
        later = sent + FLUSHES
        wait_until(lambda: sender.counting.by_receiver()["am-1"].sent >= later, "it is repeated")
        assert webhook.told(EVENT) == ["firing"]
        sender.note(Ended(alert.kin, sender.clock.now()))
        wait_until(lambda: "resolved" in webhook.told(EVENT), "its end is notified")


def test_B24_a_real_alertmanager_rejects_one_and_takes_the_rest(tmp_path: Path) -> None:
    """A name of an annotation that 0.25 refuses; newer ones take it, and then nothing is amiss."""
    with (
        a_webhook() as webhook,
        an_alertmanager(tmp_path / "am", webhook) as alertmanager,
        sending(tmp_path / "state", alertmanager.url) as sender,
    ):
        alerts = [an_alert(Event.SYNC_FAILING, replication=f"GID-{n}") for n in range(20)]
        now = sender.clock.now()
        bad = an_alert(Event.SYNC_FAILING, replication="bad")
        object.__setattr__(bad, "labels", (*bad.labels, ("bad\ud800", "x")))
        sender.note(*(Begun(alert, now) for alert in [*alerts[:7], bad, *alerts[7:]]))
        wait_until(lambda: len(alertmanager.active(Event.SYNC_FAILING)) == 20, "the rest is there")
        wait_until(lambda: sender.ledger.outbox.dropped == {"rejected": 1}, "one is set aside")


def test_silences_are_read_and_matched(tmp_path: Path) -> None:
    """What a person silenced there is known here."""
    with a_webhook() as webhook, an_alertmanager(tmp_path / "am", webhook) as alertmanager:
        sender = Sending(tmp_path / "state")
        member = Alertmanager(
            Member("am", alertmanager.url), authorize=lambda: "", clock=sender.clock
        )
        assert member.silences() == ()
        alertmanager.silence(site="madrid")
        (silence,) = member.silences()
        assert silence.covers({"site": "madrid", "alertname": "VrRpoBreached"})
        assert not silence.covers({"site": "berlin"})
        member.close()
        sender.stop()


def test_B23_a_real_alertmanager_that_was_away_is_told_everything(tmp_path: Path) -> None:
    """For some seconds here, for ten minutes in `make torture`."""
    verdict = away(tmp_path, seconds=3.0, alerts=40)
    assert (verdict.lost, verdict.unresolved) == (0, 0)
    assert verdict.accepted_within_seconds < 60
