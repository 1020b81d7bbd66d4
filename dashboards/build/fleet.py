"""The fleet: are we safe now, what burns, and how did it get there."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import PAIRING_VARIABLES, Dashboard, Row
from dashboards.build.looks import (
    BREACHED,
    GREEN,
    NONE_IS_BEST,
    NONE_IS_GOOD,
    ORANGE,
    PLAIN,
    RED,
    SEVERITIES,
    STATUS_GROUPS,
    UP_OR_DOWN,
    YELLOW,
    Thresholds,
    falling,
    rising,
)
from dashboards.build.panels import Chart, Query, Stat, Timeline
from dashboards.build.promql import (
    OBJECTIVE_ERROR,
    ONCE,
    PAIRING,
    SITE,
    each,
    grown,
    statuses,
    verdicts,
)
from dashboards.build.tables import TO_REPLICATION, Column, Label, Table

_UNSEEN: Final = "nothing is scraped"
_RULES_MISSING: Final = "needs the rules"
_JUDGED: Final = "met|late|breached"

_AGE: Final = f"time() - {each('vr_replication_last_sync_timestamp_seconds')}"
_WORST: Final = f"topk(50, {each('vr_replication_rpo_violation_seconds')} > 0)"
_RUNNING: Final = f"bottomk(20, {each('vr_replication_sync_progress_changed_timestamp_seconds')})"


def _of(expr: str, chosen: str) -> str:
    return f"({expr}) and on (replication) {chosen}"


_SAFE_NOW = Row(
    "Are we safe now?",
    (
        Stat(
            title="Sites down",
            says="Good is 0: every site answered in its last poll. Of a site that is down nobody"
            " knows how its copies are; find out why before you look at anything else here.",
            alerts=("VrSiteDown",),
            expr=f"sum(1 - max by (site) (vr_up{{{SITE}}}))",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="Pairings down",
            says="Good is 0: the list of replications of every pairing was read. One that is down"
            " has no fresh detail; see which in the timeline of sites and pairings.",
            alerts=("VrPairingDown",),
            expr=f"sum(1 - max by (site, pairing) (vr_pairing_up{{{PAIRING}}}))",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="Outside RPO",
            says="Replications past their RPO by more than the grace. Good is 0; open the worst"
            " in the table below. Many at once point to the link or a target, not to the VMs.",
            alerts=("VrRpoBreached", "VrRpoSiteWide"),
            expr=f"sum({verdicts('breached')})",
            thresholds=NONE_IS_BEST,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="In error",
            says="Replications that the appliance reports as failed; they may copy nothing. Good"
            " is 0; the text of the error stands on the exporter's status page.",
            alerts=("VrReplicationError",),
            expr=f"sum({statuses('ERROR|ERROR_RPO_VIOLATION')})",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="Inside RPO",
            says="Share of the judged replications that meet their RPO, or are late by less than"
            " the grace. Good is 99.5 % and more; paused and the like are not judged.",
            alerts=("VrRpoSiteWide",),
            unit="percentunit",
            expr=f"sum({verdicts('met|late')}) / (sum({verdicts(_JUDGED)}) > 0)",
            thresholds=falling(0.95, 0.995),
            lowest=0,
            highest=1,
            decimals=1,
            is_loud=True,
            empty="nothing to judge",
        ),
        Stat(
            title="Budget left of 30 days",
            says="What is left of the half per cent of replication time that may be breached in 30"
            " days. Good is above a half; at 0 the objective is missed: make room before changes.",
            alerts=("VrRpoBurnFast", "VrRpoBurnSlow"),
            unit="percentunit",
            expr='clamp_min(1 - sum(sum_over_time(site_pairing:vr_rpo_breached:sum{site=~"$site",'
            'pairing=~"$pairing"}[30d])) / (sum(sum_over_time(site_pairing:vr_rpo_judged:sum'
            f'{{site=~"$site",pairing=~"$pairing"}}[30d])) > 0) / {OBJECTIVE_ERROR}, 0)',
            thresholds=falling(0.1, 0.5),
            lowest=0,
            highest=1,
            decimals=0,
            is_loud=True,
            empty=_RULES_MISSING,
        ),
        Stat(
            title="Replications",
            says="All replications, counted at their source. A fall that nobody ordered means"
            " that VMs lost their protection.",
            alerts=("VrReplicationsVanished",),
            expr=f"sum({statuses('.+')})",
            empty=_UNSEEN,
        ),
        Stat(
            title="Excused",
            says="Replications that are not judged: paused, not active, in their first full sync,"
            " being set up or recovered. Good is a number that you can explain.",
            alerts=("VrReplicationPausedLong", "VrReplicationNotActive"),
            expr=f"sum({verdicts('excused')})",
            empty=_UNSEEN,
        ),
        Stat(
            title="Furthest past RPO",
            says="How far past its RPO the worst replication is; 0 if none is breached. Good is 0;"
            " beyond the RPO itself a recovery loses twice what was agreed.",
            alerts=("VrRpoBreachedLong",),
            unit="s",
            expr=f"max(vr_replication_rpo_violation_seconds{{{PAIRING}}}"
            f" * vr_replication_rpo_breached{{{PAIRING}}})",
            thresholds=Thresholds(GREEN, ((1, ORANGE), (3600, RED))),
            empty="nothing replicated",
        ),
        Stat(
            title="Oldest copy",
            says="Age of the oldest copy, those of paused replications too: what would be lost in"
            " the worst case. Good is near the longest RPO; a VM that was never synced has none.",
            alerts=("VrNeverSynced",),
            unit="s",
            expr=f"time() - min(vr_replication_last_sync_timestamp_seconds{{{PAIRING}}})",
            thresholds=Thresholds(GREEN, ((86_400, ORANGE), (604_800, RED))),
            empty="nothing synced yet",
        ),
        Stat(
            title="Running syncs",
            says="Syncs under way. None is fine between two of them; none for hours while RPOs are"
            " missed is not.",
            expr=f"count({each('vr_replication_sync_progress_ratio')})"
            f" or 0 * sum({statuses('.+')})",
            empty=_UNSEEN,
        ),
        Stat(
            title="Failed tasks in a day",
            says="Tasks of all kinds that failed or were cancelled in the last 24 hours. A few are"
            " retried by the appliance; what failed stands in the table further down.",
            alerts=("VrSyncFailingRepeatedly",),
            expr="sum("
            + grown("vr_tasks_failed_total", SITE, "site", "operation", "class", over="1d")
            + ")",
            thresholds=rising(1, 10),
            decimals=0,
            empty=_UNSEEN,
        ),
    ),
)

_OFFENDERS = Row(
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
                Label("vm", "VM", TO_REPLICATION),
                Label("status", "Status"),
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
                    f" (vr_replication_status{{{PAIRING}}} and on (replication) {_WORST}))"
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
            width=10,
            labels=(
                Label("severity", "Severity", words=SEVERITIES),
                Label("alertname", "Alert"),
                Label("site", "Site"),
                Label("pairing", "Pairing"),
                Label("vm", "VM"),
            ),
            columns=(
                Column(
                    "topk(50, max by (severity, alertname, site, pairing, vm)"
                    ' (ALERTS{alertname=~"Vr.*",alertstate="firing",site=~"$site|"}))'
                ),
            ),
        ),
        Table(
            title="Running syncs, the stillest first",
            says="At most twenty running syncs, those first that have not moved for longest. Good"
            " is seconds to minutes; at half an hour without a move a sync is stuck.",
            alerts=("VrSyncStuck",),
            empty="No sync is running.",
            width=14,
            labels=(Label("vm", "VM", TO_REPLICATION),),
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
                    "To send, as known",
                    "bytes",
                ),
                Column(f"time() - {_RUNNING}", "Not moved for", "s", rising(600, 1800)),
            ),
        ),
    ),
)

_RPO = Row(
    "RPO and its error budget",
    (
        Chart(
            title="Inside RPO by site",
            says="Share of the judged replications of each site inside their RPO or its grace."
            " Good is above the line at 99.5 %; a dip of one site points to its link or target.",
            alerts=("VrRpoSiteWide",),
            unit="percentunit",
            empty="Nothing to judge.",
            queries=(
                Query(
                    f"sum by (site) ({verdicts('met|late')})"
                    f" / (sum by (site) ({verdicts(_JUDGED)}) > 0)",
                    "{{site}}",
                ),
            ),
            soft_lowest=0.9,
            highest=1,
            thresholds=Thresholds(RED, ((0.995, GREEN),)),
            has_threshold_lines=True,
        ),
        Chart(
            title="How fast the budget burns, worst site",
            says="1 spends the budget in just 30 days. Good is below 1; act at 3 over a day, at 6"
            " over six hours, and at once at 14.4 over an hour. Breaches count, excused do not.",
            alerts=("VrRpoBurnFast", "VrRpoBurnSlow"),
            unit="none",
            empty="No recorded series: load the rules (vr-exporter rules).",
            queries=tuple(
                Query(
                    f'max(site:vr_rpo_error:ratio_{window}{{site=~"$site"}}) / {OBJECTIVE_ERROR}',
                    f"over {window}",
                    color,
                )
                for window, color in (("1h", RED), ("6h", ORANGE), ("1d", YELLOW))
            ),
            lowest=0,
            thresholds=Thresholds(PLAIN.base, ((3, ORANGE), (14.4, RED))),
            has_threshold_lines=True,
        ),
        Chart(
            title="Replications by status",
            says="All replications by what their state means, counted at the source. Good is"
            " nearly all OK or syncing; a band of error or past its RPO that grows needs a cause.",
            alerts=("VrReplicationError", "VrReplicationUnsettled"),
            empty="Nothing is replicated from here.",
            queries=tuple(
                Query(f"sum({statuses(group.pattern)})", group.word.text, group.word.color)
                for group in STATUS_GROUPS
            ),
            style="area",
            is_stacked=True,
            lowest=0,
            decimals=0,
        ),
        Table(
            title="Longest outside RPO in this range",
            says="The ten replications with the most time breached in the range chosen. One that"
            " leads every week needs a longer RPO, more bandwidth or fewer churning disks.",
            alerts=("VrSyncCannotKeepUp",),
            empty="No time outside RPO.",
            height=8,
            labels=(Label("vm", "VM", TO_REPLICATION),),
            hides=("replication",),
            sort="Breached for",
            columns=(
                Column(
                    "topk(10, "
                    + grown(
                        "vr_replication_rpo_breached_seconds_total",
                        PAIRING,
                        "replication",
                        "vm",
                        over="$__range",
                    )
                    + " > 0)",
                    "Breached for",
                    "s",
                    rising(1, 3600),
                ),
            ),
        ),
    ),
)

_SITES = Row(
    "Sites, pairings and the link",
    (
        Timeline(
            title="Sites and pairings",
            says="Whether each site answered and each pairing's list was read, poll by poll. Good"
            " is one colour throughout; a pairing down in a site that is up is about its rights"
            " or its remote half.",
            alerts=("VrSiteDown", "VrPairingDown"),
            words=UP_OR_DOWN,
            empty="Nothing is scraped.",
            queries=(
                Query(f"max by (site) (vr_up{{{SITE}}})", "{{site}}"),
                Query(
                    f"max by (site, pairing) (vr_pairing_up{{{PAIRING}}})",
                    "{{site}} to {{pairing}}",
                ),
            ),
        ),
        Chart(
            title="Throughput over the link",
            says="Bytes that replications send, by pairing, as they move. Good is below what the"
            " link can carry; flat at its top while RPOs slip means that it is full.",
            unit="binBps",
            empty="Nothing was sent.",
            queries=(
                Query(
                    "sum by (site, pairing) (max by (site, pairing, direction)"
                    f" (rate(vr_transferred_bytes_total{{{ONCE}}}[$__rate_interval])))",
                    "{{site}} to {{pairing}}",
                ),
            ),
            style="area",
            is_stacked=True,
            lowest=0,
        ),
        Table(
            title="Pairings now",
            says="Each pairing as each site sees it; a pairing between two watched sites stands"
            " here twice. Good is up and connected everywhere, with no open errors.",
            alerts=("VrRemoteSiteDown", "VrLocalVcDown", "VrRemoteSessionMissing"),
            empty="No pairing is watched.",
            width=14,
            labels=(Label("site", "Site"), Label("pairing", "Pairing")),
            columns=(
                Column(
                    f"min by (site, pairing) (vr_pairing_up{{{PAIRING}}})", "List", words=UP_OR_DOWN
                ),
                Column(
                    f'max by (site, pairing) (vr_pairing_vc_connected{{{PAIRING},side="local"}})',
                    "Own vCenter",
                    words=UP_OR_DOWN,
                ),
                Column(
                    f'max by (site, pairing) (vr_pairing_vc_connected{{{PAIRING},side="remote"}})',
                    "Remote vCenter",
                    words=UP_OR_DOWN,
                ),
                Column(
                    f"max by (site, pairing) (vr_pairing_remote_session_up{{{PAIRING}}})",
                    "Remote session",
                    words=UP_OR_DOWN,
                ),
                Column(
                    "sum by (site, pairing) (max by (site, pairing, status)"
                    f' (vr_replications{{{PAIRING},direction!="incoming"}}))',
                    "Going out",
                ),
                Column(
                    "sum by (site, pairing) (max by (site, pairing, status)"
                    f' (vr_replications{{{PAIRING},direction="incoming"}}))',
                    "Coming in",
                ),
                Column(
                    "sum by (site, pairing) (max by (site, pairing, scope)"
                    f' (vr_issues{{{PAIRING},severity="error"}}))',
                    "Open errors",
                    thresholds=NONE_IS_GOOD,
                ),
            ),
        ),
        Table(
            title="Sent most in this range",
            says="The ten replications whose syncs sent most in the range chosen. A new name at"
            " the top is a patch night, a reindex, or encryption by malware: know which.",
            alerts=("VrSyncBytesSurge",),
            unit="none",
            empty="No sync has ended.",
            width=10,
            labels=(Label("vm", "VM", TO_REPLICATION),),
            hides=("replication",),
            sort="Sent",
            columns=(
                Column(
                    "topk(10, "
                    + grown(
                        "vr_replication_synced_bytes_total",
                        PAIRING,
                        "replication",
                        "vm",
                        over="$__range",
                    )
                    + " > 0)",
                    "Sent",
                    "bytes",
                ),
            ),
        ),
        Table(
            title="Failed in the last day",
            says="Tasks that failed or were cancelled in 24 hours, by kind and class of error."
            " Good is an empty table; auth and connectivity concern a site, storage its target.",
            alerts=("VrSyncFailingRepeatedly",),
            empty="No task has failed.",
            width=24,
            height=7,
            labels=(Label("site", "Site"), Label("operation", "Task"), Label("class", "Class")),
            sort="Failed",
            columns=(
                Column(
                    "topk(20, "
                    + grown("vr_tasks_failed_total", SITE, "site", "operation", "class", over="1d")
                    + " > 0)",
                    "Failed",
                    thresholds=rising(1, 10),
                ),
            ),
        ),
    ),
)

FLEET = Dashboard(
    uid="vr-fleet",
    title="vSphere Replication / Fleet",
    says="Are we safe now? Sites, RPO compliance and its error budget, and what burns.",
    rows=(_SAFE_NOW, _OFFENDERS, _RPO, _SITES),
    variables=PAIRING_VARIABLES,
)
