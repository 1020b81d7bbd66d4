"""What states mean for a sync."""

from __future__ import annotations

import pytest

from tests.builders import a_pairing, a_replication, a_vc_server, some_progress
from vr_exporter.syncing.states import is_remote_down, is_syncing, state_in_words


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("SYNC", True),
        ("FULL_SYNC", True),
        ("FULL_SYNC_RPO_VIOLATION", True),
        ("SYNC_RPO_VIOLATION", False),
        ("INITIAL_FULL_SYNC", False),
        ("OK", False),
        ("RPO_VIOLATION", False),
        (None, False),
    ],
)
def test_the_state_tells_whether_a_sync_runs(status: str | None, wanted: bool) -> None:  # noqa: FBT001 - a table
    """Without progress the state decides; a first full sync is none that can be joined."""
    assert is_syncing(a_replication(status=status)) is wanted


@pytest.mark.parametrize(("status", "wanted"), [("SYNC_RPO_VIOLATION", True), ("PAUSED", False)])
def test_progress_tells_where_the_state_leaves_it_open(status: str, wanted: bool) -> None:  # noqa: FBT001 - a table
    """SYNC_RPO_VIOLATION may run or not; of a paused one progress is what is left over."""
    assert is_syncing(a_replication(status=status, progress=some_progress())) is wanted


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("RECOVERING", "is being recovered"),
        ("UNKNOWN", "is in a state that the appliance cannot tell"),
        (None, "is in a state that the appliance cannot tell"),
        ("RECONFIGURING", "is in the state RECONFIGURING"),
    ],
)
def test_a_state_is_said_in_words(status: str | None, words: str) -> None:
    """Known states have their words, others their name."""
    assert state_in_words(a_replication(status=status)) == words


@pytest.mark.parametrize(("connected", "wanted"), [(False, True), (True, False), (None, False)])
def test_the_far_vcenter_is_down_only_when_the_appliance_says_so(
    connected: bool | None,  # noqa: FBT001 - a table
    wanted: bool,  # noqa: FBT001 - a table
) -> None:
    """What is not known is no reason to hold a sync back."""
    assert is_remote_down(a_pairing(remote_vc=a_vc_server(connected=connected))) is wanted
    assert not is_remote_down(a_pairing(remote_vc=None))
