"""The families with one row for each replication whose sync runs."""

from __future__ import annotations

from operator import attrgetter

from vr_exporter.domain.snapshot import SiteSnapshot, WatchedReplication
from vr_exporter.metrics.family import Family, Table
from vr_exporter.metrics.replication_reads import of
from vr_exporter.metrics.rows import REPLICATION_KEY, REPLICATION_LABELS, syncing_in_sight

RUNNING_SYNCS: Table[SiteSnapshot, WatchedReplication] = Table(
    "Running syncs",
    REPLICATION_LABELS,
    syncing_in_sight,
    (
        Family(
            "vr_replication_sync_progress_ratio",
            "gauge",
            "How far the running sync is, 0 to 1 (sync_progress.progress), as of the last poll;"
            " it may fall.",
            is_optional=True,
            read=of("progress.ratio"),
        ),
        Family(
            "vr_replication_sync_transferred_bytes",
            "gauge",
            "Bytes the running sync has sent, those sent twice included"
            " (sync_progress.transferred_current), as of the last poll.",
            is_optional=True,
            read=of("progress.transferred_bytes"),
        ),
        Family(
            "vr_replication_sync_transfer_size_bytes",
            "gauge",
            "Bytes the running sync has to send as far as it knows"
            " (sync_progress.transferred_total), as of the last poll; it grows in a full sync.",
            is_optional=True,
            read=of("progress.transfer_size_bytes"),
        ),
        Family(
            "vr_replication_sync_checksum_compared_bytes",
            "gauge",
            "Bytes the running sync has compared by checksum (sync_progress.checksum_current),"
            " as of the last poll.",
            is_optional=True,
            read=of("progress.checksum_compared_bytes"),
        ),
        Family(
            "vr_replication_sync_checksum_size_bytes",
            "gauge",
            "Bytes the running sync has to compare by checksum (sync_progress.checksum_total),"
            " as of the last poll.",
            is_optional=True,
            read=of("progress.checksum_size_bytes"),
        ),
        Family(
            "vr_replication_sync_progress_changed_timestamp_seconds",
            "gauge",
            "When sync_progress of the running sync was last seen to move, as of the last poll;"
            " an old one means a stuck sync.",
            is_optional=True,
            read=attrgetter("progress_changed_timestamp_seconds"),
        ),
    ),
    key=REPLICATION_KEY,
)
