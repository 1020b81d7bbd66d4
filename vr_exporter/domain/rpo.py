"""One replication judged against its recovery point objective (metrics.md 1.1, verdicts)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vr_exporter.domain.inventory import Replication


class Verdict(StrEnum):
    """Where a replication stands against its RPO."""

    MET = "met"
    LATE = "late"
    BREACHED = "breached"
    EXCUSED = "excused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Grace:
    """How long past the RPO a miss is only late: the larger of a share of the RPO and a time."""

    ratio: float = 0.2
    minimum_seconds: float = 300


_EXCUSED = frozenset({"PAUSED", "INITIAL_FULL_SYNC", "CONFIGURING", "RECOVERING", "RECOVERED"})


def verdict_of(replication: Replication, grace: Grace) -> Verdict:
    """Judge one replication; the first rule that holds decides."""
    status = replication.status
    if status is None or status == "UNKNOWN":
        return Verdict.UNKNOWN
    if status in _EXCUSED or status.startswith("NOT_ACTIVE"):
        return Verdict.EXCUSED
    violation = replication.rpo_violation_seconds
    if not replication.rpo_violated and not violation:
        return Verdict.MET
    if violation is None:
        return Verdict.BREACHED
    allowed = max(grace.ratio * (replication.rpo_seconds or 0), grace.minimum_seconds)
    return Verdict.BREACHED if violation > allowed else Verdict.LATE
