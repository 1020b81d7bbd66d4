"""Whether we are safe now, in numbers."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    GREEN,
    NONE_IS_BEST,
    NONE_IS_GOOD,
    ORANGE,
    RED,
    Thresholds,
    falling,
    rising,
)
from dashboards.build.panels import UNSEEN, Stat
from dashboards.build.promql import (
    JOB,
    OBJECTIVE_ERROR,
    PAIRING,
    SITE,
    each,
    grown,
    statuses,
    verdicts,
)

_RULES_MISSING: Final = "needs the rules"
_JUDGED: Final = "met|late|breached"


SAFETY = Row(
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
            empty=UNSEEN,
        ),
        Stat(
            title="Pairings down",
            says="Good is 0: the list of replications of every pairing was read. One that is down"
            " has no fresh detail; see which in the timeline of sites and pairings.",
            alerts=("VrPairingDown",),
            expr=f"sum(1 - max by (site, pairing) (vr_pairing_up{{{PAIRING}}}))",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=UNSEEN,
        ),
        Stat(
            title="Outside RPO",
            says="Replications past their RPO by more than the grace. Good is 0; open the worst"
            " in the table below. Many at once point to the link or a target, not to the VMs.",
            alerts=("VrRpoBreached", "VrRpoSiteWide"),
            expr=f"sum({verdicts('breached')})",
            thresholds=NONE_IS_BEST,
            is_loud=True,
            empty=UNSEEN,
        ),
        Stat(
            title="In error",
            says="Replications that the appliance reports as failed; they may copy nothing. Good"
            " is 0; the text of the error stands on the exporter's status page.",
            alerts=("VrReplicationError",),
            expr=f"sum({statuses('ERROR|ERROR_RPO_VIOLATION')})",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=UNSEEN,
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
            width=3,
            expr=f"sum({statuses('.+')})",
            empty=UNSEEN,
        ),
        Stat(
            title="Excused",
            says="Replications that are not judged: paused, not active, in their first full sync,"
            " being set up or recovered. Good is a number that you can explain.",
            alerts=("VrReplicationPausedLong", "VrReplicationNotActive"),
            width=3,
            expr=f"sum({verdicts('excused')})",
            empty=UNSEEN,
        ),
        Stat(
            title="Expected, missing",
            says="VMs of the setting expected_vms that no readable site replicates. Good is 0: one"
            " that is missing is believed to be safe and is not.",
            alerts=("VrVmNotReplicated",),
            width=3,
            expr=f"sum(1 - max by (vm) (vr_vm_replicated{{{JOB}}}))",
            thresholds=NONE_IS_GOOD,
            empty="none expected",
        ),
        Stat(
            title="Servers down",
            says="Replication servers that are not connected, decommissioned ones aside. Good is"
            " 0; what is placed on one that is down cannot sync.",
            alerts=("VrReplicationServerDown",),
            width=3,
            expr="sum(1 - max by (site, server)"
            f" (vr_replication_server_connected{{{SITE}}}) unless on (site, server)"
            f' vr_replication_server_info{{{SITE},decommissioned="true"}})',
            thresholds=NONE_IS_GOOD,
            empty=UNSEEN,
        ),
        Stat(
            title="Furthest past RPO",
            says="How far past its RPO the worst replication is; 0 if none is breached. Good is 0;"
            " beyond the RPO itself a recovery loses twice what was agreed.",
            alerts=("VrRpoBreachedLong",),
            unit="s",
            width=3,
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
            width=3,
            expr=f"time() - min(vr_replication_last_sync_timestamp_seconds{{{PAIRING}}})",
            thresholds=Thresholds(GREEN, ((86_400, ORANGE), (604_800, RED))),
            empty="nothing synced yet",
        ),
        Stat(
            title="Running syncs",
            says="Syncs under way. None is fine between two of them; none for hours while RPOs are"
            " missed is not.",
            width=3,
            expr=f"count({each('vr_replication_sync_progress_ratio')})"
            f" or 0 * sum({statuses('.+')})",
            empty=UNSEEN,
        ),
        Stat(
            title="Failed in a day",
            says="Tasks of all kinds that failed or were cancelled in the last 24 hours. A few are"
            " retried by the appliance; what failed stands in the table further down.",
            alerts=("VrSyncFailingRepeatedly",),
            width=3,
            expr="sum("
            + grown("vr_tasks_failed_total", SITE, "site", "operation", "class", over="1d")
            + ")",
            thresholds=rising(1, 10),
            decimals=0,
            empty=UNSEEN,
        ),
    ),
)
