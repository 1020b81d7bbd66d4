"""One VM's story: how good its copy is, what it did, and what stood in its way."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import PAIRING_VARIABLES, Choice, Dashboard, Mark, begins
from dashboards.build.looks import BLUE, ORANGE, PURPLE, RED
from dashboards.build.promql import ANY_SITE, ONE, PAIRING, SITE
from dashboards.build.replication.facts import FACTS
from dashboards.build.replication.health import HEALTH
from dashboards.build.replication.history import HISTORY

_CHOICE: Final = Choice(
    "replication",
    "VM",
    f"query_result(max by (replication, vm) (vr_replication_info{{{PAIRING}}}))",
    shows='/replication="(?<value>[^"]+)",vm="(?<text>[^"]*)/',
)
"""VMs by their names, as people know them; their ids, which tell them apart, go into queries."""

_MARKS: Final = (
    Mark(
        "Its alerts",
        begins('ALERTS{alertname=~"Vr.*",alertstate="firing",replication="$replication"}'),
        RED,
        "{{alertname}}",
        "{{severity}} {{site}}",
    ),
    Mark(
        "Outside RPO",
        begins(f"vr_replication_rpo_breached{{{ONE}}}", "max({}) > 0"),
        ORANGE,
        "outside its RPO",
    ),
    Mark(
        "Its tasks",
        f'max by (operation) (vr_task_progress_ratio{{{SITE},replication="$replication"}})'
        " >= bool 0",
        BLUE,
        "task: {{operation}}",
    ),
    Mark(
        "Triggers at its sites",
        "sum by (source, outcome) (max by (site, source, outcome)"
        f" (increase(vr_trigger_requests_total{{{ANY_SITE}}}[2m]))) > 0",
        PURPLE,
        "trigger by {{source}}: {{outcome}}",
        is_shown=False,  # they are of all replications of its sites
    ),
)

REPLICATION = Dashboard(
    uid="vr-replication",
    title="vSphere Replication / One replication",
    says="One VM's story: its copy against its RPO, its syncs, and what stood in their way.",
    rows=(HEALTH, HISTORY, FACTS),
    variables=(*PAIRING_VARIABLES, _CHOICE),
    marks=_MARKS,
)
