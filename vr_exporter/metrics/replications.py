"""The families with one row for each replication."""

from __future__ import annotations

from operator import attrgetter

from vr_exporter.domain.snapshot import SiteSnapshot, WatchedReplication
from vr_exporter.metrics.family import Family, Table
from vr_exporter.metrics.replication_reads import (
    NAMES,
    SWITCHES,
    breached,
    error_kinds,
    names_of,
    of,
    options_of,
    state,
)
from vr_exporter.metrics.rows import (
    REPLICATION_KEY,
    REPLICATION_LABELS,
    replications_in_sight,
)

_INFO = (
    Family(
        "vr_replication_info",
        "info",
        "Names and ids of a replication (ReplicationInfo), as of the last poll.",
        NAMES,
        read=names_of,
        reads="labels",
        on=REPLICATION_KEY,
    ),
    Family(
        "vr_replication_options_info",
        "info",
        "Switches of a replication (quiescing_enabled and its like, enhanced_replication),"
        " true, false or empty where the appliance does not say, as of the last poll.",
        SWITCHES,
        read=options_of,
        reads="labels",
        on=("site", "replication"),
    ),
)

_STATES = (
    Family(
        "vr_replication_status",
        "gauge",
        "1 for the state that the replication is in (status.status), in the appliance's own"
        " spelling; other states have no series; as of the last poll.",
        ("status",),
        read=state("status"),
        reads="label",
    ),
    Family(
        "vr_replication_configuration_state",
        "gauge",
        "1 for the state of its configuration (configuration_state), as of the last poll.",
        ("state",),
        read=state("configuration_state"),
        reads="label",
    ),
    Family(
        "vr_replication_recovery_state",
        "gauge",
        "1 for the state of its recovery (recovery_state), as of the last poll.",
        ("state",),
        is_optional=True,
        read=state("recovery_state"),
        reads="label",
    ),
)

_RPO = (
    Family(
        "vr_replication_rpo_seconds",
        "gauge",
        "Recovery point objective that is configured (rpo), as of the last poll.",
        read=of("rpo_seconds"),
    ),
    Family(
        "vr_replication_rpo_violated",
        "gauge",
        "1 while the appliance itself flags a violation of the RPO (status.rpo_violation), else 0;"
        " as of the last poll.",
        read=of("rpo_violated"),
    ),
    Family(
        "vr_replication_rpo_violation_seconds",
        "gauge",
        "Time past the RPO, 0 if none (current_rpo_violation), as of the last poll.",
        read=of("rpo_violation_seconds"),
    ),
    Family(
        "vr_replication_rpo_breached",
        "gauge",
        "1 while the RPO is missed by more than the grace of the settings, else 0; from status and"
        " current_rpo_violation, as of the last poll. Alert on this one.",
        read=attrgetter("verdict"),
        show=breached,
    ),
    Family(
        "vr_replication_rpo_breached_seconds_total",
        "counter",
        "Time with the RPO breached, added up from poll to poll; time not seen adds nothing."
        " From status and current_rpo_violation, as of the last poll.",
        read=attrgetter("breached_seconds_total"),
    ),
)

_LAST_SYNC = (
    Family(
        "vr_replication_last_sync_timestamp_seconds",
        "gauge",
        "When the last completed sync was (last_sync_time), as of the last poll; absent before"
        " the first. Its age is time() less this.",
        read=of("last_sync_timestamp_seconds"),
    ),
    Family(
        "vr_replication_last_sync_duration_seconds",
        "gauge",
        "How long the last completed sync took (last_sync_duration), as of the last poll.",
        read=of("last_sync_duration_seconds"),
    ),
    Family(
        "vr_replication_last_sync_bytes",
        "gauge",
        "Size of the last completed sync (last_sync_size), as of the last poll.",
        read=of("last_sync_bytes"),
    ),
    Family(
        "vr_replication_synced_bytes_total",
        "counter",
        "Bytes of all syncs that were seen to end (sum of last_sync_size), as of the last poll.",
        read=attrgetter("synced_bytes_total"),
    ),
)

_MPIT = (
    Family(
        "vr_replication_mpit_instances",
        "gauge",
        "Points in time to keep (mpit_instances), as of the last poll; absent with MPIT off.",
        is_optional=True,
        read=of("mpit_instances"),
    ),
    Family(
        "vr_replication_mpit_retention_seconds",
        "gauge",
        "How long points in time are kept (mpit_days), as of the last poll; absent with MPIT off.",
        is_optional=True,
        read=of("mpit_retention_seconds"),
    ),
)

REPLICATIONS: Table[SiteSnapshot, WatchedReplication] = Table(
    "Replications",
    REPLICATION_LABELS,
    replications_in_sight,
    (
        *_INFO,
        *_STATES,
        *_RPO,
        *_LAST_SYNC,
        *_MPIT,
        Family(
            "vr_replication_error",
            "gauge",
            "1 while the appliance reports an error of this kind (configuration_error,"
            " last_group_error, recovery_error), as of the last poll; its text is in the log and"
            " at /api/v1/replications.",
            ("kind",),
            is_optional=True,
            read=attrgetter("replication.errors"),
            show=error_kinds,
            reads="samples",
        ),
    ),
    key=REPLICATION_KEY,
)
