"""Two looks at the replications of a pairing: syncs that ended, bytes that moved, time breached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from vr_exporter.domain.counts import Add, Addition, Born, Labels, Observe, ReplicationTotals
from vr_exporter.domain.inventory import Pairing, Replication, SyncProgress
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.rpo import Grace, Verdict, verdict_of
from vr_exporter.domain.snapshot import WatchedReplication

NOISE_POINTS = 1
"""Progress that changes by less than a point is noise, not movement (fault-matrix A50)."""

_DIGITS = 6
"""Points are compared to so many decimals: 0.29 - 0.28 is a little less than a point."""

SYNC_FAMILIES = (
    "vr_syncs_observed_total",
    "vr_syncs_observed_bytes_total",
    "vr_transferred_bytes_total",
    "vr_sync_duration_seconds",
)


@dataclass(frozen=True, slots=True)
class Look:
    """What was known before, and what time it is.

    `seen_seconds` is the time since the look before this one; 0 when a poll in between failed,
    so that time nobody saw adds nothing.
    """

    before: Mapping[ReplicationId, WatchedReplication]
    totals: Mapping[ReplicationId, ReplicationTotals]
    grace: Grace
    seen_seconds: float
    now: float


@dataclass(frozen=True, slots=True)
class PairingChanges:
    """The replications as watched, what they add to the site's totals, and their own totals."""

    watched: tuple[WatchedReplication, ...]
    additions: tuple[Addition, ...]
    totals: Mapping[ReplicationId, ReplicationTotals]


@dataclass(frozen=True, slots=True)
class _Step:
    """What one replication did between two looks.

    `counted_bytes` are those of the running sync that have been counted by now.
    """

    has_synced: bool
    synced_bytes: int
    moved_bytes: int
    counted_bytes: int


def changes_of(pairing: Pairing, rows: Iterable[Replication], look: Look) -> PairingChanges:
    """Follow every replication of a pairing from the look before to this one."""
    watched: list[WatchedReplication] = []
    totals: dict[ReplicationId, ReplicationTotals] = {}
    sums: Counter[tuple[str, Labels]] = Counter()
    observed: list[Addition] = []
    for row in rows:
        known = look.before.get(row.id)
        if known is not None and known.replication is row and _stands_still(known, look):
            watched.append(known)
            continue
        step = _step(row, look)
        labels = (pairing.name, row.direction.value)
        if step.has_synced:
            sums["vr_syncs_observed_total", labels] += 1
            sums["vr_syncs_observed_bytes_total", labels] += step.synced_bytes
            if row.last_sync_duration_seconds is not None:
                seconds = row.last_sync_duration_seconds
                observed.append(Observe("vr_sync_duration_seconds", labels, seconds))
        if step.moved_bytes:
            sums["vr_transferred_bytes_total", labels] += step.moved_bytes
        now_watched = _watched(row, step, look)
        watched.append(now_watched)
        if (after := _totals(now_watched, look)) != look.totals.get(row.id):
            totals[row.id] = after
    added = [Add(family, labels, amount) for (family, labels), amount in sums.items() if amount]
    return PairingChanges(tuple(watched), (*_born(pairing), *added, *observed), totals)


def _stands_still(known: WatchedReplication, look: Look) -> bool:
    """Whether a replication that shows what it showed before adds nothing to any total."""
    row, totals = known.replication, look.totals.get(known.replication.id)
    if totals is None or known.verdict is Verdict.BREACHED:
        return False
    return (
        totals.synced_bytes == known.synced_bytes_total
        and totals.breached_seconds == known.breached_seconds_total
        and row.last_sync_timestamp_seconds in (None, totals.last_sync_timestamp_seconds)
        and verdict_of(row, look.grace) is known.verdict
    )


def _born(pairing: Pairing) -> list[Addition]:
    return [
        Born(family, (pairing.name, direction.value))
        for family in SYNC_FAMILIES
        for direction in pairing.directions
    ]


def _step(row: Replication, look: Look) -> _Step:
    before = look.before.get(row.id)
    has_synced = _has_synced(row, look.totals.get(row.id))
    size = (row.last_sync_bytes or 0) if has_synced else 0
    here = row.progress.transferred_bytes if row.progress else None
    if before is None:
        return _Step(has_synced, size, moved_bytes=0, counted_bytes=here or 0)
    counted = before.counted_bytes
    if has_synced:
        moved = max(0, size - counted) + (here or 0)
        return _Step(has_synced, size, moved, counted_bytes=here or 0)
    if here is None:
        return _Step(has_synced, size, moved_bytes=0, counted_bytes=counted)
    return _Step(has_synced, size, max(0, here - counted), counted_bytes=here)


def _has_synced(row: Replication, totals: ReplicationTotals | None) -> bool:
    """Whether `last_sync_time` moved on; the first sight of a replication is only a baseline."""
    ended = row.last_sync_timestamp_seconds
    if totals is None or ended is None:
        return False
    known = totals.last_sync_timestamp_seconds
    return known is None or ended > known


def _watched(row: Replication, step: _Step, look: Look) -> WatchedReplication:
    before = look.before.get(row.id)
    totals = look.totals.get(row.id) or ReplicationTotals()
    was_breached = before is not None and before.verdict is Verdict.BREACHED
    return WatchedReplication(
        replication=row,
        verdict=verdict_of(row, look.grace),
        breached_seconds_total=totals.breached_seconds + (look.seen_seconds if was_breached else 0),
        synced_bytes_total=totals.synced_bytes + step.synced_bytes,
        progress_changed_timestamp_seconds=_progress_changed(row, before, look.now),
        counted_bytes=step.counted_bytes,
    )


def _totals(watched: WatchedReplication, look: Look) -> ReplicationTotals:
    ended = watched.replication.last_sync_timestamp_seconds
    if ended is None and (known := look.totals.get(watched.replication.id)):
        ended = known.last_sync_timestamp_seconds
    return ReplicationTotals(
        breached_seconds=watched.breached_seconds_total,
        synced_bytes=watched.synced_bytes_total,
        last_sync_timestamp_seconds=ended,
    )


def _progress_changed(
    row: Replication, before: WatchedReplication | None, now: float
) -> float | None:
    if row.progress is None:
        return None
    if before is None or before.replication.progress is None:
        return now
    is_still = not _has_moved(before.replication.progress, row.progress)
    return before.progress_changed_timestamp_seconds if is_still else now


def _has_moved(before: SyncProgress, after: SyncProgress) -> bool:
    """Whether a point or a byte was passed; what was not known at both looks did not move."""
    if before.ratio is not None and after.ratio is not None:
        points = 100 * (after.ratio - before.ratio)
        if abs(round(points, _DIGITS)) >= NOISE_POINTS:
            return True
    looks = (
        (before.transferred_bytes, after.transferred_bytes),
        (before.checksum_compared_bytes, after.checksum_compared_bytes),
    )
    return any(None not in look and look[0] != look[1] for look in looks)
