"""The way out as the settings want it: receivers, credentials, links, metrics."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.alerts import an_alert, begun, note
from tests.builders import a_pairing, a_site_snapshot, a_snapshot, a_task
from tests.pages import series_of
from tests.wishes import a_target, a_trigger
from vr_exporter.alerting.alertmanager import Answer
from vr_exporter.app.alerting import PARTING_SECONDS, Alerting, member_of, named_url, timing_of
from vr_exporter.app.exporter import Exporter
from vr_exporter.app.serving import WebOptions
from vr_exporter.domain.alerts import Begun, Event
from vr_exporter.domain.counts import SiteChanges
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.settings import Settings, load

REFUSING = "http://127.0.0.1:9"
"""Nobody listens there."""

PASSWORD = "invented-9c1"


def some_settings(*urls: str, **more: str) -> Settings:
    """One site whose appliance is never asked, and Alertmanagers."""
    given = {
        "VR_HOST": "vr.madrid.example",
        "VR_SITE": "madrid",
        "VR_USERNAME": "monitor@vsphere.local",
        "VR_PASSWORD": PASSWORD,
        "VR_ALERTMANAGERS": f"[{', '.join(f'{{url: {url!r}}}' for url in urls)}]",
        "VR_ALERTS__LABELS": "{team: storage}",
    }
    return load(None, environ=given | more)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    """A state folder; the umask that it tightens is put back."""
    before = os.umask(0o077)
    yield StateFolder(tmp_path)
    os.umask(before)


@pytest.fixture
def make(folder: StateFolder) -> Iterator[Callable[..., Exporter]]:
    """Makes an exporter that does not listen; its senders are ended."""
    made: list[Exporter] = []

    def make(settings: Settings, reading: Callable[[], Settings] | None = None) -> Exporter:
        web = WebOptions(external_url="https://vr.example/x")
        exporter = Exporter(settings, folder=folder, load=reading or (lambda: settings), web=web)
        made.append(exporter)
        return exporter

    yield make
    for exporter in made:
        exporter.alerting.tell_to_stop()
        exporter.alerting.join(60)
        exporter.ledger.close()


def said(exporter: Exporter) -> dict[str, float]:
    """The families of alerts on the page, by name and label values."""
    text = exporter.own.render(openmetrics=True).decode() + "# EOF\n"
    return {
        " ".join((name, *(value for _, value in labels))): number
        for (name, labels), number in series_of(text).items()
        if name.startswith("vr_alert")
    }


def test_without_alertmanagers_what_is_by_receiver_is_absent(
    make: Callable[..., Exporter],
) -> None:
    """The rest is 0 from the start."""
    exporter = make(some_settings())
    exporter.alerting.apply(exporter._settings)
    assert said(exporter) == {
        **{f"vr_alerts_active {event}": 0 for event in Event},
        "vr_alerts_dropped_total queue_full": 0,
        "vr_alerts_dropped_total expired": 0,
        "vr_alerts_dropped_total rejected": 0,
        "vr_alert_queue_capacity": 50_000,
    }


def test_each_alertmanager_is_a_receiver_of_its_own(make: Callable[..., Exporter]) -> None:
    """Known by host and port, on the page from the start."""
    exporter = make(some_settings(REFUSING, "http://localhost:9"))
    exporter.alerting.apply(exporter._settings)
    assert exporter.ledger.outbox.receivers() == {"127.0.0.1:9", "localhost:9"}
    shown = said(exporter)
    assert shown["vr_alerts_sent_total 127.0.0.1:9"] == 0
    assert shown["vr_alerts_failed_total localhost:9"] == 0
    assert shown["vr_alert_queue_length localhost:9"] == 0
    assert "vr_alert_clock_skew_seconds localhost:9" not in shown


def test_B10_a_reload_changes_the_receivers(make: Callable[..., Exporter]) -> None:
    """One that left is forgotten, one that came is told what fires."""
    readings = [some_settings("http://localhost:9")]
    exporter = make(some_settings(REFUSING), readings.pop)
    exporter.alerting.apply(exporter._settings)
    note(exporter.ledger, begun(an_alert(Event.SYNC_FAILING), at=exporter.clock.now()))
    assert exporter.reload() is None
    assert exporter.ledger.outbox.receivers() == {"localhost:9"}
    assert len(exporter.ledger.outbox.rows("localhost:9")) == 1
    assert "vr_alerts_sent_total 127.0.0.1:9" not in said(exporter)
    exporter.tell_to_stop()
    exporter._fleet.end()


def test_B10_who_sent_before_a_reload_has_ended_after_it(
    make: Callable[..., Exporter], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No thread of old settings goes on beside those of the new ones: it is waited for, so long."""
    exporter = make(some_settings(REFUSING))
    exporter.alerting.apply(exporter._settings)
    (before,) = exporter.alerting._sending
    waited: list[float] = []
    join = before._thread.join

    def joined(seconds: float) -> None:
        waited.append(seconds)
        join(30)

    monkeypatch.setattr(before._thread, "join", joined)
    still = replace(exporter.clock, monotonic=lambda: 0.0)
    monkeypatch.setattr(exporter.alerting, "_clock", still)
    exporter.alerting.apply(some_settings("http://localhost:9"))
    assert not before._thread.is_alive()
    assert waited == [PARTING_SECONDS]
    (after,) = exporter.alerting._sending
    assert (after.receiver, after._thread.is_alive()) == ("localhost:9", True)


class Hanging:
    """An Alertmanager that answers when it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def authorize(self) -> str:
        return ""

    def post(self, _body: bytes) -> Answer:
        self.begun.set()
        self.let_go.wait(30)
        return Answer(200)

    def close(self) -> None:
        """Nothing is open."""


def test_B10_a_reload_waits_for_a_post_under_way_no_longer_than_it_may(
    make: Callable[..., Exporter],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The new ones send meanwhile; the late one ends with its post, and the end waits for it."""
    monkeypatch.setattr("vr_exporter.app.alerting.PARTING_SECONDS", 0.05)
    exporter = make(some_settings(REFUSING))
    exporter.alerting.apply(exporter._settings)
    (late,) = exporter.alerting._sending
    hanging = Hanging()
    monkeypatch.setattr(late._sender, "_member", hanging)
    note(exporter.ledger, begun(an_alert(Event.SYNC_FAILING), at=exporter.clock.now()))
    assert hanging.begun.wait(30)
    exporter.alerting.apply(some_settings(REFUSING, "http://localhost:9"))
    (warned,) = (r for r in caplog.records if r.message.startswith("senders end late"))
    assert warned.__dict__["receivers"] == "127.0.0.1:9"
    assert late._thread.is_alive()
    assert len(exporter.alerting._sending) == 2
    hanging.let_go.set()
    exporter.alerting.tell_to_stop()
    exporter.alerting.join(30)
    assert not late._thread.is_alive()


def test_a_site_that_left_leaves_no_alert(make: Callable[..., Exporter]) -> None:
    """Its failures end with it."""
    exporter = make(some_settings(REFUSING))
    exporter.alerting.apply(exporter._settings)
    note(exporter.ledger, begun(an_alert(Event.SYNC_FAILING), at=exporter.clock.now()))
    exporter.alerting.apply(some_settings(REFUSING, VR_SITE="berlin"))
    assert said(exporter)["vr_alerts_active VrEventSyncFailing"] == 0


def test_a_trigger_that_is_refused_is_told_with_its_pairing(make: Callable[..., Exporter]) -> None:
    """The exporter's own ledger makes the row, in the transaction of the step."""
    exporter = make(some_settings(REFUSING))
    exporter.alerting.apply(exporter._settings)
    exporter._board.put(a_site_snapshot())
    now = exporter.clock.now()
    target = a_target(pairing_id=a_pairing().id)
    wish = a_trigger(key="one", target=target, asked_at=now, not_after=now + 900)
    exporter.ledger.reserve(wish, now=now)
    assert exporter.ledger.claim("one", now=now)
    claimed = exporter.ledger.trigger("one")
    assert claimed is not None
    exporter.ledger.settle(_refused(claimed), now=now)
    (row,) = exporter.ledger.outbox.rows("127.0.0.1:9")
    labels = dict(row.alert.labels)
    assert (labels["alertname"], labels["pairing"]) == (Event.TRIGGER_REFUSED, "berlin")
    assert labels["team"] == "storage"
    assert row.alert.generator_url == "https://vr.example/x/"
    assert said(exporter)["vr_alerts_active VrEventTriggerRefused"] == 1


def _refused(trigger: Trigger) -> Trigger:
    return a_trigger(
        key=trigger.key,
        target=trigger.target,
        state=TriggerState.REFUSED,
        reason="forbidden",
        ended_at=trigger.asked_at,
    )


def test_a_task_that_failed_is_noticed_when_the_look_is_recorded(
    make: Callable[..., Exporter],
) -> None:
    """As the worker asks: before the record, by what the ledger has counted."""
    exporter = make(some_settings(REFUSING))
    exporter.ledger.record(SiteName("madrid"), SiteChanges(ended_tasks={}))
    task = a_task(state=TaskState.ERROR, replication_id=ReplicationId("GID-1"))
    changes = SiteChanges(ended_tasks={task.identity: 1.0})
    found = exporter.alerting.notice(a_site_snapshot(tasks=(task,)), changes)
    (news,) = found.news
    assert isinstance(news, Begun)
    assert (news.alert.name, found.failures) == (Event.SYNC_FAILED, {"GID-1": 1})


@pytest.mark.parametrize(
    ("more", "header"),
    [
        ("", ""),
        (", bearer_token: t0ken", "Bearer t0ken"),
        (", bearer_token_file: FILE", "Bearer of a file"),
        (
            ", basic: {username: alice, password: pw}",
            f"Basic {base64.b64encode(b'alice:pw').decode()}",
        ),
    ],
)
def test_each_receiver_has_its_own_credential(
    make: Callable[..., Exporter], tmp_path: Path, more: str, header: str
) -> None:
    """A token, a token in a file that is read at use, a user, or none."""
    (tmp_path / "token").write_text("of a file\n")
    given = f"[{{url: {REFUSING!r}{more.replace('FILE', str(tmp_path / 'token'))}}}]"
    exporter = make(some_settings(VR_ALERTMANAGERS=given))
    (member,) = exporter.alerting.members()
    assert member.authorize() == header
    if "FILE" in more:
        (tmp_path / "token").write_text("rotated")
        assert member.authorize() == "Bearer rotated"


def test_a_member_that_is_not_verified_is_warned_about(
    make: Callable[..., Exporter], caplog: pytest.LogCaptureFixture
) -> None:
    """At every start, as with sites."""
    given = "[{url: 'https://am-1', tls: {insecure_skip_verify: true}}, {url: 'https://am-2'}]"
    exporter = make(some_settings())
    exporter.alerting.apply(some_settings(VR_ALERTMANAGERS=given))
    warned = [r for r in caplog.records if r.message == "certificate is not verified"]
    assert [record.__dict__["receiver"] for record in warned] == ["am-1"]


def test_where_a_member_is_and_how_it_is_known_comes_from_its_settings() -> None:
    """Its name is what metrics show, never the URL."""
    pin = "ab" * 32
    given = f"[{{url: 'https://am-1/x', name: first, tls: {{fingerprint_sha256: {pin}}}}}]"
    settings = some_settings(VR_ALERTMANAGERS=given)
    member = member_of(settings.alertmanagers[0])
    assert (member.receiver, member.url) == ("first", "https://am-1/x")
    assert (member.fingerprint_sha256, member.insecure_skip_verify) == (pin, False)
    timing = timing_of(settings)
    found = (timing.resend_seconds, timing.min_hold_seconds, timing.resolved_for_seconds)
    assert found == (60, 360, 900)


def test_links_have_the_name_of_this_machine_unless_they_are_told_another() -> None:
    """Whoever reads an alert sits elsewhere."""
    assert named_url(()) == ""
    assert named_url(("https://10.0.0.1:10843", "http://localhost:1")) == "https://10.0.0.1:10843"
    assert "localhost" not in named_url(("http://localhost:10843",))
    assert named_url(("http://localhost:10843",)).endswith(":10843")


def test_steps_that_are_no_news_ask_for_nothing(tmp_path: Path) -> None:
    """A ledger tells of its first steps before anything else is there."""

    def never(*_: Any) -> Any:
        raise AssertionError("asked too early")

    alerting = Alerting(
        ledger=never,
        snapshot=never,
        settings=never,
        secrets=never,
        external_url=never,
        clock=never,  # type: ignore[arg-type] # as above
    )
    ledger = Ledger(tmp_path / "state.db", now=1.0, notice=alerting.notice_trigger)
    ledger.reserve(a_trigger(key="one"), now=1.0)
    ledger.close()


def test_a_snapshot_without_the_site_has_no_pairing(make: Callable[..., Exporter]) -> None:
    """A trigger that ends while its site is removed is told without it."""
    exporter = make(some_settings(REFUSING))
    trigger = a_trigger(state=TriggerState.REFUSED, reason="dns")
    assert exporter.snapshot() == Snapshot() != a_snapshot()
    (news,) = exporter.alerting.notice_trigger(None, trigger, 1.0)
    assert isinstance(news, Begun)
    assert "pairing" not in dict(news.alert.labels)
