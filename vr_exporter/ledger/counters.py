"""Totals in memory, behind the calls that a ledger on disk answers too (tests/contracts/)."""

from __future__ import annotations

import bisect
from collections.abc import Mapping

from vr_exporter.domain.counts import (
    BUCKETS,
    Add,
    Addition,
    Exemplar,
    Histogram,
    Labels,
    Observe,
    ReplicationTotals,
    SeenTasks,
    SiteChanges,
    SiteTotals,
    TaskIdentity,
)
from vr_exporter.domain.names import ReplicationId, SiteName

TASKS_REMEMBERED_SECONDS = 4 * 3600
"""How long ended tasks are told apart one by one: well past the 30 minutes of vr-api.md 7.1."""


class Counters:
    """Every site's totals. One writer a site; what is handed out never changes."""

    def __init__(
        self,
        totals: Mapping[SiteName, SiteTotals] | None = None,
        seen: Mapping[SiteName, SeenTasks] | None = None,
    ) -> None:
        self._totals = dict(totals or {})
        self._seen = dict(seen or {})

    @property
    def every(self) -> Mapping[SiteName, SiteTotals]:
        """The totals of all sites at this moment."""
        return dict(self._totals)

    def totals(self, site: SiteName) -> SiteTotals:
        """Return all totals of a site, empty ones for a site never recorded."""
        return self._totals.get(site) or SiteTotals()

    def seen_tasks(self, site: SiteName) -> SeenTasks | None:
        """Return the ended tasks already counted; None before tasks were first recorded."""
        return self._seen.get(site)

    def record(self, site: SiteName, changes: SiteChanges) -> SiteTotals:
        """Take in what a poll found, whole, and return the totals after it."""
        self._totals[site] = _after(self.totals(site), changes)
        if changes.ended_tasks is not None:
            self._seen[site] = _seen_after(self._seen.get(site, SeenTasks()), changes.ended_tasks)
        return self._totals[site]

    def restore(self, site: SiteName, totals: SiteTotals) -> None:
        """Take back what was recorded since these totals were handed out."""
        self._totals[site] = totals

    def forget(self, site: SiteName) -> None:
        """Drop all that is known of a site that is no longer configured."""
        self._totals.pop(site, None)
        self._seen.pop(site, None)


def _seen_after(seen: SeenTasks, ended: Mapping[TaskIdentity, float]) -> SeenTasks:
    every = {**seen.ended, **ended}
    newest = max(every.values(), default=0.0)
    watermark = max(seen.watermark_seconds, newest - TASKS_REMEMBERED_SECONDS)
    kept = {identity: at for identity, at in every.items() if at >= watermark}
    return SeenTasks(kept, watermark)


def _after(totals: SiteTotals, changes: SiteChanges) -> SiteTotals:
    counters = {family: dict(series) for family, series in totals.counters.items()}
    histograms = {family: dict(series) for family, series in totals.histograms.items()}
    for addition in changes.additions:
        if addition.family in BUCKETS:
            _put_histogram(histograms.setdefault(addition.family, {}), addition)
        else:
            _put_counter(counters.setdefault(addition.family, {}), addition)
    return SiteTotals(counters, histograms, _merged(totals.replications, changes))


def _put_counter(series: dict[Labels, float], addition: Addition) -> None:
    amount = addition.amount if isinstance(addition, Add) else 0
    series[addition.labels] = series.get(addition.labels, 0) + amount


def _put_histogram(series: dict[Labels, Histogram], addition: Addition) -> None:
    bounds = BUCKETS[addition.family]
    slots = len(bounds) + 1
    before = series.get(addition.labels) or Histogram((0,) * slots, exemplars=(None,) * slots)
    if not isinstance(addition, Observe):
        series[addition.labels] = before
        return
    slot = bisect.bisect_left(bounds, addition.value)
    series[addition.labels] = Histogram(
        counts=_raised(before.counts, slot, addition.times),
        sum=before.sum + addition.value * addition.times,
        exemplars=_with_exemplar(before.exemplars, slot, addition.exemplar),
    )


def _raised(counts: tuple[int, ...], slot: int, times: int) -> tuple[int, ...]:
    return (*counts[:slot], counts[slot] + times, *counts[slot + 1 :])


def _with_exemplar(
    exemplars: tuple[Exemplar | None, ...], slot: int, exemplar: Exemplar | None
) -> tuple[Exemplar | None, ...]:
    if exemplar is None:
        return exemplars
    return (*exemplars[:slot], exemplar, *exemplars[slot + 1 :])


def _merged(
    before: Mapping[ReplicationId, ReplicationTotals], changes: SiteChanges
) -> Mapping[ReplicationId, ReplicationTotals]:
    if not changes.replications and not changes.gone:
        return before
    merged = {**before, **changes.replications}
    for replication_id in changes.gone:
        merged.pop(replication_id, None)
    return merged
