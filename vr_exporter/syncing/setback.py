"""Whether an appliance shows an older state than it did: it was restored from a snapshot (A60)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vr_exporter.domain.counts import ReplicationTotals
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId

SEVERAL = 2
"""One replication alone may have been set up anew, or recovered; several at once are a restore."""

SLACK_SECONDS = 1.0


def is_set_back(
    rows: Iterable[Replication], known: Mapping[ReplicationId, ReplicationTotals]
) -> bool:
    """Whether the last syncs of several replications lie before those that were seen already.

    The time of a last sync is the plainest evidence: it only ever moves on, every appliance tells
    it of every replication, and the youngest of them are the first that a restore takes back.
    Tasks that are gone prove nothing (a restart may drop them), nor does a clock (it is set
    right within moments).
    """
    older = {row.id for row in rows if _is_older(row, known.get(row.id))}
    return len(older) >= SEVERAL


def _is_older(row: Replication, known: ReplicationTotals | None) -> bool:
    now = row.last_sync_timestamp_seconds
    before = known.last_sync_timestamp_seconds if known else None
    return now is not None and before is not None and now < before - SLACK_SECONDS
