"""Which way a replication goes, and whether a pairing joins a vCenter to itself."""

from __future__ import annotations

import pytest

from tests.builders import a_pairing, a_vc_server
from vr_exporter.domain.inventory import Direction, direction_of


@pytest.mark.parametrize(
    ("source", "target", "direction"),
    [
        ("here", "there", Direction.OUTGOING),
        ("there", "here", Direction.INCOMING),
        ("here", "here", Direction.LOCAL),
        ("there", "there", Direction.LOCAL),
        ("", "", Direction.INCOMING),
    ],
)
def test_a_direction_is_seen_from_the_own_vcenter(
    source: str, target: str, direction: Direction
) -> None:
    """Local when both ends are one vCenter, even one that is not ours; unknown ends are neither."""
    assert direction_of(source, target, "here") is direction


@pytest.mark.parametrize(
    ("local", "remote", "is_local"),
    [
        (("one", "vc"), ("one", "vc"), True),
        (("one", "vc"), ("two", "vc"), False),
        (("", "vc"), ("two", "vc"), True),
        (("", "vc"), ("", "other"), False),
        (("", ""), ("", ""), False),
    ],
)
def test_a_pairing_is_local_by_its_ids_else_by_its_names(
    local: tuple[str, str], remote: tuple[str, str], *, is_local: bool
) -> None:
    """Where an id is missing the names of the two ends decide (vr-api.md 2)."""
    ends = [a_vc_server(id=identity, name=name) for identity, name in (local, remote)]
    pairing = a_pairing(local_vc=ends[0], remote_vc=ends[1])
    assert pairing.is_local is is_local
    assert (Direction.LOCAL in pairing.directions) is is_local


def test_a_pairing_with_an_unknown_end_is_not_local() -> None:
    """Partial data leaves the remote end out."""
    assert not a_pairing(remote_vc=None).is_local
