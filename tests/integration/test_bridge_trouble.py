"""The way in while things change under it: store, clock, settings, two sites at once, a loop."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridged import API_TOKEN, Alert, Bridged, a_body, reasons
from tests.late import be_late
from tests.ledgers import Failure, Faults
from tests.watched import Watched
from vr_exporter.domain.snapshot import WatchedReplication
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.web.message import Request

HOUR = 3600.0


class OnFailingDisk(Watched):
    """What is watched, on a disk whose commits fail when told."""

    def _new_ledger(self) -> Ledger:
        self.faults = Faults()
        path = Path(self.folder.name) / "state.db"
        return Ledger(path, now=self.time.now(), connect=self.faults.connect)


@pytest.fixture
def watched() -> Iterator[OnFailingDisk]:
    """A site some of whose replications are far too late."""
    with OnFailingDisk(replications=60) as site:
        be_late(site, 8)
        yield site


def status(bridged: Bridged, *alerts: Alert) -> int:
    """What Alertmanager is answered."""
    return bridged.post(a_body(alerts)).status


@pytest.mark.parametrize("failure", ["lost", "kept"])
def test_B1_a_store_that_fails_under_a_webhook_promises_nothing_and_takes_it_later(
    watched: OnFailingDisk, failure: Failure
) -> None:
    """503 and no POST while it fails, whatever is on disk; the retry is taken, and posted once."""
    bridged = Bridged(watched)
    alerts = [bridged.an_alert(row) for row in bridged.breached()[:2]]
    watched.faults.commits = [failure]
    assert status(bridged, *alerts) == 503
    assert status(bridged, *alerts) == 503
    watched.work(30)
    assert watched.madrid.posts == 0
    assert watched.ledger.probe()
    assert status(bridged, *alerts) == 202
    watched.work(120)
    assert status(bridged, *alerts) == 200
    assert watched.madrid.posts == 2
    assert bridged.outcomes()["accepted"] == 2


def test_B1_the_second_commit_of_a_webhook_fails_and_the_first_is_not_begun_twice(
    watched: OnFailingDisk,
) -> None:
    """What the ledger took before it failed meets its own key when the body comes again."""
    bridged = Bridged(watched)
    alerts = [bridged.an_alert(row) for row in bridged.breached()[:2]]
    assert status(bridged, alerts[0]) == 202
    watched.faults.commits = ["lost"]
    assert status(bridged, *alerts) == 503
    assert watched.ledger.probe()
    assert status(bridged, *alerts) == 202
    watched.work(120)
    assert watched.madrid.posts == 2


@pytest.mark.parametrize("steps", [(-HOUR, HOUR), (HOUR, -HOUR), (-HOUR, -HOUR), (HOUR, HOUR)])
def test_B12_steps_of_the_clock_between_repeats_start_no_second_sync(
    watched: OnFailingDisk, steps: tuple[float, float]
) -> None:
    """Back or forth by an hour: one POST for one episode, and every repeat has an outcome."""
    bridged = Bridged(watched)
    alert = bridged.an_alert(bridged.breached()[0])
    assert reasons(bridged.take(alert)) == [""]
    for seconds in steps:
        watched.work(60)
        watched.time.step(seconds)
        assert reasons(bridged.take(alert)) == ["duplicate"]
    watched.work(60)
    assert watched.madrid.posts == 1
    assert bridged.sums_are_equal()


def test_B12_a_wish_that_waits_over_a_step_is_posted_once_or_expires(
    watched: OnFailingDisk,
) -> None:
    """Forward past its time it expires; the same episode may then wait once more."""
    bridged = Bridged(watched)
    alert = bridged.an_alert(bridged.breached()[0])
    (taken,) = bridged.take(alert).verdicts
    watched.time.step(HOUR)
    watched.work(30)
    assert watched.trigger(taken).reason == "expired"
    assert watched.madrid.posts == 0
    watched.time.step(-HOUR)
    assert reasons(bridged.take(alert)) == [""]
    watched.work(60)
    assert watched.madrid.posts == 1
    assert bridged.sums_are_equal()


def test_C18_a_storm_over_two_sites_at_once_starts_nothing_and_adds_up() -> None:
    """Both ends of a link breach, in one body and one after the other, shuffled into each other."""
    with Watched(replications=400, sites=("madrid", "berlin")) as watched:
        be_late(watched, 400)
        be_late(watched, 400, site="berlin")
        bridged = Bridged(watched)
        sites = {site: bridged.breached(site=site) for site in watched.sites}
        assert min(map(len, sites.values())) > 50
        pairs = zip(*sites.values(), strict=False)
        alerts = [
            bridged.an_alert(row, site=site)
            for pair in pairs
            for site, row in zip(sites, pair, strict=True)
        ]
        for body in (alerts, alerts[::-1], alerts[::3]):
            found = Counter(reasons(bridged.take(*body)))
            assert found == {"storm": len(body)}
            watched.work(20)
        assert [site.posts for site in watched.sites.values()] == [0, 0]
        assert bridged.skips()["storm"] == bridged.outcomes()["skipped"]
        assert bridged.sums_are_equal()


def test_C18_the_budget_is_one_for_two_sites_that_ask_at_once() -> None:
    """Few enough to be no storm, more than an hour allows: the sites share what there is."""
    with Watched(replications=120, sites=("madrid", "berlin")) as watched:
        be_late(watched, 4)
        be_late(watched, 4, site="berlin")
        bridged = Bridged(watched, triggers={"max_per_hour": 3}, storm={"at_least": 100})
        alerts = [
            bridged.an_alert(row, site=site)
            for site in watched.sites
            for row in bridged.breached(site=site)[:4]
        ]
        found = Counter(reasons(bridged.take(*alerts)))
        assert found == {"": 3, "budget": len(alerts) - 3}
        watched.work(120)
        assert sum(site.posts for site in watched.sites.values()) == 3


def test_a_loop_that_was_acknowledged_by_state_ack_may_begin_anew_and_is_met_again() -> None:
    """Two syncs that heal nothing, a person's word, two more: never a third without it."""
    with Watched(replications=60) as watched:
        be_late(watched, 2)
        bridged = Bridged(watched, cooldown="1s", triggers={"cooldown": "1s"})
        row = min(bridged.breached(), key=lambda each: each.replication.rpo_seconds or 0)
        watched.madrid.breaks("error", value=400, operation="syncReplication")
        assert _episodes(bridged, row, 3) == ["", "", "loop"]
        assert _acknowledged(bridged, str(row.replication.id)) == 2
        assert _episodes(bridged, row, 3) == ["", "", "loop"]
        assert watched.madrid.posts == 4
        assert _acknowledged(bridged, "GID-of-nobody") is None


def _episodes(bridged: Bridged, row: WatchedReplication, count: int) -> list[str]:
    """Let so many breaches one after the other be told."""
    said = []
    for _ in range(count):
        said += reasons(bridged.take(bridged.an_alert(row)))
        bridged.watched.work((row.replication.rpo_seconds or 0) + 300, step=60)
    return said


def _acknowledged(bridged: Bridged, word: str) -> int | None:
    """What `state ack` is answered: how many had healed nothing."""
    headers = {
        "host": "x",
        "authorization": f"Bearer {API_TOKEN}",
        "content-type": "application/json",
    }
    path = f"/api/v1/triggers/{word}/acknowledge"
    answer = bridged.routes(Request("POST", path, headers=headers))
    shape = json.loads(b"".join(answer.chunks))
    return int(shape["unhealed"]) if answer.status == 200 else None


def test_the_mode_that_a_reload_brings_holds_for_what_comes_and_for_what_waits(
    watched: OnFailingDisk,
) -> None:
    """Off, on, dry-run, off: what was taken while it was on is not posted once it is not."""
    bridged = Bridged(watched, mode="off")
    first, second, third = (bridged.an_alert(row) for row in bridged.breached()[:3])
    assert reasons(bridged.take(first)) == ["off"]
    bridged.reload(mode="on")
    assert reasons(bridged.take(first)) == [""]
    watched.work(60)
    assert watched.madrid.posts == 1
    (waiting,) = bridged.take(second).verdicts
    bridged.reload(mode="dry-run")
    assert reasons(bridged.take(third)) == [""]
    watched.work(60)
    assert watched.trigger(waiting).reason == "dry_run"
    assert bridged.skips()["dry_run"] == 2
    (waiting,) = bridged.take(second).verdicts
    bridged.reload(mode="off")
    watched.work(60)
    assert watched.trigger(waiting).reason == "off"
    assert reasons(bridged.take(first, second, third)) == ["off"] * 3
    assert watched.madrid.posts == 1
    assert bridged.sums_are_equal()
