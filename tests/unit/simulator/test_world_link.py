from __future__ import annotations

import pytest

from tests.worlds import a_calm_world
from vr_exporter.simulator.world.link import PER_SYNC_BYTES_PER_SECOND, Link
from vr_exporter.simulator.world.sync import Sync

TOP = PER_SYNC_BYTES_PER_SECOND


def a_link(syncs_at_full_pace: float = 1.0) -> Link:
    """A link that carries so many syncs at their own top pace."""
    link = Link(speed=1.0, now=0.0)
    link.capacity = TOP * syncs_at_full_pace
    return link


def a_sync(link: Link, seconds: float, *, now: float = 0.0) -> Sync:
    """A sync that takes so many seconds at top pace, running on the link."""
    replica = a_calm_world(replications=1).replicas()[0]
    sync = Sync(replica, link, "delta", began_at=now, transfer_bytes=int(TOP * seconds))
    link.join(sync, now)
    return sync


def test_one_sync_alone_moves_at_its_top_pace() -> None:
    """A wide link does not make a single sync faster than its own limit."""
    link = a_link(syncs_at_full_pace=10)
    a_sync(link, seconds=60)
    assert link.next_end() == pytest.approx(60.0)


def test_syncs_share_a_narrow_link_fairly() -> None:
    """Two equal syncs on a link for one take twice as long, and end together."""
    link = a_link()
    first, second = a_sync(link, seconds=30), a_sync(link, seconds=30)
    assert first.percent(30.0) == second.percent(30.0) == 50
    assert link.next_end() == pytest.approx(60.0)


def test_a_late_joiner_slows_the_others_from_then_on() -> None:
    """Half the work is done alone in 15 s, the other half shared takes 30 s."""
    link = a_link()
    a_sync(link, seconds=30)
    a_sync(link, seconds=300, now=15.0)
    assert link.next_end() == pytest.approx(45.0)


def test_who_leaves_early_gives_way_and_keeps_what_it_moved() -> None:
    """After a leave the rest runs at full pace; the bytes moved stay known."""
    link = a_link()
    stays, leaves = a_sync(link, seconds=30), a_sync(link, seconds=30)
    link.leave(leaves, 20.0)
    assert leaves.moved_bytes == int(TOP * 10)
    assert link.next_end() == pytest.approx(40.0)
    assert link.take_ended(40.0) is stays
    assert stays.moved_bytes == stays.transfer_bytes
    assert link.next_end() is None


def test_a_squeezed_link_is_slow_until_it_is_let_go() -> None:
    """A tenth of the capacity makes the rest of the work ten times as long."""
    link = a_link()
    a_sync(link, seconds=30)
    link.squeeze(0.1, 10.0)
    assert link.next_end() == pytest.approx(210.0)
    link.squeeze(1.0, 110.0)
    assert link.next_end() == pytest.approx(120.0)


def test_ended_syncs_are_counted_in_bytes() -> None:
    """A link adds up what its ended syncs have moved, whole or in part."""
    link = a_link(syncs_at_full_pace=2)
    a_sync(link, seconds=10)
    given_up = a_sync(link, seconds=30)
    link.take_ended(10.0)
    link.leave(given_up, 15.0)
    assert link.bytes_done == int(TOP * 25)
