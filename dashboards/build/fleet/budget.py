"""RPO compliance over time, and how fast its error budget goes."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    GREEN,
    ORANGE,
    PLAIN,
    RED,
    STATUS_GROUPS,
    YELLOW,
    Thresholds,
    rising,
)
from dashboards.build.panels import Chart, Query
from dashboards.build.promql import (
    OBJECTIVE_ERROR,
    PAIRING,
    grown,
    share_of_states,
    verdicts,
)
from dashboards.build.tables import TO_REPLICATION, Column, Label, Table

_JUDGED: Final = "met|late|breached"


BUDGET = Row(
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
                Query(
                    f"sum({share_of_states(group.pattern)})",
                    group.word.text,
                    group.word.color,
                )
                for group in STATUS_GROUPS
            ),
            style="area",
            is_stacked=True,
            has_long_legend=True,
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
