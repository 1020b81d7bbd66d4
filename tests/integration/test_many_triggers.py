"""Five hundred wishes at once: limits hold, polls go on, every wish ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from tests.storms import Storm
from tests.watched import ACCOUNT, INTERVAL, Watched
from vr_exporter.appliance.pace import REQUESTS_PER_MINUTE
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.simulator.options import ApiOptions

MANY = 500
ENOUGH = 250
"""So many are not done before the polls that are looked at."""

PAGES = 100
REQUESTS_OF_A_POLL = 8
SLACK_SECONDS = 10.0
MORE_TASKS = 1.15
"""With tasks of our own their list has more pages too."""


@contextmanager
def a_storm(**world: Any) -> Iterator[Storm]:
    """A site that was polled once, before any wish."""
    with Watched(**{"speed": 10.0, **world}) as watched:
        watched.poll()
        yield Storm(watched)


def is_within_the_rate_tiers(storm: Storm) -> bool:
    """Whether no tier refused anything, and no session came over our own pace."""
    limiter = storm.watched.madrid.api.limiter
    return not any(limiter.refused.values()) and limiter.highest["session"] <= REQUESTS_PER_MINUTE


@pytest.mark.parametrize(("max_running", "most_requests"), [(4, 3.5), (500, 1.5)])
def test_limits_hold_at_each_moment_and_every_wish_ends(
    max_running: int, most_requests: float
) -> None:
    """Concurrency at each second, the pace in each minute; one POST at most for each wish.

    Where many may begin, one read serves many of them.
    """
    with a_storm(replications=MANY, speed=30.0) as storm:
        storm.watched.max_running = max_running
        counters = storm.watched.madrid.api.counters
        before = counters.total
        storm.ask_all()
        assert storm.rage(7200), storm.states()
        assert storm.states() == {TriggerState.SUCCEEDED: MANY}
        assert max(sample.running for sample in storm.samples) <= max_running
        assert is_within_the_rate_tiers(storm)
        assert storm.watched.madrid.posts <= MANY
        of_polls = len(storm.polled_at) * REQUESTS_OF_A_POLL
        assert counters.total - before - of_polls <= most_requests * MANY


def test_polls_and_metrics_go_on_meanwhile() -> None:
    """Each poll comes at its time and succeeds; a scrape sees the queue and who runs."""
    with a_storm(replications=ENOUGH) as storm:
        storm.watched.max_running = ENOUGH
        storm.ask_all()
        for _ in range(3):
            before = storm.watched.metrics().value("vr_poll_last_success_timestamp_seconds")
            polls = len(storm.polled_at)
            while len(storm.polled_at) < polls + 2:
                storm.turn()
            metrics = storm.watched.metrics()
            assert before is not None
            after = metrics.value("vr_poll_last_success_timestamp_seconds", site="madrid")
            assert after is not None
            assert after > before
            assert metrics.value("vr_poll_interval_seconds", site="madrid") == INTERVAL
            assert metrics.failures() == {}
            assert metrics.value("vr_polls_skipped_total", site="madrid") == 0
            assert not storm.is_over()
        gaps = [later - earlier for earlier, later in pairwise(storm.polled_at)]
        assert max(gaps) <= INTERVAL + SLACK_SECONDS
        assert storm.waited_most <= SLACK_SECONDS


def test_a_poll_of_many_pages_starves_no_trigger_and_is_starved_by_none() -> None:
    """Wishes end while its pages are read; its interval is the one that its own pages need."""
    options = ApiOptions(accounts=(ACCOUNT,), page_size_cap=10)
    with a_storm(replications=10 * PAGES, api_options=options) as storm:
        watched = storm.watched
        watched.max_running = MANY
        storm.turn()
        calm = watched.metrics().value("vr_poll_interval_seconds", site="madrid")
        assert calm is not None
        storm.ask_all()
        storm.verdicts = storm.verdicts[:MANY]
        storm._due = watched.time.monotonic()
        begun_in_poll = []
        for _ in range(2):
            posts, polls = watched.madrid.posts, len(storm.polled_at)
            watched.madrid.worker.poll()
            storm.polled_at.append(watched.time.now())
            begun_in_poll.append(watched.madrid.posts - posts)
            assert len(storm.polled_at) == polls + 1
        assert min(begun_in_poll) >= PAGES // 10
        metrics = watched.metrics()
        assert metrics.failures() == {}
        interval = metrics.value("vr_poll_interval_seconds", site="madrid")
        assert interval is not None
        assert calm <= interval <= MORE_TASKS * calm
        gaps = [later - earlier for earlier, later in pairwise(storm.polled_at)]
        assert max(gaps) <= interval + SLACK_SECONDS
        assert is_within_the_rate_tiers(storm)


def test_what_is_late_expires_and_the_rest_goes_on() -> None:
    """A wish whose time is over while it waits ends as expired, without a POST.

    One may join a sync that the fleet's own schedule began meanwhile: that takes no POST either.
    """
    with a_storm(replications=60) as storm:
        storm.watched.max_running = 1
        storm.ask_all(patience_seconds=300.0)
        assert storm.rage(3600), storm.states()
        states = storm.states()
        assert set(states) == {TriggerState.SUCCEEDED, TriggerState.EXPIRED}
        begun = [trigger for trigger in storm.triggers() if trigger.claimed_at is not None]
        assert storm.watched.madrid.posts == len(begun) > 1
        assert {trigger.state for trigger in begun} == {TriggerState.SUCCEEDED}
        unbegun = [trigger for trigger in storm.triggers() if trigger.claimed_at is None]
        assert all(t.has_joined for t in unbegun if t.state is TriggerState.SUCCEEDED)


def test_a_row_that_a_list_leaves_out_is_read_alone() -> None:
    """A list does not prove that a replication is gone: only a 404 of its own does."""
    with a_storm(replications=40) as storm:
        storm.watched.max_running = MANY
        storm.watched.madrid.breaks("row_vanishes", operation="getAllReplications", rate=0.3)
        storm.ask_all()
        assert storm.rage(3600), storm.states()
        assert storm.states() == {TriggerState.SUCCEEDED: 40}
