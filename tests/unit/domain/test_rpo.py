"""The verdicts on a replication's RPO."""

from __future__ import annotations

import pytest

from tests.builders import a_replication
from vr_exporter.domain.rpo import Grace, Verdict, verdict_of

GRACE = Grace(ratio=0.2, minimum_seconds=300)


@pytest.mark.parametrize("status", [None, "UNKNOWN"])
def test_a_replication_whose_state_is_not_known_is_unknown(status: str | None) -> None:
    """Without a state there is no verdict, whatever the flag says."""
    replication = a_replication(status=status, rpo_violated=True, rpo_violation_seconds=9999)
    assert verdict_of(replication, GRACE) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "status",
    [
        "NOT_ACTIVE",
        "NOT_ACTIVE_RPO_VIOLATION",
        "PAUSED",
        "INITIAL_FULL_SYNC",
        "CONFIGURING",
        "RECOVERING",
        "RECOVERED",
    ],
)
def test_a_replication_that_cannot_sync_by_design_is_excused(status: str) -> None:
    """These states are somebody's decision, not a miss."""
    replication = a_replication(status=status, rpo_violated=True, rpo_violation_seconds=9999)
    assert verdict_of(replication, GRACE) is Verdict.EXCUSED


@pytest.mark.parametrize("violation", [0, None])
def test_no_flag_and_no_violation_is_met(violation: int | None) -> None:
    """A replication without flag and violation meets its RPO."""
    replication = a_replication(rpo_violated=False, rpo_violation_seconds=violation)
    assert verdict_of(replication, GRACE) is Verdict.MET


@pytest.mark.parametrize(
    ("rpo_seconds", "violation", "verdict"),
    [
        (900, 300, Verdict.LATE),
        (900, 301, Verdict.BREACHED),
        (3600, 720, Verdict.LATE),
        (3600, 721, Verdict.BREACHED),
        (None, 300, Verdict.LATE),
        (None, 301, Verdict.BREACHED),
    ],
)
def test_a_miss_is_late_within_the_grace_and_breached_beyond_it(
    rpo_seconds: int | None, violation: int, verdict: Verdict
) -> None:
    """The grace is the larger of a fifth of the RPO and five minutes."""
    replication = a_replication(
        status="RPO_VIOLATION",
        rpo_seconds=rpo_seconds,
        rpo_violated=True,
        rpo_violation_seconds=violation,
    )
    assert verdict_of(replication, GRACE) is verdict


def test_a_flag_without_a_size_is_breached() -> None:
    """The appliance says violated and not by how much: nothing excuses it."""
    replication = a_replication(rpo_violated=True, rpo_violation_seconds=None)
    assert verdict_of(replication, GRACE) is Verdict.BREACHED


def test_a_flag_with_a_violation_of_zero_is_late() -> None:
    """The flag alone, within its first minute, is no breach."""
    replication = a_replication(rpo_violated=True, rpo_violation_seconds=0)
    assert verdict_of(replication, GRACE) is Verdict.LATE


def test_a_violation_without_the_flag_still_counts() -> None:
    """The time past the RPO speaks for itself."""
    replication = a_replication(rpo_violated=None, rpo_violation_seconds=4000)
    assert verdict_of(replication, GRACE) is Verdict.BREACHED
