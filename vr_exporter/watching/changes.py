"""Two looks at the replications of a pairing: syncs that ended, bytes that moved, time breached."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from vr_exporter.domain.counts import Add, Addition, Born, Labels, Observe, ReplicationTotals
from vr_exporter.domain.inventory import Direction, Pairing, Replication, SyncProgress
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


@dataclass(slots=True)
class _Sums:
    """What the replications of a pairing add to its totals in one direction."""

    syncs: int = 0
    synced_bytes: int = 0
    moved_bytes: int = 0
    durations: Counter[int] = field(default_factory=Counter)

    def additions(self, labels: Labels) -> Iterator[Addition]:
        """Name them by family; what is 0 adds nothing."""
        amounts = (self.syncs, self.synced_bytes, self.moved_bytes)
        for family, amount in zip(SYNC_FAMILIES, amounts, strict=False):
            if amount:
                yield Add(family, labels, amount)
        for seconds, times in self.durations.items():
            yield Observe("vr_sync_duration_seconds", labels, seconds, times=times)


def changes_of(pairing: Pairing, rows: Iterable[Replication], look: Look) -> PairingChanges:
    """Follow every replication of a pairing from the look before to this one."""
    watched: list[WatchedReplication] = []
    changed: dict[ReplicationId, ReplicationTotals] = {}
    sums: defaultdict[Direction, _Sums] = defaultdict(_Sums)
    for row in rows:
        before, totals = look.before.get(row.id), look.totals.get(row.id)
        if before is not None and before.replication is row and _stands_still(before, totals, look):
            watched.append(before)
            continue
        now = _followed(row, before, totals, look, sums[row.direction])
        watched.append(now)
        if (after := _totals_of(now, totals)) != totals:
            changed[row.id] = after
    added = [
        addition
        for direction, each in sums.items()
        for addition in each.additions((pairing.name, direction.value))
    ]
    return PairingChanges(tuple(watched), (*_born(pairing), *added), changed)


def _stands_still(known: WatchedReplication, totals: ReplicationTotals | None, look: Look) -> bool:
    """Whether a replication that shows what it showed before adds nothing to any total."""
    row = known.replication
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


def _followed(
    row: Replication,
    before: WatchedReplication | None,
    totals: ReplicationTotals | None,
    look: Look,
    sums: _Sums,
) -> WatchedReplication:
    """Follow one replication, and add what it did to the sums of its direction."""
    synced_bytes = 0 if totals is None else totals.synced_bytes
    size: int | None = None
    if _has_synced(row, totals):
        size = row.last_sync_bytes or 0
        synced_bytes += size
        sums.syncs += 1
        sums.synced_bytes += size
        if row.last_sync_duration_seconds is not None:
            sums.durations[row.last_sync_duration_seconds] += 1
    moved, counted = _moved(row, before, size)
    sums.moved_bytes += moved
    breached_seconds = 0.0 if totals is None else totals.breached_seconds
    if before is not None and before.verdict is Verdict.BREACHED:
        breached_seconds += look.seen_seconds
    return WatchedReplication(
        row,
        verdict_of(row, look.grace),
        breached_seconds,
        synced_bytes,
        _progress_changed(row, before, look.now),
        counted,
    )


def _has_synced(row: Replication, totals: ReplicationTotals | None) -> bool:
    """Whether `last_sync_time` moved on; the first sight of a replication is only a baseline."""
    ended = row.last_sync_timestamp_seconds
    if totals is None or ended is None:
        return False
    known = totals.last_sync_timestamp_seconds
    return known is None or ended > known


def _moved(
    row: Replication, before: WatchedReplication | None, size: int | None
) -> tuple[int, int]:
    """Return the bytes that moved, and those of the running sync that are counted by now.

    `size` is that of a sync that ended between the two looks.
    """
    here = row.progress.transferred_bytes if row.progress else None
    if before is None:
        return 0, here or 0
    if size is not None:
        return max(0, size - before.counted_bytes) + (here or 0), here or 0
    if here is None:
        return 0, before.counted_bytes
    return max(0, here - before.counted_bytes), here


def _totals_of(now: WatchedReplication, before: ReplicationTotals | None) -> ReplicationTotals:
    ended = now.replication.last_sync_timestamp_seconds
    if ended is None and before is not None:
        ended = before.last_sync_timestamp_seconds
    return ReplicationTotals(now.breached_seconds_total, now.synced_bytes_total, ended)


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
