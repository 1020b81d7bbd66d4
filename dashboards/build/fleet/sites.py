"""Sites, pairings, servers and the link between them."""

from __future__ import annotations

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    NONE_IS_GOOD,
    UP_OR_DOWN,
    rising,
)
from dashboards.build.panels import Chart, Query, Timeline
from dashboards.build.promql import (
    ONCE,
    PAIRING,
    SITE,
    counted,
    grown,
)
from dashboards.build.tables import TO_REPLICATION, Column, Label, Table

SITES = Row(
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
            width=24,
            height=6,
            labels=(Label("site", "Site"), Label("pairing", "Pairing")),
            columns=(
                Column(
                    f"max by (site, pairing) (vr_pairing_up{{{PAIRING}}})", "List", words=UP_OR_DOWN
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
                    counted("vr_replications", 'direction!="incoming"'),
                    "Going out",
                ),
                Column(
                    counted("vr_replications", 'direction="incoming"'),
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
            title="Replication servers",
            says="The servers that take copies in, as each site lists them. Good is up everywhere"
            " and a load that is spread; what is placed on one that is down cannot sync.",
            alerts=("VrReplicationServerDown",),
            empty="No replication server is listed.",
            width=9,
            labels=(Label("site", "Site"), Label("name", "Server"), Label("side", "Side")),
            hides=("server",),
            sort="Placed",
            columns=(
                Column(f"max by (site, server, name, side) (vr_replication_server_info{{{SITE}}})"),
                Column(
                    f"max by (site, server) (vr_replication_server_connected{{{SITE}}})",
                    "Connected",
                    words=UP_OR_DOWN,
                ),
                Column(
                    f"max by (site, server) (vr_replication_server_replications{{{SITE}}})",
                    "Placed",
                ),
            ),
        ),
        Table(
            title="Sent most in this range",
            says="The ten replications whose syncs sent most in the range chosen. A new name at"
            " the top is a patch night, a reindex, or encryption by malware: know which.",
            alerts=("VrSyncBytesSurge",),
            empty="No sync has ended.",
            width=6,
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
            width=9,
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
