"""When an appliance shows an older state than it did."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_replication
from vr_exporter.domain.counts import ReplicationTotals
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId
from vr_exporter.syncing.setback import is_set_back

KNOWN = {
    ReplicationId(f"GID-{number}"): ReplicationTotals(last_sync_timestamp_seconds=NOW)
    for number in range(4)
}


def rows(*last_syncs: float | None) -> list[Replication]:
    """Replications by the times of their last syncs, as seconds from those known."""
    return [
        a_replication(
            id=ReplicationId(f"GID-{number}"),
            last_sync_timestamp_seconds=None if at is None else NOW + at,
        )
        for number, at in enumerate(last_syncs)
    ]


def test_A60_several_last_syncs_that_moved_back_are_a_restore() -> None:
    """Though others were not taken back, or have synced since."""
    assert is_set_back(rows(0, -3600, -60, 30), KNOWN)


@pytest.mark.parametrize(
    "last_syncs",
    [(-3600, 0, 0), (0, 60, 3600), (-0.5, -0.5, -0.5), (None, None, None), ()],
    ids=["one alone", "time went on", "rounding", "not told", "nothing read"],
)
def test_A60_anything_less_is_none(last_syncs: tuple[float | None, ...]) -> None:
    """One replication may have been set up anew, or recovered."""
    assert not is_set_back(rows(*last_syncs), KNOWN)


def test_A60_a_replication_in_two_pairings_is_one() -> None:
    """It is seen by both, and proves no more for that."""
    (older,) = rows(-3600)
    assert not is_set_back([older, older], KNOWN)


def test_A60_what_was_never_seen_cannot_be_older() -> None:
    """A first poll has nothing to compare with."""
    assert not is_set_back(rows(-3600, -3600), {})
