"""What any keeper of totals must do; each engine has to pass it unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW
from vr_exporter.domain.counts import (
    TASK_BUCKETS,
    Add,
    Born,
    Exemplar,
    Observe,
    ReplicationTotals,
    SiteChanges,
)
from vr_exporter.domain.names import ReplicationId, SiteName, TaskId
from vr_exporter.ledger.counters import TASKS_REMEMBERED_SECONDS, Counters
from vr_exporter.ledger.sqlite import Ledger

ENGINES: dict[str, Callable[[Path], Counters | Ledger]] = {
    "memory": lambda _folder: Counters(),
    "sqlite": lambda folder: Ledger(folder / "state.db", now=NOW),
}
MADRID, BERLIN = SiteName("madrid"), SiteName("berlin")
DURATION = "vr_task_duration_seconds"


@pytest.fixture(params=ENGINES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counters | Ledger]:
    """One engine, empty."""
    keeper = ENGINES[request.param](tmp_path)
    yield keeper
    if isinstance(keeper, Ledger):
        keeper.close()


def test_a_site_never_recorded_has_empty_totals_and_no_seen_tasks(
    ledger: Counters | Ledger,
) -> None:
    """Nothing is invented for a site that was never recorded."""
    assert ledger.totals(MADRID).counters == {}
    assert ledger.seen_tasks(MADRID) is None


def test_a_born_series_stands_at_zero_and_is_not_reset_when_born_again(
    ledger: Counters | Ledger,
) -> None:
    """A series exists at 0 before its first event, and keeps its value afterwards."""
    born = Born("vr_tasks_completed_total", ("sync",))
    assert _counter(ledger, born) == 0
    assert _counter(ledger, Add("vr_tasks_completed_total", ("sync",), 2)) == 2
    assert _counter(ledger, born) == 2


def test_a_born_histogram_has_a_count_of_zero_in_every_bucket(ledger: Counters | Ledger) -> None:
    """A histogram can be shown before anything was observed."""
    totals = ledger.record(MADRID, SiteChanges((Born(DURATION, ("sync",)),)))
    histogram = totals.histograms[DURATION]["sync",]
    assert histogram.counts == (0,) * (len(TASK_BUCKETS) + 1)
    assert (histogram.sum, histogram.count) == (0.0, 0)


@pytest.mark.parametrize(("value", "slot"), [(0.5, 0), (1, 0), (1.5, 1), (86400, 13), (90000, 14)])
def test_an_observation_falls_into_the_bucket_whose_bound_it_does_not_exceed(
    ledger: Counters | Ledger, value: float, slot: int
) -> None:
    """Bounds are inclusive; what exceeds them all is counted in the last place."""
    totals = ledger.record(MADRID, SiteChanges((Observe(DURATION, ("sync",), value),)))
    histogram = totals.histograms[DURATION]["sync",]
    assert [index for index, count in enumerate(histogram.counts) if count] == [slot]
    assert histogram.sum == value


def test_a_value_seen_several_times_counts_as_often(ledger: Counters | Ledger) -> None:
    """Syncs of one length that ended between two polls come as one observation."""
    ledger.record(MADRID, SiteChanges((Observe(DURATION, ("sync",), 2.0),)))
    totals = ledger.record(MADRID, SiteChanges((Observe(DURATION, ("sync",), 2.0, times=3),)))
    histogram = totals.histograms[DURATION]["sync",]
    assert (histogram.sum, histogram.count, max(histogram.counts)) == (8.0, 4, 4)


def test_the_youngest_exemplar_of_a_bucket_is_kept(ledger: Counters | Ledger) -> None:
    """An exemplar replaces the one before it in the same bucket, and leaves the others."""
    first, second = (Exemplar((("task_id", name),), 2.0, 1.0) for name in ("a", "b"))
    observations = tuple(Observe(DURATION, ("sync",), 2.0, shown) for shown in (first, second))
    totals = ledger.record(MADRID, SiteChanges(observations))
    assert [shown for shown in totals.histograms[DURATION]["sync",].exemplars if shown] == [second]


def test_sites_do_not_share_totals(ledger: Counters | Ledger) -> None:
    """What is recorded of one site leaves the other as it was."""
    ledger.record(MADRID, SiteChanges((Add("vr_replications_removed_total", ()),)))
    assert ledger.totals(BERLIN).counters == {}


def test_totals_handed_out_do_not_change_afterwards(ledger: Counters | Ledger) -> None:
    """A snapshot that holds totals may be read while the next poll is recorded."""
    before = ledger.record(MADRID, SiteChanges((Add("vr_replications_removed_total", ()),)))
    ledger.record(MADRID, SiteChanges((Add("vr_replications_removed_total", (), 5),)))
    assert before.counters["vr_replications_removed_total"] == {(): 1}


def test_totals_of_a_replication_are_replaced_and_forgotten_when_it_is_gone(
    ledger: Counters | Ledger,
) -> None:
    """The two counters of a replication live as long as it does."""
    one = ReplicationId("GID-1")
    ledger.record(MADRID, SiteChanges(replications={one: ReplicationTotals(3.0, 4, 5.0)}))
    assert ledger.totals(MADRID).replications == {one: ReplicationTotals(3.0, 4, 5.0)}
    ledger.record(MADRID, SiteChanges(gone=frozenset({one})))
    assert ledger.totals(MADRID).replications == {}


def test_tasks_not_read_leave_the_seen_ones_as_they_were(ledger: Counters | Ledger) -> None:
    """A poll without tasks neither forgets nor invents a counted task."""
    ledger.record(MADRID, SiteChanges(ended_tasks={(TaskId("t"), 1.0): 100.0}))
    ledger.record(MADRID, SiteChanges())
    seen = ledger.seen_tasks(MADRID)
    assert seen is not None
    assert seen.has((TaskId("t"), 1.0), 100.0)


def test_an_empty_reading_of_tasks_still_counts_as_the_first(ledger: Counters | Ledger) -> None:
    """After it, an ended task is new and has to be counted."""
    ledger.record(MADRID, SiteChanges(ended_tasks={}))
    assert ledger.seen_tasks(MADRID) is not None


def test_a_task_that_left_the_list_and_comes_back_is_still_seen(ledger: Counters | Ledger) -> None:
    """A task is remembered by itself, not by being listed (fault-matrix A48)."""
    ledger.record(MADRID, SiteChanges(ended_tasks={(TaskId("t"), 1.0): 100.0}))
    ledger.record(MADRID, SiteChanges(ended_tasks={(TaskId("u"), 2.0): 200.0}))
    seen = ledger.seen_tasks(MADRID)
    assert seen is not None
    assert seen.has((TaskId("t"), 1.0), 100.0)


def test_what_is_seen_stays_bounded_and_nothing_old_counts_again(ledger: Counters | Ledger) -> None:
    """Old tasks are forgotten one by one, and all that ended before the watermark is seen."""
    ledger.record(MADRID, SiteChanges(ended_tasks={(TaskId("old"), 1.0): 100.0}))
    later = 101.0 + TASKS_REMEMBERED_SECONDS
    ledger.record(MADRID, SiteChanges(ended_tasks={(TaskId("new"), 2.0): later}))
    seen = ledger.seen_tasks(MADRID)
    assert seen is not None
    assert set(seen.ended) == {(TaskId("new"), 2.0)}
    assert seen.has((TaskId("old"), 1.0), 100.0)
    assert not seen.has((TaskId("newer"), 3.0), later)


def test_a_forgotten_site_has_nothing_left(ledger: Counters | Ledger) -> None:
    """A site that leaves the settings leaves no totals behind."""
    ledger.record(MADRID, SiteChanges((Add("vr_replications_removed_total", ()),), ended_tasks={}))
    ledger.forget(MADRID)
    assert ledger.totals(MADRID).counters == {}
    assert ledger.seen_tasks(MADRID) is None


@given(st.lists(st.floats(min_value=0, max_value=1e6), max_size=30))
def test_a_histogram_agrees_with_its_observations(values: list[float]) -> None:
    """Counts, sum and buckets are those of the observed values, however many there are."""
    ledger = Counters()
    ledger.record(MADRID, SiteChanges((Born(DURATION, ()),)))
    for value in values:
        ledger.record(MADRID, SiteChanges((Observe(DURATION, (), value),)))
    histogram = ledger.totals(MADRID).histograms[DURATION][()]
    assert histogram.count == len(values)
    assert histogram.sum == pytest.approx(sum(values))
    for index, bound in enumerate(TASK_BUCKETS):
        assert sum(histogram.counts[: index + 1]) == sum(value <= bound for value in values)


def _counter(ledger: Counters | Ledger, addition: Born | Add) -> float:
    totals = ledger.record(MADRID, SiteChanges((addition,)))
    return totals.counters[addition.family][addition.labels]
