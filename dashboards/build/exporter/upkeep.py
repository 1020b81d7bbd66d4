"""The page, the ledger and the process."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import Row
from dashboards.build.looks import (
    BLUE,
    ORANGE,
    PURPLE,
    RED,
    YES_IS_GOOD,
)
from dashboards.build.panels import UNSEEN, Chart, Query
from dashboards.build.promql import JOB, by_instance, rate_of
from dashboards.build.tables import Column, Label, Table

_NO_BRIDGE: Final = "No Alertmanager is configured."


PAGE = Row(
    "The page and its scrapes",
    (
        Chart(
            title="Size of the page",
            says="Bytes of the page before compression. About 2.5 KB for each replication is"
            " normal; metrics.exclude leaves families off.",
            unit="bytes",
            width=8,
            empty=UNSEEN,
            queries=(
                Query(
                    f"max by (instance, format) (vr_snapshot_rendered_bytes{{{JOB}}})",
                    "{{instance}} {{format}}",
                ),
            ),
            lowest=0,
        ),
        Chart(
            title="Time for the page and for a scrape",
            says="What a scrape takes Prometheus, and the page the exporter. Good is below a"
            " second; a scrape as long as its timeout is lost.",
            unit="s",
            width=8,
            empty=UNSEEN,
            queries=(
                Query(by_instance("scrape_duration_seconds"), "{{instance}} scrape"),
                Query(by_instance("vr_snapshot_render_duration_seconds"), "{{instance}} page"),
            ),
            lowest=0,
        ),
        Chart(
            title="Samples in a scrape",
            says="Series that each exporter brings. About 13 for each replication is normal; a"
            " jump that nobody explains costs Prometheus memory.",
            width=8,
            empty=UNSEEN,
            queries=(Query(by_instance("scrape_samples_scraped"), "{{instance}}"),),
            lowest=0,
        ),
    ),
)

LEDGER = Row(
    "Ledger and alert queue",
    (
        Chart(
            title="Writes to the ledger",
            says="Writes that worked, and those that failed by what failed. Good is no failure;"
            " look at the disk of the state folder first.",
            unit="wps",
            width=8,
            empty=UNSEEN,
            queries=(
                Query(rate_of("vr_store_writes_total", "instance", selector=JOB), "{{instance}}"),
                Query(
                    rate_of("vr_store_write_failures_total", "op", selector=JOB) + " > 0",
                    "failed: {{op}}",
                ),
            ),
            lowest=0,
        ),
        Chart(
            title="Size of the ledger",
            says="Bytes of the ledger's files. Good is a size that levels off, since old entries"
            " are pruned.",
            unit="bytes",
            width=8,
            empty=UNSEEN,
            queries=(Query(by_instance("vr_store_size_bytes"), "{{instance}}"),),
            lowest=0,
        ),
        Chart(
            title="Lines, secrets and settings",
            says="Log lines lost, secret files that could not be read again, and settings refused."
            " Good is nothing; what was good before still holds.",
            alerts=("VrConfigReloadFailed",),
            width=8,
            empty=UNSEEN,
            queries=(
                Query(
                    f"sum(increase(vr_log_lines_dropped_total{{{JOB}}}[$__rate_interval]))",
                    "log lines lost",
                    ORANGE,
                ),
                Query(
                    f"sum(increase(vr_secret_reload_failures_total{{{JOB}}}[$__rate_interval]))",
                    "secrets unread",
                    RED,
                ),
                Query(
                    f"sum(1 - vr_exporter_config_last_reload_successful{{{JOB}}})",
                    "settings refused",
                    PURPLE,
                ),
            ),
            style="steps",
            lowest=0,
        ),
        Chart(
            title="Alerts sent and lost",
            says="Alerts of our own that Alertmanagers took, and those that failed or were"
            " dropped. Good is no failure; a failed post is tried again, a dropped alert is gone.",
            alerts=("VrBridgeAlertsDropped", "VrBridgePartialDelivery"),
            unit="cps",
            width=8,
            empty=_NO_BRIDGE,
            queries=(
                Query(rate_of("vr_alerts_sent_total", "receiver", selector=JOB), "to {{receiver}}"),
                Query(
                    rate_of("vr_alerts_failed_total", "receiver", selector=JOB) + " > 0",
                    "failed: {{receiver}}",
                ),
                Query(
                    rate_of("vr_alerts_dropped_total", "reason", selector=JOB) + " > 0",
                    "dropped: {{reason}}",
                ),
            ),
            lowest=0,
        ),
        Chart(
            title="Alerts waiting",
            says="Alerts that wait for each Alertmanager, as a share of the room that there is."
            " Good is near 0; a queue that grows is an Alertmanager that does not answer.",
            alerts=("VrBridgeCannotDeliver",),
            unit="percentunit",
            width=8,
            empty=_NO_BRIDGE,
            queries=(
                Query(
                    f"max by (receiver) (vr_alert_queue_length{{{JOB}}})"
                    f" / on () group_left () min(vr_alert_queue_capacity{{{JOB}}})",
                    "for {{receiver}}",
                ),
            ),
            lowest=0,
            soft_highest=0.01,
        ),
        Chart(
            title="Webhooks of Alertmanager",
            says="Notifications taken in, and those refused by reason. Good is no refusal; auth is"
            " a wrong secret, or somebody who knocks.",
            alerts=("VrWebhookRefused", "VrBridgeInboundDead"),
            unit="cps",
            width=8,
            empty=_NO_BRIDGE,
            queries=(
                Query(
                    f"sum(rate(vr_webhooks_received_total{{{JOB}}}[$__rate_interval]))",
                    "received",
                    BLUE,
                ),
                Query(
                    rate_of("vr_webhooks_refused_total", "reason", selector=JOB) + " > 0",
                    "refused: {{reason}}",
                ),
            ),
            lowest=0,
        ),
    ),
)

PROCESS = Row(
    "The process",
    (
        Table(
            title="Exporters",
            says="Version and age of each exporter. Good is one version everywhere and an age that"
            " you can explain; the settings of one that refused them are the old ones.",
            alerts=("VrExporterRestarts",),
            empty=UNSEEN,
            width=24,
            height=5,
            labels=(
                Label("instance", "Instance"),
                Label("version", "Version"),
                Label("revision", "Revision"),
                Label("python", "Python"),
            ),
            columns=(
                Column(
                    "max by (instance, version, revision, python)"
                    f" (vr_exporter_build_info{{{JOB}}})"
                ),
                Column(f"time() - {by_instance('process_start_time_seconds')}", "Running for", "s"),
                Column(
                    by_instance("vr_exporter_config_last_reload_successful"),
                    "Settings good",
                    words=YES_IS_GOOD,
                ),
                Column(
                    "time() - "
                    + by_instance("vr_exporter_config_last_reload_success_timestamp_seconds"),
                    "Settings read",
                    "s",
                ),
            ),
        ),
        Chart(
            title="CPU",
            says="Cores that each exporter keeps busy. Good is a few hundredths; a poll of 5,000"
            " replications shows as a small bump.",
            unit="short",
            width=8,
            empty=UNSEEN,
            queries=(
                Query(
                    rate_of("process_cpu_seconds_total", "instance", selector=JOB),
                    "{{instance}}",
                ),
            ),
            lowest=0,
        ),
        Chart(
            title="Memory",
            says="Resident memory of each exporter. Good is a level that does not climb from day"
            " to day.",
            unit="bytes",
            width=8,
            empty=UNSEEN,
            queries=(Query(by_instance("process_resident_memory_bytes"), "{{instance}}"),),
            lowest=0,
        ),
        Chart(
            title="Open files",
            says="Files and sockets that each exporter holds. Good is dozens; a climb is a client"
            " that never hangs up, and ends at the limit of the process.",
            width=8,
            empty=UNSEEN,
            queries=(Query(by_instance("process_open_fds"), "{{instance}}"),),
            lowest=0,
            decimals=0,
        ),
    ),
)
