"""A trigger on its way to the one POST, with the real client and ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.watched import Watched
from vr_exporter.appliance.errors import Stopping
from vr_exporter.appliance.syncs import Syncs
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.syncing.posting import Poster


@pytest.fixture
def watched() -> Iterator[Watched]:
    """One site of idle replications, polled once."""
    with Watched() as made:
        made.poll()
        yield made


def poster_of(watched: Watched) -> Poster:
    """What carries the triggers of Madrid."""
    return watched.madrid.worker._rooms.syncs._poster


def test_B8_no_post_leaves_once_the_end_was_asked_for(watched: Watched) -> None:
    """What waits keeps its place for the next start."""
    (verdict,) = watched.ask(watched.names()[0])
    watched.time.stop()
    with pytest.raises(Stopping):
        poster_of(watched).begin(verdict.trigger)
    assert watched.madrid.posts == 0
    assert watched.trigger(verdict).state is TriggerState.RESERVED


def test_the_age_of_a_copy_is_by_the_clock_of_the_appliance(watched: Watched) -> None:
    """A clock ahead of ours makes its copies as much older."""
    name = watched.names()[0]
    rows = [
        row.replication for paired in watched.snapshot().pairings for row in paired.replications
    ]
    synced_at = next(row.last_sync_timestamp_seconds for row in rows if row.vm == name)
    assert synced_at is not None
    limit = watched.time.now() - synced_at + 100
    (verdict,) = watched.ask(name, max_age_seconds=limit)
    poster = replace(poster_of(watched), skew=lambda: 200.0)
    assert poster.begin(verdict.trigger).state is TriggerState.RUNNING


def test_a_post_has_its_full_time_however_long_its_turn_was_awaited(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short it would leave an outcome unknown for nothing."""
    await_turn, post, left = Syncs.await_turn, Syncs.post, []

    def waits(syncs: Syncs) -> None:
        await_turn(syncs)
        watched.time.advance(29.0)

    def posts(syncs: Syncs, *ids: str) -> object:
        left.append(syncs._access.calls._left_seconds())
        return post(syncs, *ids)  # type: ignore[arg-type]

    monkeypatch.setattr(Syncs, "await_turn", waits)
    monkeypatch.setattr(Syncs, "post", posts)
    (verdict,) = watched.ask(watched.names()[0])
    poster_of(watched).begin(verdict.trigger)
    assert left == [30.0]
