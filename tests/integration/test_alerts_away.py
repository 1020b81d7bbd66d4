"""An Alertmanager that is away for hours while alerts start and end."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.alertmanager import Labels
from tests.alerts import WayOut, a_way_out, an_alert, begun
from tests.builders import NOW
from vr_exporter.domain.alerts import Ended, Event, EventAlert

HOURS = 3600.0
ALERTS = 1000


@pytest.fixture
def way(tmp_path: Path) -> Iterator[WayOut]:
    """A way out with nothing on it yet."""
    way = a_way_out(tmp_path)
    yield way
    way.ledger.close()


def labels_of(alert: EventAlert) -> Labels:
    """An alert's identity as the Alertmanager has it."""
    return frozenset(alert.labels)


def seconds_until_firing(way: WayOut, wanted: set[Labels]) -> int:
    """Let time pass until the Alertmanager has all of these; at most so long."""
    for second in range(1, 121):
        way.pass_time(1)
        if way.standin.firing() == wanted:
            return second
    return 121


def test_B23_after_six_hours_away_every_alert_is_taken_within_a_minute(
    way: WayOut, record_property: Callable[[str, object], None]
) -> None:
    """1,000 alerts start and end meanwhile: none is lost, none comes twice, the outbox is bounded.

    Those that are over are told as firing, oldest first, held, and then told resolved.
    """
    chance = random.Random(1)  # noqa: S311 - chance, repeatable by its seed
    way.standin.is_away = True
    alerts = [an_alert(Event.SYNC_FAILING, replication=f"GID-{n}") for n in range(ALERTS)]
    plan = sorted((chance.uniform(0, 6 * HOURS), n) for n in range(ALERTS))
    ends = sorted((at + chance.uniform(30, 2 * HOURS), n) for at, n in plan)
    happened = sorted([(at, 0, n) for at, n in plan] + [(at, 1, n) for at, n in ends])
    lasting = set(range(ALERTS))
    for at, is_end, n in happened:
        if at > 6 * HOURS:
            break
        way.pass_time(NOW + at - way.time.now(), step=60)
        way.note(Ended(alerts[n].kin, way.time.now()) if is_end else begun(alerts[n], at=NOW + at))
        lasting -= {n} if is_end else set()
    way.pass_time(NOW + 6 * HOURS - way.time.now(), step=60)
    assert (len(way.rows), way.counting.by_receiver()["am-1"].waiting) == (ALERTS, ALERTS)
    way.standin.is_away = False
    returned = way.time.now()
    took = seconds_until_firing(way, {labels_of(alert) for alert in alerts})
    assert took <= 60
    first = [post["startsAt"] for posts in way.standin.posts[:2] for post in posts]
    assert first == sorted(first)
    way.pass_time(60 - took + 360 + 60)
    still = {labels_of(alerts[n]) for n in lasting}
    assert 50 < len(lasting) < ALERTS - 50
    assert way.standin.firing() == still
    way.pass_time(1800, step=5)
    assert {row.alert.fingerprint for row in way.rows} == {alerts[n].fingerprint for n in lasting}
    told = [heard for heard in way.standin.heard if heard.status == "firing"]
    assert {heard.labels for heard in told} == {labels_of(alert) for alert in alerts}
    over = {heard.labels for heard in way.standin.heard if heard.status == "resolved"}
    assert over == {labels_of(alert) for alert in alerts} - still
    assert min(heard.at for heard in told) - returned <= 60
    assert sum(way.ledger.outbox.dropped.values()) == 0
    record_property(
        "figure",
        f"away 6 h of injected clock, {ALERTS} alerts: 0 lost, all accepted as firing {took} s"
        f" after its return, {len(over)} told resolved after their hold",
    )
