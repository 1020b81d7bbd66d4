"""Half an hour of a large site: what it costs the appliance."""

from __future__ import annotations

import math

import pytest

from tests.watched import ACCOUNT, Watched
from vr_exporter.simulator.options import ApiOptions

HALF_AN_HOUR = 1800.0
REPLICATIONS = 3000


@pytest.mark.parametrize("granted", [1000, 100])
def test_a_large_site_stays_within_every_rate_tier_with_one_login_and_one_logout(
    granted: int,
) -> None:
    """The requests of a cycle follow the formula of vr-api.md 9, and the interval makes room."""
    options = ApiOptions(accounts=(ACCOUNT,), page_size_cap=granted)
    with Watched(replications=REPLICATIONS, api_options=options) as watched:
        polls = run_for(watched, HALF_AN_HOUR)
        appliance = watched.madrid.api
        pages = math.ceil(REPLICATIONS / granted)
        asked_once_a_poll = appliance.counters.requests["GET /tasks"]
        assert asked_once_a_poll == polls
        assert appliance.counters.requests["GET /pairings/{pairing_id}/replications"] == (
            pages * polls
        )
        assert appliance.limiter.refused == {"client": 0, "service": 0, "session": 0}
        assert appliance.limiter.highest["session"] <= 40
        assert appliance.counters.logins == 1
        metrics = watched.metrics()
        assert metrics.failures() == {}
        assert metrics.value("vr_up", site="madrid") == 1
    assert appliance.counters.logouts == 1


def run_for(watched: Watched, seconds: float) -> int:
    """Let the worker poll on its own grid for so long; return how often it did."""
    worker, end = watched.madrid.worker, watched.time.now() + seconds
    due, polls = watched.time.monotonic(), 0
    while watched.time.now() < end:
        worker.poll()
        polls += 1
        due = worker._next_due(due)
        worker._wait_until(due)
    return polls
