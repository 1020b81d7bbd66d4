"""A site's loop: its grid, its stretching, its bugs, its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.alerts import begun, serve
from tests.watched import ACCOUNT, INTERVAL, Watched
from vr_exporter.appliance.errors import Stopping
from vr_exporter.domain.alerts import Noticed
from vr_exporter.domain.counts import SiteChanges
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.watching.reading import SiteReading
from vr_exporter.watching.site import SiteWatch
from vr_exporter.worker import Worker
from vr_exporter.worker.timetable import LONGEST_STRETCHED_SECONDS


@pytest.fixture
def watched() -> Iterator[Watched]:
    """One small site, not polled yet."""
    with Watched() as made:
        yield made


def stop_after(watched: Watched, waits: int) -> None:
    """End the loop at its n-th wait; until then time passes at once.

    A wait of 0 s only asks whether to stop.
    """
    left = iter(range(waits))
    plain = watched.time.wait

    def wait(seconds: float) -> bool:
        plain(seconds)
        return bool(seconds) and next(left, None) is None

    object.__setattr__(watched.madrid.worker._clock, "wait", wait)
    watched.madrid.worker._rest = wait


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
    assert watched.metrics().value("vr_pairing_up", site="madrid") == 0
    bugs = list(watched.log.with_reason("internal"))
    assert [(bug.levelname, bool(bug.exc_info)) for bug in bugs] == [
        ("ERROR", True),
        ("WARNING", False),
    ]


def test_B15_a_poll_without_memory_is_dropped_and_the_next_one_goes_on(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values of the poll before stay; nothing of the broken one is kept."""
    watched.poll()
    before = watched.snapshot().pairings[0].replications
    reader = watched.madrid.worker._rooms.reader

    def exhausted() -> Any:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(reader, "read", exhausted)
        watched.poll()
    metrics = watched.metrics()
    assert (metrics.value("vr_up", site="madrid"), metrics.failures()) == (0, {"internal": 1})
    assert watched.snapshot().pairings[0].replications == before
    watched.poll()
    assert watched.metrics().value("vr_up", site="madrid") == 1


def test_B16_a_worker_whose_loop_died_polls_again_in_its_next_thread(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It logged out when it died; started again it logs in and reads as before."""
    worker = watched.madrid.worker

    def broken(_due: float) -> float:
        raise ZeroDivisionError

    with monkeypatch.context() as bug:
        bug.setattr(worker, "_next_due", broken)
        with pytest.raises(ZeroDivisionError):
            worker.run()
    stop_after(watched, 2)
    worker.run()
    metrics = watched.metrics()
    assert (metrics.value("vr_up", site="madrid"), metrics.failures()) == (1, {})
    counters = watched.madrid.api.counters
    assert (counters.logins, counters.logouts) == (2, 2)
    assert counters.requests["GET /tasks"] == 4


def test_B13_after_an_hour_of_sleep_one_poll_comes_at_once(watched: Watched) -> None:
    """Those that were missed are counted and not made up for; the session is renewed."""
    worker = watched.madrid.worker
    slept = iter([True])
    plain = watched.time.wait
    stop_after(watched, 4)
    counted = worker._rest

    def rest(seconds: float) -> bool:
        if next(slept, False):
            plain(3600.0)
            return False
        return counted(seconds)

    worker._rest = rest
    worker.run()
    metrics = watched.metrics()
    assert metrics.failures() == {}
    assert metrics.value("vr_polls_skipped_total", site="madrid") == 59
    counters = watched.madrid.api.counters
    assert counters.requests["GET /tasks"] == 6
    assert counters.logins == 2


def test_the_heartbeat_is_due_within_the_time_that_a_poll_may_take(watched: Watched) -> None:
    """A poll or a wait that lasts longer is a hung loop (`/-/healthy`)."""
    worker = watched.madrid.worker
    worker.poll()
    assert watched.time.monotonic() < worker.due_by < watched.time.monotonic() + 600


def test_R5_a_bug_of_ours_ends_no_failure_that_lasts(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll that broke off knows nothing of what it did not reach."""
    watched.madrid.breaks("error", value=500, operation="getRecentTasksInfo")
    watched.poll()
    monkeypatch.setattr(watched.madrid.worker._rooms.reader, "read", lambda: 1 / 0)
    watched.poll()
    lines = list(watched.log.with_reason("server_error"))
    assert [line.levelname for line in lines] == ["WARNING"]


def test_R8_a_poll_is_allowed_what_the_one_before_it_took(watched: Watched) -> None:
    """A first poll may be that of a large site; a small one has a minute from then on."""
    worker = watched.madrid.worker
    assert worker.timetable.poll_seconds() > 400
    worker.poll()
    assert worker.timetable.poll_seconds() == 60


def test_detail_is_withheld_while_the_worker_waits_for_its_next_poll(watched: Watched) -> None:
    """Staleness does not wait for the next attempt of a slow site."""
    worker = watched.madrid.worker
    worker.poll()
    watched.madrid.breaks("site_down")
    stale_at: list[float] = []
    begun = watched.time.now()
    publish = worker.shown.publish

    def note(snapshot: Any) -> None:
        publish(snapshot)
        if snapshot.stale and not stale_at:
            stale_at.append(watched.time.now() - begun)

    object.__setattr__(worker.shown, "publish", note)
    worker._wait_until(watched.time.monotonic() + 900)
    assert stale_at == [pytest.approx(301, abs=2)]


def test_B10_a_worker_that_takes_over_goes_on_from_what_is_known(watched: Watched) -> None:
    """New settings blind nobody: the page, the totals and readiness stay until the next poll."""
    watched.poll()
    before = watched.snapshot()
    old = watched.madrid.worker
    Worker(
        old.site, old._rooms, interval_seconds=30, clock=watched.time.clock(), tell=lambda _: None
    )
    after = watched.snapshot()
    assert (after.up, after.was_tried, after.pairings) == (True, True, before.pairings)
    assert after.totals == before.totals
    assert after.poll.interval_seconds == 30


def test_a_worker_of_another_appliance_keeps_the_totals_alone(watched: Watched) -> None:
    """What the old address showed says nothing of the new one; counters never go down."""
    watched.poll()
    old, totals = watched.madrid.worker, watched.snapshot().totals
    elsewhere = SiteWatch(
        old.site,
        url="https://elsewhere.example",
        grace=Grace(),
        stale_after_seconds=None,
        monotonic=watched.time.monotonic,
    )
    rooms = replace(old._rooms, watch=elsewhere)
    Worker(old.site, rooms, interval_seconds=60, clock=watched.time.clock(), tell=lambda _: None)
    assert watched.snapshot().pairings == ()
    assert watched.snapshot().totals == totals


def test_a_poll_that_ends_after_the_stop_changes_nothing(watched: Watched) -> None:
    """By then another worker may hold the site, or the settings may have lost it."""
    watched.poll()
    before, totals = watched.snapshot(), watched.ledger.totals(watched.madrid.worker.site)
    watched.time.advance(INTERVAL)
    read = watched.madrid.worker._rooms.reader.read

    def read_late() -> SiteReading:
        reading = read()
        watched.time.stop()
        return reading

    object.__setattr__(watched.madrid.worker._rooms.reader, "read", read_late)
    with pytest.raises(Stopping):
        watched.madrid.worker.poll()
    assert watched.snapshot() is before
    assert watched.ledger.totals(watched.madrid.worker.site) is totals


def test_a_site_that_outgrew_its_deadline_is_read_whole_in_the_end() -> None:
    """The appliance grants smaller pages than yesterday: ten times the requests, and still read."""
    with Watched(replications=2000, page_size=200) as watched:
        watched.poll()
        object.__setattr__(watched.madrid.api.options, "page_size_cap", 10)
        for _ in range(4):
            watched.poll()
        assert watched.snapshot().up
        assert watched.snapshot().poll.error == ""


def test_A30_a_stretched_interval_stays_within_a_quarter_of_an_hour(watched: Watched) -> None:
    """As long as the longest wait that an appliance may ask for, and no longer."""
    watched.madrid.breaks("throttled", value="900", times=1)
    for _ in range(6):
        watched.poll()
        watched.madrid.breaks("throttled", value="900", times=1)
    interval = watched.metrics().value("vr_poll_interval_seconds", site="madrid")
    assert interval == LONGEST_STRETCHED_SECONDS


def test_K10_what_a_look_brings_is_recorded_with_it(watched: Watched) -> None:
    """News is asked for before the record, and is part of its transaction (T4)."""
    counted: list[object] = []

    def notice(site: SiteSnapshot, changes: SiteChanges) -> Noticed:
        counted.append(watched.ledger.seen_tasks(site.site))
        assert changes.ended_tasks is not None
        return Noticed((begun(),), {ReplicationId("GID-1"): 1})

    shown = watched.madrid.worker.shown
    shown._rooms = replace(shown._rooms, notice=notice)
    serve(watched.ledger, "am-1")
    watched.poll()
    assert counted == [None]
    assert [row.alert for row in watched.ledger.outbox.rows("am-1")] == [begun().alert]
    assert watched.ledger.failures_in_a_row(shown.snapshot.site) == {"GID-1": 1}
