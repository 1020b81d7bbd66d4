"""A site's loop: its grid, its stretching, its bugs, its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.watched import ACCOUNT, INTERVAL, Watched
from vr_exporter.simulator.options import ApiOptions


@pytest.fixture
def watched() -> Iterator[Watched]:
    """One small site, not polled yet."""
    with Watched() as made:
        yield made


def stop_after(watched: Watched, waits: int) -> None:
    """End the loop at its n-th wait; until then time passes at once."""
    left = iter(range(waits))
    plain = watched.time.wait

    def wait(seconds: float) -> bool:
        plain(seconds)
        return next(left, None) is None

    object.__setattr__(watched.madrid.worker._clock, "wait", wait)


def test_a_site_has_its_place_on_the_page_before_its_first_poll(watched: Watched) -> None:
    """`vr_up` is 0, and nothing else is claimed."""
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 0
    assert metrics.value("vr_poll_last_attempt_timestamp_seconds", site="madrid") is None
    assert metrics.of("vr_replication_info") == {}


def test_the_loop_polls_on_its_grid_and_logs_out_at_the_end(watched: Watched) -> None:
    """Five minutes, five polls more than the first."""
    begun = watched.time.monotonic()
    stop_after(watched, 5)
    watched.madrid.worker.run()
    counters = watched.madrid.api.counters
    assert counters.requests["GET /tasks"] == 6
    assert watched.time.monotonic() - begun == pytest.approx(6 * INTERVAL)
    assert (counters.logins, counters.logouts) == (1, 1)


def test_B17_polls_whose_time_passed_are_skipped_and_counted(watched: Watched) -> None:
    """The next one begins at the next point of the grid; none is made up for."""
    worker = watched.madrid.worker
    worker.poll()
    due = watched.time.monotonic()
    watched.time.advance(3.5 * INTERVAL)
    assert worker._next_due(due) == pytest.approx(due + 4 * INTERVAL)
    assert watched.metrics().value("vr_polls_skipped_total", site="madrid") == 3


def test_the_interval_stretches_to_what_the_pace_leaves_room_for() -> None:
    """It says so in a metric and in the log; a request more or less does not move it."""
    options = ApiOptions(accounts=(ACCOUNT,), page_size_cap=10)
    with Watched(replications=600, api_options=options) as watched:
        watched.poll()
        first = watched.metrics().value("vr_poll_interval_seconds", site="madrid")
        watched.poll()
        assert watched.metrics().value("vr_poll_interval_seconds", site="madrid") == first
        assert first is not None
        assert first > INTERVAL
        changed = [
            record
            for record in watched.log.records
            if record.getMessage() == "poll interval changed"
        ]
        assert len(changed) == 1


def test_A30_a_throttled_site_is_polled_less_often_until_it_answers(watched: Watched) -> None:
    """The interval doubles with each throttled poll and falls back with a good one."""
    watched.madrid.breaks("throttled", value="900", times=1)
    watched.poll()
    assert watched.metrics().value("vr_poll_interval_seconds", site="madrid") == 2 * INTERVAL
    watched.poll()
    assert watched.metrics().value("vr_poll_interval_seconds", site="madrid") == 4 * INTERVAL
    watched.poll(after=2000)
    assert watched.metrics().value("vr_poll_interval_seconds", site="madrid") == INTERVAL


def test_R9_a_bug_of_ours_costs_its_poll_and_is_logged_with_its_traceback_once(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker lives on; the reason is `internal`; the last values stay."""
    watched.poll()

    def broken() -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(watched.madrid.worker._rooms.reader, "read", broken)
    watched.poll()
    watched.poll()
    metrics = watched.metrics()
    assert metrics.value("vr_up", site="madrid") == 0
    assert metrics.failures() == {"internal": 2}
    assert metrics.of("vr_replication_info") != {}
    assert watched.snapshot().poll.error.startswith("a bug of ours: ZeroDivisionError")
    bugs = [record for record in watched.log.records if record.levelname == "ERROR"]
    assert [bool(record.exc_info) for record in bugs] == [True, False]


def test_the_heartbeat_is_due_within_the_time_that_a_poll_may_take(watched: Watched) -> None:
    """A poll or a wait that lasts longer is a hung loop (`/-/healthy`)."""
    worker = watched.madrid.worker
    worker.poll()
    assert watched.time.monotonic() < worker.due_by < watched.time.monotonic() + 600


def test_detail_is_withheld_while_the_worker_waits_for_its_next_poll(watched: Watched) -> None:
    """Staleness does not wait for the next attempt of a slow site."""
    worker = watched.madrid.worker
    worker.poll()
    watched.madrid.breaks("site_down")
    stale_at: list[float] = []
    begun = watched.time.now()
    publish = worker._publish

    def note(snapshot: Any) -> None:
        publish(snapshot)
        if snapshot.stale and not stale_at:
            stale_at.append(watched.time.now() - begun)

    object.__setattr__(worker, "_publish", note)
    worker._wait_until(watched.time.monotonic() + 900)
    assert stale_at == [pytest.approx(301, abs=2)]
