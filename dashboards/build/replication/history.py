"""What one replication did over time."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    BLUE,
    ORANGE,
    PURPLE,
    STATUS_WORDS,
)
from dashboards.build.panels import Chart, Query, Timeline
from dashboards.build.promql import SITE, status_code, the

_AGE: Final = f"time() - {the('vr_replication_last_sync_timestamp_seconds')}"
_RPO: Final = the("vr_replication_rpo_seconds")

HISTORY = Row(
    "What it did",
    (
        Timeline(
            title="Status over time",
            says="What its state meant, as each site saw it. Good is OK and syncing in turns; the"
            " exact states stand in the table at the end.",
            alerts=("VrReplicationError", "VrReplicationUnsettled", "VrFullSyncUnexpected"),
            width=24,
            height=5,
            words=STATUS_WORDS,
            empty="This replication was not seen in this range.",
            queries=(Query(status_code("site"), "{{site}}"),),
        ),
        Chart(
            title="Age of the copy and its RPO",
            says="Good is a saw that stays below the dashed RPO. Teeth that grow mean that syncs"
            " last longer; one tall tooth that a sync failed or waited.",
            alerts=("VrRpoBreached", "VrSyncCannotKeepUp"),
            unit="s",
            empty="Never synced.",
            queries=(
                Query(_AGE, "age of the copy", BLUE),
                Query(_RPO, "RPO", ORANGE, dashed=True),
            ),
            lowest=0,
        ),
        Chart(
            title="Live progress",
            says="How far each sync was at each poll; short syncs fall between two polls. Good is"
            " a steep climb, a flat line is a sync that stands.",
            alerts=("VrSyncStuck",),
            unit="percentunit",
            empty="No poll met a running sync.",
            queries=(
                Query(the("vr_replication_sync_progress_ratio"), "progress", BLUE),
                Query(
                    f'max(vr_task_progress_ratio{{{SITE},replication="$replication"}})',
                    "its task",
                    PURPLE,
                ),
            ),
            style="area",
            lowest=0,
            highest=1,
        ),
        Chart(
            title="Duration of syncs",
            says="How long the last complete sync took, against the RPO. Good is well below it.",
            alerts=("VrSyncCannotKeepUp",),
            unit="s",
            width=8,
            empty="Never synced.",
            queries=(
                Query(the("vr_replication_last_sync_duration_seconds"), "duration", BLUE),
                Query(_RPO, "RPO", ORANGE, dashed=True),
            ),
            style="steps",
            lowest=0,
        ),
        Chart(
            title="Bytes of syncs",
            says="What the last complete sync sent. Good is what the VM is known to write; a surge"
            " has a cause in the VM.",
            alerts=("VrSyncBytesSurge",),
            unit="bytes",
            width=8,
            empty="Never synced.",
            queries=(Query(the("vr_replication_last_sync_bytes"), "sent", BLUE),),
            style="steps",
            lowest=0,
        ),
        Chart(
            title="Throughput of syncs",
            says="Bytes by duration of the last complete sync. When it falls while bytes stay, the"
            " link or the target is slower, not the VM busier.",
            unit="binBps",
            width=8,
            empty="Never synced.",
            queries=(
                Query(
                    f"{the('vr_replication_last_sync_bytes')}"
                    f" / ({the('vr_replication_last_sync_duration_seconds')} > 0)",
                    "throughput",
                    BLUE,
                ),
            ),
            style="steps",
            lowest=0,
        ),
        Chart(
            title="Bytes of the running sync",
            says="Sent and to send, compared and to compare. In a full sync what is to send grows"
            " while blocks are compared, so no line here is a promise.",
            alerts=("VrFullSyncUnexpected",),
            unit="bytes",
            width=24,
            empty="No poll met a running sync.",
            queries=tuple(
                Query(the(f"vr_replication_sync_{family}_bytes"), legend, color, dashed=dashed)
                for family, legend, color, dashed in (
                    ("transferred", "sent", BLUE, False),
                    ("transfer_size", "to send, as known", BLUE, True),
                    ("checksum_compared", "compared", ORANGE, False),
                    ("checksum_size", "to compare", ORANGE, True),
                )
            ),
            lowest=0,
        ),
    ),
)
