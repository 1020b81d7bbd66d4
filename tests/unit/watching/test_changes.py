"""What two looks at a replication tell: syncs ended, bytes moved, time breached."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import NOW, a_pairing, a_replication, a_watched, some_progress
from vr_exporter.domain.counts import Add, Born, Observe, ReplicationTotals
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.rpo import Grace, Verdict
from vr_exporter.domain.snapshot import WatchedReplication
from vr_exporter.watching.changes import Look, PairingChanges, changes_of

SYNCED = NOW - 300
OUTGOING = ("berlin", "outgoing")


def follow(
    before: WatchedReplication | None,
    after: Replication,
    *,
    totals: ReplicationTotals | None = None,
    seen_seconds: float = 60.0,
) -> PairingChanges:
    """Look twice at one replication."""
    look = Look(
        before={before.replication.id: before} if before else {},
        totals={after.id: totals} if totals else {},
        grace=Grace(),
        seen_seconds=seen_seconds,
        now=NOW,
    )
    return changes_of(a_pairing(), [after], look)


def added(changes: PairingChanges, family: str) -> float:
    """Sum what is added to one family."""
    return sum(change.amount for change in _of(changes, family) if isinstance(change, Add))


def _of(changes: PairingChanges, family: str) -> Iterable[Add | Born | Observe]:
    return (change for change in changes.additions if change.family == family)


def known(timestamp: float | None = SYNCED, synced_bytes: int = 0) -> ReplicationTotals:
    """The totals of a replication seen before."""
    return ReplicationTotals(synced_bytes=synced_bytes, last_sync_timestamp_seconds=timestamp)


def syncing(transferred_bytes: int | None, **changes: Any) -> WatchedReplication:
    """A replication whose sync has moved so many bytes, all of them counted unless told."""
    replication = a_replication(progress=some_progress(transferred_bytes=transferred_bytes))
    return a_watched(replication, **{"counted_bytes": transferred_bytes or 0, **changes})


def test_the_first_sight_of_a_replication_is_a_baseline_and_counts_no_sync() -> None:
    """A sync that ended before we looked is not ours to count."""
    changes = follow(None, a_replication(last_sync_timestamp_seconds=SYNCED))
    assert added(changes, "vr_syncs_observed_total") == 0
    assert changes.totals[a_replication().id].last_sync_timestamp_seconds == SYNCED


def test_every_series_of_a_pairing_is_born_for_both_directions() -> None:
    """Counters stand at 0 before the first sync ends."""
    changes = changes_of(a_pairing(), [], Look({}, {}, Grace(), 0.0, NOW))
    born = {(change.family, change.labels) for change in changes.additions}
    assert ("vr_syncs_observed_total", ("berlin", "incoming")) in born
    assert ("vr_sync_duration_seconds", OUTGOING) in born
    assert len(born) == 8


def test_a_sync_is_observed_when_its_time_moves_on() -> None:
    """One sync more, with its bytes and its duration."""
    after = a_replication(
        last_sync_timestamp_seconds=NOW - 5, last_sync_bytes=700, last_sync_duration_seconds=33
    )
    changes = follow(a_watched(), after, totals=known(synced_bytes=1000))
    assert added(changes, "vr_syncs_observed_total") == 1
    assert added(changes, "vr_syncs_observed_bytes_total") == 700
    assert Observe("vr_sync_duration_seconds", OUTGOING, 33) in changes.additions
    assert changes.watched[0].synced_bytes_total == 1700
    assert changes.totals[after.id] == ReplicationTotals(0.0, 1700, NOW - 5)


def test_syncs_of_one_length_are_observed_each() -> None:
    """Two replications of a pairing may have taken equally long."""
    ended = {"last_sync_timestamp_seconds": NOW - 5, "last_sync_duration_seconds": 33}
    rows = [a_replication(id=name, **ended) for name in ("GID-1", "GID-2")]
    look = Look({}, {row.id: known() for row in rows}, Grace(), 60.0, NOW)
    changes = changes_of(a_pairing(), rows, look)
    assert added(changes, "vr_syncs_observed_total") == 2
    assert Observe("vr_sync_duration_seconds", OUTGOING, 33, times=2) in changes.additions


def test_the_first_sync_of_a_replication_never_synced_is_observed() -> None:
    """Never synced is a baseline too."""
    after = a_replication(last_sync_timestamp_seconds=NOW - 5)
    changes = follow(a_watched(), after, totals=known(None))
    assert added(changes, "vr_syncs_observed_total") == 1


def test_a_time_that_stands_still_or_goes_back_is_no_sync() -> None:
    """Only a later time is a sync; a restored appliance starts from its own time (A60)."""
    for timestamp in (SYNCED, SYNCED - 100):
        after = a_replication(last_sync_timestamp_seconds=timestamp)
        changes = follow(a_watched(), after, totals=known())
        assert added(changes, "vr_syncs_observed_total") == 0


def test_a_time_that_is_missing_once_does_not_forget_the_baseline() -> None:
    """A null for one poll neither ends a sync nor makes the next one count twice."""
    changes = follow(a_watched(), a_replication(last_sync_timestamp_seconds=None), totals=known())
    assert changes.totals == {}


def test_bytes_on_the_link_are_counted_as_they_move() -> None:
    """Each poll adds what was transferred since the one before."""
    before = syncing(400)
    after = a_replication(progress=some_progress(transferred_bytes=1000))
    assert added(follow(before, after, totals=known()), "vr_transferred_bytes_total") == 600


def test_bytes_that_were_counted_once_are_not_counted_at_the_look_after() -> None:
    """Three looks at one sync add up to what the last one shows."""
    first = follow(syncing(400), syncing(600).replication, totals=known())
    second = follow(first.watched[0], syncing(1000).replication, totals=known())
    assert [added(look, "vr_transferred_bytes_total") for look in (first, second)] == [200, 400]


def test_the_end_of_a_sync_adds_the_rest_of_its_bytes() -> None:
    """What was not seen while it ran is added when it ends, so that the sum is its size."""
    before = syncing(400)
    after = a_replication(progress=None, last_sync_timestamp_seconds=NOW - 5, last_sync_bytes=1000)
    assert added(follow(before, after, totals=known()), "vr_transferred_bytes_total") == 600


def test_a_sync_that_followed_at_once_adds_its_bytes_too() -> None:
    """The rest of the one that ended, and what the next one moved."""
    before = syncing(400)
    after = a_replication(
        progress=some_progress(transferred_bytes=50),
        last_sync_timestamp_seconds=NOW - 5,
        last_sync_bytes=1000,
    )
    assert added(follow(before, after, totals=known()), "vr_transferred_bytes_total") == 650


def test_bytes_that_fall_add_nothing() -> None:
    """A restarted sync does not take bytes back off the link."""
    before = syncing(400)
    after = a_replication(progress=some_progress(transferred_bytes=100))
    assert added(follow(before, after, totals=known()), "vr_transferred_bytes_total") == 0


def test_A43_bytes_that_are_unknown_for_a_moment_are_not_counted_again() -> None:
    """An impossible number is absent; the next possible one goes on from the last that was."""
    blank = a_replication(progress=some_progress(transferred_bytes=None))
    unknown = follow(syncing(400), blank, totals=known())
    assert added(unknown, "vr_transferred_bytes_total") == 0
    after = a_replication(progress=some_progress(transferred_bytes=500))
    again = follow(unknown.watched[0], after, totals=known())
    assert added(again, "vr_transferred_bytes_total") == 100


def test_a_sync_whose_progress_goes_before_its_end_is_told_is_counted_once() -> None:
    """One look without progress, and only the next with the new time: its size, not more."""
    gap = follow(syncing(400), a_replication(progress=None), totals=known())
    ended = a_replication(last_sync_timestamp_seconds=NOW - 5, last_sync_bytes=1000)
    end = follow(gap.watched[0], ended, totals=known())
    assert added(gap, "vr_transferred_bytes_total") == 0
    assert added(end, "vr_transferred_bytes_total") == 600
    assert end.watched[0].counted_bytes == 0


def test_a_sync_that_ran_before_our_start_counts_from_our_first_look() -> None:
    """The first look is a baseline for bytes as well."""
    after = a_replication(progress=some_progress(transferred_bytes=400))
    assert added(follow(None, after), "vr_transferred_bytes_total") == 0


def test_time_in_breach_is_added_from_poll_to_poll() -> None:
    """Breached at the look before: the time since then counts."""
    totals = known()._replace(breached_seconds=100.0)
    changes = follow(a_watched(verdict=Verdict.BREACHED), a_replication(), totals=totals)
    assert changes.watched[0].breached_seconds_total == 160.0


def test_time_that_nobody_saw_adds_no_breach() -> None:
    """After a failed poll the time before it is not known."""
    changes = follow(
        a_watched(verdict=Verdict.BREACHED), a_replication(), totals=known(), seen_seconds=0.0
    )
    assert changes.watched[0].breached_seconds_total == 0.0


def test_progress_is_fresh_when_a_sync_appears_and_ages_while_it_stands_still() -> None:
    """The stuck-sync alert rests on the time progress last moved."""
    running = a_replication(progress=some_progress(ratio=0.5))
    assert follow(None, running).watched[0].progress_changed_timestamp_seconds == NOW
    still = a_watched(running, progress_changed_timestamp_seconds=NOW - 900)
    noisy = a_replication(progress=some_progress(ratio=0.505))
    assert follow(still, noisy).watched[0].progress_changed_timestamp_seconds == NOW - 900


def test_a_point_of_progress_or_a_byte_more_is_movement() -> None:
    """Less than a point is noise (fault-matrix A50), a byte is not."""
    still = a_watched(
        a_replication(progress=some_progress(ratio=0.5)),
        progress_changed_timestamp_seconds=NOW - 900,
    )
    for progress in (some_progress(ratio=0.51), some_progress(transferred_bytes=1_000_001)):
        changes = follow(still, a_replication(progress=progress))
        assert changes.watched[0].progress_changed_timestamp_seconds == NOW


def test_every_single_point_of_progress_is_movement() -> None:
    """Binary fractions make some points a little smaller than a hundredth."""
    bare = {"transferred_bytes": None, "checksum_compared_bytes": None}
    for percent in range(100):
        before = a_watched(
            a_replication(progress=some_progress(ratio=percent / 100, **bare)),
            progress_changed_timestamp_seconds=NOW - 900,
        )
        after = a_replication(progress=some_progress(ratio=(percent + 1) / 100, **bare))
        assert follow(before, after).watched[0].progress_changed_timestamp_seconds == NOW


def test_A50_what_is_unknown_for_a_moment_has_not_moved() -> None:
    """A field that comes and goes must not hide a sync that is stuck."""
    blank = some_progress(ratio=None, transferred_bytes=None)
    for before, after in ((some_progress(), blank), (blank, some_progress())):
        still = a_watched(
            a_replication(progress=before), progress_changed_timestamp_seconds=NOW - 900
        )
        changes = follow(still, a_replication(progress=after))
        assert changes.watched[0].progress_changed_timestamp_seconds == NOW - 900


def test_a_replication_that_did_nothing_writes_nothing() -> None:
    """Only totals that changed are recorded."""
    totals = ReplicationTotals(0.0, 0, a_replication().last_sync_timestamp_seconds)
    assert follow(a_watched(), a_replication(), totals=totals).totals == {}


TIMES = st.sampled_from([None, SYNCED])
SECONDS = st.sampled_from([0.0, 60.0])
SIZES = st.sampled_from([0, 1000])


@given(
    totals=st.none() | st.builds(ReplicationTotals, SECONDS, SIZES, TIMES),
    row=st.fixed_dictionaries(
        {"last_sync_timestamp_seconds": TIMES, "rpo_violation_seconds": st.sampled_from([0, 9999])}
    ),
    watching=st.fixed_dictionaries(
        {
            "verdict": st.sampled_from([Verdict.MET, Verdict.BREACHED]),
            "breached_seconds_total": SECONDS,
            "synced_bytes_total": SIZES,
        }
    ),
)
@settings(max_examples=400)
def test_the_very_row_of_the_look_before_changes_what_an_equal_one_does(
    totals: ReplicationTotals | None, row: dict[str, Any], watching: dict[str, Any]
) -> None:
    """That a row is known spares work, and shows in nothing."""
    known = syncing(1000).replication._replace(**row)
    before = a_watched(
        known, **watching, progress_changed_timestamp_seconds=NOW - 60, counted_bytes=1000
    )
    assert follow(before, known, totals=totals) == follow(before, known._replace(), totals=totals)


def test_a_replication_that_stands_still_is_watched_as_it_was() -> None:
    """Who asks later whether anything changed needs to look no further than this."""
    before = a_watched()
    changes = follow(before, before.replication, totals=known())
    assert changes.watched[0] is before
    assert not changes.totals
