"""One VM's story: how good its copy is, what it did, and what stood in its way."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import PAIRING_VARIABLES, Dashboard, Mark, Row, Variable
from dashboards.build.looks import (
    BLUE,
    DEEP_BLUE,
    ORANGE,
    PURPLE,
    STATUS_WORDS,
    YES_IS_BAD,
    rising,
)
from dashboards.build.panels import Chart, Query, Stat, Timeline
from dashboards.build.promql import ANY_SITE, ONE, PAIRING, SITE, status_code
from dashboards.build.tables import Column, Label, Table

_UNSEEN: Final = "not seen"
_IDLE: Final = "no sync runs"
_OPTIONS: Final = (
    "quiescing",
    "network_compression",
    "encryption",
    "auto_replicate_new_disks",
    "vm_data_sets",
    "enhanced",
    "mpit",
)
_FACTS: Final = (
    "vm",
    "source_site",
    "target_site",
    "direction",
    "replication_type",
    "replication_server",
    "recovery_solution",
)


def _the(family: str) -> str:
    return f"max({family}{{{ONE}}})"


def _by_site(family: str, *labels: str, selector: str = ONE) -> str:
    return f"max by ({', '.join(('site', *labels))}) ({family}{{{selector}}})"


_AGE: Final = f"time() - {_the('vr_replication_last_sync_timestamp_seconds')}"
_RPO: Final = _the("vr_replication_rpo_seconds")

_COPY = Row(
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
            empty=_UNSEEN,
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
            empty=_UNSEEN,
        ),
        Stat(
            title="Sync now",
            says="How far the running sync is. It may fall, since a full sync learns of more to"
            " send; standing still for half an hour is not good.",
            alerts=("VrSyncStuck",),
            unit="percentunit",
            expr=_the("vr_replication_sync_progress_ratio"),
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
            expr=f"(1 - {_the('vr_replication_sync_progress_ratio')})"
            f" / (max(deriv(vr_replication_sync_progress_ratio{{{ONE}}}[10m])) > 0)",
            empty=_IDLE,
        ),
        Stat(
            title="Past RPO",
            says="How far past its RPO it is, by the appliance. Good is 0; within the grace it is"
            " late and no more.",
            alerts=("VrRpoBreachedLong",),
            unit="s",
            expr=_the("vr_replication_rpo_violation_seconds"),
            thresholds=rising(1, 3600),
            empty=_UNSEEN,
        ),
        Stat(
            title="Outside RPO in this range",
            says="How long its RPO was breached in the range chosen. Good is 0; some every day"
            " asks for a longer RPO or more bandwidth.",
            alerts=("VrRpoBreached",),
            unit="s",
            expr=f"max(increase(vr_replication_rpo_breached_seconds_total{{{ONE}}}[$__range]))",
            thresholds=rising(60, 3600),
            empty=_UNSEEN,
        ),
        Stat(
            title="Last sync took",
            says="Duration of the last complete sync. Good is well below the RPO; at nine tenths"
            " of it there is no slack left.",
            alerts=("VrSyncCannotKeepUp",),
            unit="s",
            expr=_the("vr_replication_last_sync_duration_seconds"),
            empty="never synced",
        ),
        Stat(
            title="Last sync sent",
            says="Size of the last complete sync. Twenty times its usual size is worth a look at"
            " the VM.",
            alerts=("VrSyncBytesSurge",),
            unit="bytes",
            expr=_the("vr_replication_last_sync_bytes"),
            empty="never synced",
        ),
        Stat(
            title="Sent in this range",
            says="Bytes of all its syncs that ended in the range chosen: for growth and"
            " charge-back.",
            unit="bytes",
            expr=f"max(increase(vr_replication_synced_bytes_total{{{ONE}}}[$__range]))",
            empty=_UNSEEN,
        ),
        Stat(
            title="Points in time",
            says="Older copies that are kept, to recover from before a fault was replicated; empty"
            " where the option is off.",
            unit="none",
            expr=_the("vr_replication_mpit_instances"),
            empty="off",
        ),
    ),
)

_HISTORY = Row(
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
                Query(_AGE, "age of the copy", DEEP_BLUE),
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
                Query(_the("vr_replication_sync_progress_ratio"), "progress", BLUE),
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
                Query(_the("vr_replication_last_sync_duration_seconds"), "duration", DEEP_BLUE),
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
            queries=(Query(_the("vr_replication_last_sync_bytes"), "sent", DEEP_BLUE),),
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
                    f"{_the('vr_replication_last_sync_bytes')}"
                    f" / ({_the('vr_replication_last_sync_duration_seconds')} > 0)",
                    "throughput",
                    DEEP_BLUE,
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
                Query(_the(f"vr_replication_sync_{family}_bytes"), legend, color, dashed=dashed)
                for family, legend, color, dashed in (
                    ("transferred", "sent", DEEP_BLUE, False),
                    ("transfer_size", "to send, as known", DEEP_BLUE, True),
                    ("checksum_compared", "compared", ORANGE, False),
                    ("checksum_size", "to compare", ORANGE, True),
                )
            ),
            lowest=0,
        ),
    ),
)

_FACTS_ROW = Row(
    "What it is",
    (
        Table(
            title="States and errors",
            says="The exact states as each site sees them, and the kinds of error reported now."
            " Good is OK and no kind; the text of an error stands on the status page.",
            alerts=("VrReplicationError", "VrReplicationUnsettled"),
            empty=_UNSEEN,
            height=6,
            labels=(
                Label("site", "Site"),
                Label("status", "Status"),
                Label("state", "Configuration"),
                Label("kind", "Error"),
            ),
            columns=(
                Column(_by_site("vr_replication_status", "status")),
                Column(_by_site("vr_replication_configuration_state", "state")),
                Column(_by_site("vr_replication_error", "kind")),
                Column(_by_site("vr_replication_rpo_violated"), "RPO flag", words=YES_IS_BAD),
            ),
        ),
        Table(
            title="From where to where",
            says="Names of the VM, its sites and the replication server that takes its copy. Two"
            " rows mean that both of its sites are watched.",
            alerts=("VrReplicationServerDown",),
            empty=_UNSEEN,
            height=6,
            labels=tuple(
                Label(name, "VM" if name == "vm" else name.replace("_", " ").capitalize())
                for name in ("site", *_FACTS)
            ),
            columns=(Column(_by_site("vr_replication_info", *_FACTS)),),
        ),
        Table(
            title="Options",
            says="Switches of this replication; empty where the appliance does not say. Quiescing"
            " and compression cost time, encryption none that you would notice.",
            empty=_UNSEEN,
            width=24,
            height=5,
            labels=tuple(
                Label(
                    name,
                    "Points in time" if name == "mpit" else name.replace("_", " ").capitalize(),
                )
                for name in ("site", *_OPTIONS)
            ),
            columns=(
                Column(
                    _by_site(
                        "vr_replication_options_info",
                        *_OPTIONS,
                        selector=f'{SITE},replication="$replication"',
                    )
                ),
                Column(_by_site("vr_replication_mpit_instances"), "Kept", "none"),
                Column(_by_site("vr_replication_mpit_retention_seconds"), "Kept for", "s"),
            ),
        ),
    ),
)

REPLICATION = Dashboard(
    uid="vr-replication",
    title="vSphere Replication / One replication",
    says="One VM's story: its copy against its RPO, its syncs, and what stood in their way.",
    rows=(_COPY, _HISTORY, _FACTS_ROW),
    variables=(
        *PAIRING_VARIABLES,
        Variable("vm", "VM", f"label_values(vr_replication_info{{{PAIRING}}}, vm)", is_many=False),
        Variable(
            "replication",
            "Replication",
            f'label_values(vr_replication_info{{{PAIRING},vm="$vm"}}, replication)',
            is_many=False,
        ),
    ),
    marks=(
        Mark(
            "Outside RPO",
            f"{_the('vr_replication_rpo_breached')} > 0",
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
        ),
    ),
)
