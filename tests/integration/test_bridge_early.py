"""Webhooks in the seconds before a site's first reading has ended: they come again at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.bridged import TOKEN, Alert, Bridged, a_body, reasons
from tests.late import be_late
from tests.raw_http import a_client
from tests.watched import Watched
from vr_exporter.ledger.store import StoreFailed


@dataclass
class Early:
    """A process that has just begun: both sites have late replications, none was read yet.

    `alerts` are what fires about each site: the same episodes before and after the start.
    """

    watched: Watched
    alerts: dict[str, list[Alert]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for site in self.watched.sites:
            be_late(self.watched, 2, site=site)
        before = Bridged(self.watched)
        for site in self.watched.sites:
            rows = before.breached(site=site)[:2]
            self.alerts[site] = [before.an_alert(row, site=site) for row in rows]
        self.watched.restart()
        self.bridged = Bridged(self.watched)

    @property
    def here(self) -> Alert:
        """One alert about Madrid."""
        return self.alerts["madrid"][0]

    @property
    def there(self) -> Alert:
        """One about Berlin."""
        return self.alerts["berlin"][0]

    def read(self, site: str) -> None:
        """Let the first reading of a site end."""
        self.watched.sites[site].worker.poll()

    def status(self, *sent: Alert) -> int:
        """What Alertmanager is answered."""
        return self.bridged.post(a_body(sent)).status

    def posts(self) -> dict[str, int]:
        """How many syncs each site was asked for."""
        return {name: site.posts for name, site in self.watched.sites.items()}


@pytest.fixture
def early() -> Iterator[Early]:
    """Two sites, paired with each other."""
    with Watched(replications=60, sites=("madrid", "berlin")) as watched:
        yield Early(watched)


def test_a_webhook_before_the_first_reading_comes_again_and_starts_one_sync(early: Early) -> None:
    """503 until the site was read, with nothing counted; then 202, and one POST."""
    bridged, labels = early.bridged, early.here["labels"]
    for _ in range(3):
        answer = bridged.post(a_body([early.here]))
        assert answer.status == 503
        assert "Retry-After" in dict(answer.headers)
    assert bridged.outcomes() == {}
    assert bridged.arrivals.facts.alerts == {"firing": 0, "resolved": 0}
    assert bridged.arrivals.facts.refused == {"store": 3}
    assert early.watched.ledger.audit(limit=9, of_bridge=True) == ()
    (found,) = bridged.bridge.explain(labels["vm"])
    why = f"{labels['replication']} is not known to madrid: madrid has not been read yet"
    assert (found.times, found.said) == (3, f"stale: {why}")
    early.read("madrid")
    assert early.status(early.here) == 202
    early.watched.work(60)
    assert early.status(early.here) == 200
    assert early.posts() == {"madrid": 1, "berlin": 0}
    assert early.bridged.sums_are_equal()


def test_others_of_the_same_body_start_at_once_and_not_again(early: Early) -> None:
    """One site was read, the other not: the body is sent again, and each starts one sync."""
    early.read("berlin")
    both = [*early.alerts["madrid"], *early.alerts["berlin"]]
    assert early.status(*both) == 503
    assert {each.target.site for each in early.watched.ledger.triggers()} == {"berlin"}
    assert early.status(*reversed(both)) == 503
    early.read("madrid")
    assert early.status(*both) == 202
    early.watched.work(120)
    assert early.status(*both) == 200
    assert early.posts() == {"madrid": 2, "berlin": 2}
    assert early.bridged.sums_are_equal()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"alertname": "VrSyncStuck"}, "unmatched"),
        ({"vr_action": ""}, "unmatched"),
        ({"site": "paris"}, "unmatched"),
        ({}, "resolved"),
    ],
    ids=str,
)
def test_what_asks_for_nothing_is_answered_before_the_first_reading(
    early: Early, changes: dict[str, str], reason: str
) -> None:
    """Whatever the reading shows, nothing would come of it: 200."""
    own = {**early.here["labels"], **changes}
    labels = {name: value for name, value in own.items() if value}
    alert = {**early.here, "labels": labels, "status": "firing" if changes else "resolved"}
    assert early.status(alert) == 200
    assert reasons(early.bridged.take(alert)) == [reason]


@pytest.mark.parametrize("reason", ["off", "kill_switch"])
def test_what_is_stopped_anyway_is_answered_before_the_first_reading(
    early: Early, reason: str
) -> None:
    """The kill switch and the mode come first in the chain."""
    early.bridged = Bridged(early.watched, mode="off" if reason == "off" else "on")
    if reason == "kill_switch":
        early.bridged.bridge.kill(True, "test")
    assert early.status(early.here) == 200
    assert reasons(early.bridged.take(early.here)) == [reason]


def test_a_first_reading_that_failed_is_an_answer_and_may_be_asked_again(early: Early) -> None:
    """`stale`, by 200: an appliance that is away for hours is no failure of the webhook's."""
    early.watched.madrid.breaks("error", value=503)
    early.read("madrid")
    assert early.status(early.here) == 200
    assert reasons(early.bridged.take(early.here)) == ["stale"]
    early.watched.madrid.heals()
    early.read("madrid")
    assert reasons(early.bridged.take(early.here)) == [""]


def test_B1_a_ledger_that_fails_beside_an_early_alert_counts_neither(
    early: Early, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One 503 for both, and the sums stay equal when it is sent again."""
    early.read("berlin")

    def reserve(*_: Any, **__: Any) -> Any:
        raise StoreFailed("disk I/O error")

    with monkeypatch.context() as failing:
        failing.setattr(early.watched.ledger, "reserve", reserve)
        assert early.status(early.here, early.there) == 503
    assert early.bridged.arrivals.facts.alerts == {"firing": 0, "resolved": 0}
    early.read("madrid")
    assert early.status(early.here, early.there) == 202
    assert early.bridged.arrivals.facts.alerts == {"firing": 2, "resolved": 0}


def test_over_real_http_it_is_503_with_the_reason_and_then_202(early: Early) -> None:
    """The whole way through listener, gate and route, on one connection that is kept."""
    body = a_body([early.here])
    head = (
        "POST /api/v1/alertmanager HTTP/1.1",
        "host: x",
        f"authorization: Bearer {TOKEN}",
        "content-type: application/json",
        f"content-length: {len(body)}",
    )
    whole = "\r\n".join([*head, "", ""]).encode() + body
    with a_client(early.bridged.routes, gate=early.bridged.routes) as client:
        answer = client.ask(whole)
        said = json.loads(answer.body)["detail"]
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert said == "1 of 1 alerts name a site that is being read: send it again"
        early.read("madrid")
        assert client.ask(whole).status == 202
