"""What burns: offenders, alerts, and the syncs that should help."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    BREACHED,
    SEVERITIES,
    rising,
)
from dashboards.build.promql import (
    LAST_TO_READ,
    PAIRING,
    each,
)
from dashboards.build.tables import TO_REPLICATION, Column, Label, Table

_AGE: Final = f"time() - {each('vr_replication_last_sync_timestamp_seconds')}"
_WORST: Final = f"topk(50, {each('vr_replication_rpo_violation_seconds')} > 0)"
_RUNNING: Final = f"bottomk(20, {each('vr_replication_sync_progress_changed_timestamp_seconds')})"


def _of(expr: str, chosen: str) -> str:
    return f"({expr}) and on (replication) {chosen}"


_FIRING: Final = " or ".join(
    f"max by (alertname, site, pairing, vm)"
    f' (ALERTS{{alertname=~"Vr.*",alertstate="firing",severity="{severity}",site=~"$site|"}})'
    f" * {code}"
    for severity, code in (("critical", 3), ("warning", 2), ("info", 1))
)
"""Each alert that fires, its severity as a number: what is worse comes first."""


BURNING = Row(
    "What burns",
    (
        Table(
            title="Past their RPO, the worst first",
            says="At most fifty replications past their RPO, late ones included. Good is an empty"
            " table. Open one for its story; many with one source or target share a cause.",
            alerts=("VrRpoBreached", "VrRpoBreachedLong", "VrSyncCannotKeepUp"),
            empty="No replication is past its RPO.",
            width=24,
            labels=(
                Label("vm", "VM", TO_REPLICATION, width=200),
                Label("status", "Status", width=220),
                Label("source_site", "From"),
                Label("target_site", "To"),
            ),
            hides=("replication",),
            sort="Past RPO",
            columns=(
                Column(_WORST, "Past RPO", "s", rising(300, 3600)),
                Column(_of(each("vr_replication_rpo_breached"), _WORST), "Verdict", words=BREACHED),
                Column(
                    f"({_AGE}) / on (replication, vm) ({each('vr_replication_rpo_seconds')} > 0)"
                    f" and on (replication) {_WORST}",
                    "RPO used",
                    "percentunit",
                    rising(1, 2),
                    is_bar=True,
                    highest=3,
                ),
                Column(_of(_AGE, _WORST), "Age of the copy", "s"),
                Column(
                    _of(each("vr_replication_last_sync_duration_seconds"), _WORST),
                    "Last sync took",
                    "s",
                ),
                Column(
                    _of(each("vr_replication_last_sync_bytes"), _WORST), "Last sync sent", "bytes"
                ),
                Column(
                    _of(each("vr_replication_sync_progress_ratio"), _WORST),
                    "Sync now",
                    "percentunit",
                    is_bar=True,
                ),
                Column(
                    "topk by (replication) (1, max by (replication, vm, status)"
                    f" (vr_replication_status{{{PAIRING}}} and {LAST_TO_READ}"
                    f" and on (replication) {_WORST}))"
                ),
                Column(
                    "topk by (replication) (1, max by (replication, vm, source_site, target_site)"
                    f" (vr_replication_info{{{PAIRING}}} and on (replication) {_WORST}))"
                ),
            ),
        ),
        Table(
            title="Alerts firing",
            says="What the rules of this product say now. Good is an empty table; start with what"
            " is critical, and read the alert's page of the runbook.",
            empty="No alert fires.",
            width=12,
            sort="Severity",
            labels=(
                Label("alertname", "Alert", width=190),
                Label("site", "Site"),
                Label("pairing", "Pairing", width=140),
                Label("vm", "VM", width=180),
            ),
            columns=(
                Column(f"topk(50, {_FIRING})", "Severity", unit="none", words=SEVERITIES, width=90),
            ),
        ),
        Table(
            title="Running syncs, the stillest first",
            says="At most twenty running syncs, those first that have not moved for longest. Good"
            " is seconds to minutes; at half an hour without a move a sync is stuck.",
            alerts=("VrSyncStuck",),
            empty="No sync is running.",
            width=12,
            labels=(Label("vm", "VM", TO_REPLICATION, width=200),),
            hides=("replication",),
            sort="Not moved for",
            columns=(
                Column(
                    _of(each("vr_replication_sync_progress_ratio"), _RUNNING),
                    "Progress",
                    "percentunit",
                    is_bar=True,
                ),
                Column(
                    _of(each("vr_replication_sync_transferred_bytes"), _RUNNING), "Sent", "bytes"
                ),
                Column(
                    _of(each("vr_replication_sync_transfer_size_bytes"), _RUNNING),
                    "To send",
                    "bytes",
                ),
                Column(f"time() - {_RUNNING}", "Not moved for", "s", rising(600, 1800)),
            ),
        ),
    ),
)
