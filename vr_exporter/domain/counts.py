"""Totals that only grow: what is added to them, and how they are read.

These are the counters that outlive a restart once the ledger keeps them (metrics.md 1.3).
Label values stand in the order in which the family declares its labels, the site left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from vr_exporter.domain.names import ReplicationId, TaskId

Labels = tuple[str, ...]
TaskIdentity = tuple[TaskId, float | None]

TASK_BUCKETS = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400)
"""Upper bounds in seconds of the histograms of task and sync durations."""

QUEUE_BUCKETS = (0.5, 1, 2, 5, 10, 30, 60, 300, 900)
"""Upper bounds in seconds of the histogram of queue waits."""

BUCKETS: Mapping[str, tuple[float, ...]] = {
    "vr_task_duration_seconds": TASK_BUCKETS,
    "vr_sync_duration_seconds": TASK_BUCKETS,
    "vr_task_queue_wait_seconds": QUEUE_BUCKETS,
    "vr_trigger_duration_seconds": TASK_BUCKETS,
}


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One observed value with the labels that lead to its cause."""

    labels: tuple[tuple[str, str], ...]
    value: float
    timestamp_seconds: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations by bucket, not cumulative; the last count is of those above every bound."""

    counts: tuple[int, ...]
    sum: float = 0.0
    exemplars: tuple[Exemplar | None, ...] = ()

    @property
    def count(self) -> int:
        """How many observations there are."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Born:
    """Make a counter or histogram of a site appear at 0, unless it is there."""

    family: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class Add:
    """Raise a counter of a site by an amount above 0."""

    family: str
    labels: Labels
    amount: float = 1


@dataclass(frozen=True, slots=True)
class Observe:
    """Put one value into a histogram of a site, once or more often."""

    family: str
    labels: Labels
    value: float
    exemplar: Exemplar | None = None
    times: int = 1


Addition = Born | Add | Observe


class ReplicationTotals(NamedTuple):
    """The two counters of a replication, and the last sync that they include (decision 21)."""

    breached_seconds: float = 0.0
    synced_bytes: int = 0
    last_sync_timestamp_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SiteTotals:
    """All totals of one site at one moment, by family and label values."""

    counters: Mapping[str, Mapping[Labels, float]] = field(default_factory=dict)
    histograms: Mapping[str, Mapping[Labels, Histogram]] = field(default_factory=dict)
    replications: Mapping[ReplicationId, ReplicationTotals] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeenTasks:
    """Ended tasks that were counted; `ended` holds when each ended, in the appliance's time.

    Nothing that ended before `watermark_seconds` counts any more, so `ended` stays small.
    """

    ended: Mapping[TaskIdentity, float] = field(default_factory=dict)
    watermark_seconds: float = 0.0

    def has(self, identity: TaskIdentity, ended_at: float) -> bool:
        """Whether a task that ended then was counted, or is too old to tell."""
        return identity in self.ended or ended_at < self.watermark_seconds


@dataclass(frozen=True, slots=True)
class SiteChanges:
    """What one poll adds to a site's totals; it is recorded whole or not at all.

    `replications` holds the new totals of those that changed, `gone` those to forget.
    `ended_tasks` are counted by this poll, with their ends; None where tasks were not read.
    """

    additions: tuple[Addition, ...] = ()
    replications: Mapping[ReplicationId, ReplicationTotals] = field(default_factory=dict)
    gone: frozenset[ReplicationId] = frozenset()
    ended_tasks: Mapping[TaskIdentity, float] | None = None
