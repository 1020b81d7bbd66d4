"""How good the copy of one VM is."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    STATUS_WORDS,
    rising,
)
from dashboards.build.panels import UNSEEN, Stat
from dashboards.build.promql import ONE, status_code, the

_IDLE: Final = "no sync runs"


_AGE: Final = f"time() - {the('vr_replication_last_sync_timestamp_seconds')}"
_RPO: Final = the("vr_replication_rpo_seconds")

HEALTH = Row(
    "Is this copy good?",
    (
        Stat(
            title="Status",
            says="What its state means now. Good is OK or syncing; past its RPO passes with the"
            " next sync, an error does not.",
            alerts=("VrReplicationError", "VrReplicationPausedLong", "VrReplicationNotActive"),
            unit="none",
            expr=status_code(),
            words=STATUS_WORDS,
            is_loud=True,
            empty=UNSEEN,
        ),
        Stat(
            title="RPO used",
            says="Age of the copy as a share of its RPO. Good is below 100 %; beyond that a"
            " recovery loses more than was agreed.",
            alerts=("VrRpoBreached",),
            unit="percentunit",
            expr=f"({_AGE}) / ({_RPO} > 0)",
            thresholds=rising(1, 1.2),
            lowest=0,
            highest=1,
            decimals=0,
            is_loud=True,
            empty="never synced",
        ),
        Stat(
            title="Age of the copy",
            says="How long ago the last sync was complete: what a recovery now would lose. Good is"
            " less than the RPO beside it.",
            alerts=("VrNeverSynced",),
            unit="s",
            expr=_AGE,
            empty="never synced",
        ),
        Stat(
            title="RPO",
            says="The recovery point objective that is configured.",
            unit="s",
            expr=_RPO,
            empty=UNSEEN,
        ),
        Stat(
            title="Sync now",
            says="How far the running sync is. It may fall, since a full sync learns of more to"
            " send; standing still for half an hour is not good.",
            alerts=("VrSyncStuck",),
            unit="percentunit",
            expr=the("vr_replication_sync_progress_ratio"),
            lowest=0,
            highest=1,
            decimals=0,
            empty=_IDLE,
        ),
        Stat(
            title="Time left, estimated",
            says="What the running sync still needs at the pace of its last ten minutes; empty"
            " while it does not move. An estimate, no promise.",
            unit="s",
            expr=f"(1 - {the('vr_replication_sync_progress_ratio')})"
            f" / (max(deriv(vr_replication_sync_progress_ratio{{{ONE}}}[10m])) > 0)",
            empty="no estimate",
        ),
        Stat(
            title="Past RPO",
            says="How far past its RPO it is, by the appliance. Good is 0; within the grace it is"
            " late and no more.",
            alerts=("VrRpoBreachedLong",),
            unit="s",
            expr=the("vr_replication_rpo_violation_seconds"),
            thresholds=rising(1, 3600),
            empty=UNSEEN,
        ),
        Stat(
            title="Outside RPO in this range",
            says="How long its RPO was breached in the range chosen. Good is 0; some every day"
            " asks for a longer RPO or more bandwidth.",
            alerts=("VrRpoBreached",),
            unit="s",
            expr=f"max(increase(vr_replication_rpo_breached_seconds_total{{{ONE}}}[$__range]))",
            thresholds=rising(60, 3600),
            empty=UNSEEN,
        ),
        Stat(
            title="Last sync took",
            says="Duration of the last complete sync. Good is well below the RPO; at nine tenths"
            " of it there is no slack left.",
            alerts=("VrSyncCannotKeepUp",),
            unit="s",
            expr=the("vr_replication_last_sync_duration_seconds"),
            empty="never synced",
        ),
        Stat(
            title="Last sync sent",
            says="Size of the last complete sync. Twenty times its usual size is worth a look at"
            " the VM.",
            alerts=("VrSyncBytesSurge",),
            unit="bytes",
            expr=the("vr_replication_last_sync_bytes"),
            empty="never synced",
        ),
        Stat(
            title="Sent in this range",
            says="Bytes of all its syncs that ended in the range chosen: for growth and"
            " charge-back.",
            unit="bytes",
            expr=f"max(increase(vr_replication_synced_bytes_total{{{ONE}}}[$__range]))",
            empty=UNSEEN,
        ),
        Stat(
            title="Points in time",
            says="Older copies that are kept, to recover from before a fault was replicated; empty"
            " where the option is off.",
            unit="none",
            expr=the("vr_replication_mpit_instances"),
            empty="off",
        ),
    ),
)
