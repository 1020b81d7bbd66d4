"""How long syncs take."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    GREEN,
    ORANGE,
    RED,
)
from dashboards.build.panels import BAR_STEP, Chart, Heatmap, Query
from dashboards.build.promql import ONCE, SITE, grown_in_steps, quantile

_SYNC: Final = f'{SITE},operation="sync"'
_QUANTILES: Final = ((0.5, "half", GREEN), (0.95, "95 %", ORANGE), (0.99, "99 %", RED))


def _cells(family: str, selector: str, *labels: str) -> str:
    return f"sum by (le) ({grown_in_steps(family, selector, *labels, 'le')})"


DURATIONS = Row(
    "How long syncs take",
    (
        Heatmap(
            title="Durations of all syncs",
            says="Every sync seen to end, driven by its RPO or asked for, by how long it took."
            " Good is one bright band; a second one above it is a slow link, server or target.",
            alerts=("VrSyncCannotKeepUp",),
            empty="No sync has ended.",
            expr=_cells("vr_sync_duration_seconds_bucket", ONCE, "site", "pairing", "direction"),
        ),
        Heatmap(
            title="Durations of sync tasks",
            says="Sync tasks, those that were asked for, by how long they took from start to end."
            " Good is the band of all syncs at the left.",
            alerts=("VrTaskLong",),
            empty="No sync task has ended.",
            expr=_cells("vr_task_duration_seconds_bucket", _SYNC, "site"),
        ),
        Chart(
            title="Syncs that ended",
            says="Every sync seen to end, by the site it left. Good is the rhythm of your RPOs; a"
            " gap is a site that was not seen or did not sync.",
            width=6,
            height=9,
            empty="No sync has ended.",
            queries=(
                Query(
                    "sum by (site) ("
                    + grown_in_steps(
                        "vr_syncs_observed_total", ONCE, "site", "pairing", "direction"
                    )
                    + ")",
                    "{{site}}",
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Quantiles of all syncs",
            says="How long half, 95 % and 99 % of the syncs took at most. Good is flat; when only"
            " the top rises a few VMs are the cause, when all rise the link is.",
            alerts=("VrSyncCannotKeepUp",),
            unit="s",
            width=6,
            height=9,
            least_step=BAR_STEP,
            empty="No sync has ended.",
            queries=tuple(
                Query(
                    quantile(
                        share, "vr_sync_duration_seconds", ONCE, "site", "pairing", "direction"
                    ),
                    name,
                    color,
                )
                for share, name, color in _QUANTILES
            ),
            lowest=0,
        ),
        Chart(
            title="Quantiles of sync tasks",
            says="How long half, 95 % and 99 % of the sync tasks took at most, from start to end.",
            alerts=("VrTaskLong",),
            unit="s",
            width=6,
            height=9,
            least_step=BAR_STEP,
            empty="No sync task has ended.",
            queries=tuple(
                Query(quantile(share, "vr_task_duration_seconds", _SYNC, "site"), name, color)
                for share, name, color in _QUANTILES
            ),
            lowest=0,
        ),
        Chart(
            title="Wait in the appliance's queue",
            says="How long sync tasks waited before they began. Good is seconds; minutes mean that"
            " the appliance is asked for more at once than it does.",
            unit="s",
            width=6,
            height=9,
            least_step=BAR_STEP,
            empty="No sync task has begun.",
            queries=tuple(
                Query(quantile(share, "vr_task_queue_wait_seconds", _SYNC, "site"), name, color)
                for share, name, color in _QUANTILES
            ),
            lowest=0,
        ),
    ),
)
