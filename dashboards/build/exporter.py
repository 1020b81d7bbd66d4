"""The exporter itself: does it see, is what it shows fresh, and what does that cost."""

from __future__ import annotations

from typing import Final

from dashboards.build.dashboard import PAIRING_VARIABLES, Dashboard, Row
from dashboards.build.looks import (
    BLUE,
    DEEP_BLUE,
    GREEN,
    NONE_IS_BEST,
    NONE_IS_GOOD,
    ONE_IS_GOOD,
    ORANGE,
    PURPLE,
    RED,
    UP_OR_DOWN,
    YES_IS_BAD,
    YES_IS_GOOD,
    Thresholds,
    falling,
    rising,
)
from dashboards.build.panels import Chart, Query, Stat, Timeline
from dashboards.build.promql import JOB, PAIRING, SITE, grown
from dashboards.build.tables import Column, Label, Table

_UNSEEN: Final = "nothing is scraped"
_NO_BRIDGE: Final = "No Alertmanager is configured."
_STAGES: Final = {
    "pairings": BLUE,
    "replications": DEEP_BLUE,
    "tasks": ORANGE,
    "servers": GREEN,
    "other": PURPLE,
}
_POLL: Final = f"sum by (site) (max by (site, stage) (vr_poll_duration_seconds{{{SITE}}}))"
_AGE: Final = f"time() - max by (site) (vr_poll_last_success_timestamp_seconds{{{SITE}}})"


def _site(family: str, aggregation: str = "max") -> str:
    return f"{aggregation} by (site) ({family}{{{SITE}}})"


def _instance(family: str) -> str:
    return f"max by (instance) ({family}{{{JOB}}})"


def _rate(family: str, *labels: str, selector: str = SITE) -> str:
    """Work of each exporter adds up: what two of them ask the appliance is asked twice."""
    return f"sum by ({', '.join(labels)}) (rate({family}{{{selector}}}[$__rate_interval]))"


_NOW = Row(
    "Does it see?",
    (
        Stat(
            title="Exporters down",
            says="Exporters that Prometheus cannot scrape. Good is 0; without one, all else here"
            " is blind.",
            expr=f"sum(1 - up{{{JOB}}})",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="Stale sites",
            says="Sites whose detail is withheld because it is too old. Good is 0; their polls"
            " fail, for a reason shown below.",
            alerts=("VrSiteDown",),
            expr=f"sum({_site('vr_snapshot_stale', 'min')})",
            thresholds=NONE_IS_GOOD,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="Oldest view of a site",
            says="Time since the last good poll of the site that was not seen for longest. Good is"
            " about the poll interval.",
            alerts=("VrPollFailing",),
            unit="s",
            expr=f"max({_AGE})",
            thresholds=rising(180, 300),
            is_loud=True,
            empty="no good poll yet",
        ),
        Stat(
            title="Failed logins in an hour",
            says="Logins that appliances refused. Good is 0; mend the credentials before the"
            " account is locked.",
            alerts=("VrLoginFailing",),
            expr=f"sum(increase(vr_api_login_failures_total{{{SITE}}}[1h]))",
            thresholds=NONE_IS_GOOD,
            decimals=0,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="Throttled in an hour",
            says="Requests that appliances refused with a 429. Good is 0; lengthen the poll"
            " interval, or find the other client.",
            alerts=("VrRateLimited",),
            expr=f"sum(increase(vr_api_throttled_total{{{SITE}}}[1h]))",
            thresholds=NONE_IS_BEST,
            decimals=0,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Stat(
            title="Ledger",
            says="Whether the last write to the ledger worked, on every exporter. Good is up;"
            " while it is down no sync is started.",
            unit="none",
            expr=f"min(vr_store_up{{{JOB}}})",
            thresholds=ONE_IS_GOOD,
            words=UP_OR_DOWN,
            is_loud=True,
            empty=_UNSEEN,
        ),
        Table(
            title="Sites",
            says="How each site is watched. Good: the age is about the interval, the skew below a"
            " minute, the certificate good for weeks, no rows left out.",
            alerts=("VrCertificateExpiring", "VrClockSkew", "VrRowsDropped", "VrPollSurprises"),
            empty=_UNSEEN,
            width=24,
            height=7,
            labels=(Label("site", "Site"), Label("version", "Version"), Label("build", "Build")),
            columns=(
                Column(f"max by (site, version, build) (vr_appliance_info{{{SITE}}})"),
                Column(_site("vr_up"), "Polled", words=UP_OR_DOWN),
                Column(_AGE, "Age", "s", rising(180, 300)),
                Column(_site("vr_poll_interval_seconds"), "Interval", "s"),
                Column(
                    f"max by (site) (abs(vr_clock_skew_seconds{{{SITE}}}))",
                    "Clock off by",
                    "s",
                    rising(30, 60),
                ),
                Column(
                    f"{_site('vr_api_certificate_expiry_timestamp_seconds', 'min')} - time()",
                    "Certificate ends in",
                    "s",
                    falling(7 * 86_400, 14 * 86_400),
                ),
                Column(
                    _site("vr_api_tls_verification_disabled"), "TLS unverified", words=YES_IS_BAD
                ),
                Column(_site("vr_rows_dropped"), "Rows left out", thresholds=NONE_IS_GOOD),
                Column(
                    "sum by (site) ("
                    + grown("vr_poll_surprises_total", SITE, "site", "kind", over="1d")
                    + ")",
                    "Oddities in a day",
                    thresholds=NONE_IS_BEST,
                ),
            ),
        ),
    ),
)

_POLLS = Row(
    "Polls",
    (
        Chart(
            title="Slowest poll by stage",
            says="What the slowest site's poll spends its time on; choose one site to see it"
            " alone. Good is flat and small beside the interval.",
            alerts=("VrPollFailing",),
            unit="s",
            width=8,
            empty=_UNSEEN,
            queries=(Query(f"max by (stage) (vr_poll_duration_seconds{{{SITE}}})", "{{stage}}"),),
            colors=_STAGES,
            style="area",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Poll time as a share of the interval",
            says="How much of its interval each site's poll takes. Good is below a half; at 100 %"
            " polls are skipped: raise the interval, or split the site over two exporters.",
            unit="percentunit",
            width=8,
            empty=_UNSEEN,
            queries=(Query(f"{_POLL} / {_site('vr_poll_interval_seconds')}", "{{site}}"),),
            lowest=0,
            highest=1,
        ),
        Chart(
            title="Age of what is shown",
            says="Time since the last good poll of each site. Good is a saw as tall as the poll"
            " interval; a ramp is a site that cannot be read.",
            alerts=("VrSiteDown",),
            unit="s",
            width=8,
            empty="No good poll yet.",
            queries=(Query(_AGE, "{{site}}"),),
            lowest=0,
        ),
        Chart(
            title="Failures and skipped polls",
            says="What failed in polls, by reason, and polls that were skipped. Good is nothing;"
            " vr-exporter check names the remedy for each reason.",
            alerts=("VrPollFailing",),
            empty=_UNSEEN,
            queries=(
                Query(
                    f"sum by (reason) (increase(vr_poll_failures_total{{{SITE}}}[$__rate_interval]))"
                    " > 0",
                    "{{reason}}",
                ),
                Query(
                    f"sum(increase(vr_polls_skipped_total{{{SITE}}}[$__rate_interval]))",
                    "skipped",
                    ORANGE,
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Timeline(
            title="Sessions with remote sites",
            says="Whether the exporter is logged in to the remote site of each pairing. Good is up"
            " throughout; without it the remote half is not seen.",
            alerts=("VrRemoteSessionMissing",),
            words=UP_OR_DOWN,
            empty="No pairing needs a remote session.",
            queries=(
                Query(
                    f"max by (site, pairing) (vr_pairing_remote_session_up{{{PAIRING}}})",
                    "{{site}} to {{pairing}}",
                ),
            ),
        ),
    ),
)

_REQUESTS = Row(
    "Requests to the appliances",
    (
        Chart(
            title="Requests by endpoint",
            says="Requests of all exporters. Good is the same every interval; more than usual is"
            " paging, retries or somebody who starts many syncs.",
            unit="reqps",
            width=8,
            empty=_UNSEEN,
            queries=(Query(_rate("vr_api_requests_total", "endpoint"), "{{endpoint}}"),),
            style="area",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Answers that were no success",
            says="Requests that got no answer or a code other than 2xx. Good is nothing; 401 and"
            " 403 are rights, 429 is too many requests, error is the network.",
            alerts=("VrLoginFailing", "VrRateLimited"),
            unit="reqps",
            width=8,
            empty="Every request was a success.",
            queries=(
                Query(
                    _rate(
                        "vr_api_requests_total",
                        "endpoint",
                        "code",
                        selector=f'{SITE},code!~"2.."',
                    )
                    + " > 0",
                    "{{endpoint}} {{code}}",
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Time to answer, 95 %",
            says="How long 95 % of the requests to each endpoint took at most. Good is below a few"
            " seconds; a slow appliance makes long polls.",
            unit="s",
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(
                    "histogram_quantile(0.95, "
                    + _rate("vr_api_request_duration_seconds_bucket", "endpoint", "le")
                    + ")",
                    "{{endpoint}}",
                ),
            ),
            lowest=0,
        ),
        Chart(
            title="Request budget used",
            says="Share used of the requests that we allow ourselves in a minute. Good is below"
            " 80 %; at 100 % polls stretch and syncs wait.",
            alerts=("VrRateLimited",),
            unit="percentunit",
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(
                    f"1 - min by (site) (vr_api_budget_remaining_requests{{{SITE}}}"
                    f" / vr_api_budget_requests{{{SITE}}})",
                    "{{site}}",
                ),
            ),
            lowest=0,
            highest=1,
            thresholds=Thresholds(GREEN, ((0.8, ORANGE), (1, RED))),
            has_threshold_lines=True,
        ),
        Chart(
            title="Throttles and retries",
            says="Refusals with a 429, and requests sent again by cause. Good is nothing; retries"
            " for timeouts and connect are the network's.",
            alerts=("VrRateLimited",),
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(
                    f"sum(increase(vr_api_throttled_total{{{SITE}}}[$__rate_interval]))",
                    "throttled",
                    RED,
                ),
                Query(
                    f"sum by (reason) (increase(vr_api_retries_total{{{SITE}}}[$__rate_interval]))"
                    " > 0",
                    "retried: {{reason}}",
                ),
            ),
            style="bars",
            is_stacked=True,
            lowest=0,
        ),
        Chart(
            title="Logins",
            says="Logins tried and refused. Good is a few a day; rising logins mean that sessions"
            " are lost, each refusal brings the account nearer to its lock.",
            alerts=("VrLoginFailing",),
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(
                    f"sum(increase(vr_api_logins_total{{{SITE}}}[$__rate_interval]))", "tried", BLUE
                ),
                Query(
                    f"sum(increase(vr_api_login_failures_total{{{SITE}}}[$__rate_interval]))",
                    "refused",
                    RED,
                ),
            ),
            style="bars",
            lowest=0,
        ),
    ),
)

_PAGE = Row(
    "The page and its scrapes",
    (
        Chart(
            title="Size of the page",
            says="Bytes of the page before compression. About 2.5 KB for each replication is"
            " normal; metrics.exclude leaves families off.",
            unit="bytes",
            width=8,
            empty=_UNSEEN,
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
            empty=_UNSEEN,
            queries=(
                Query(_instance("scrape_duration_seconds"), "{{instance}} scrape"),
                Query(_instance("vr_snapshot_render_duration_seconds"), "{{instance}} page"),
            ),
            lowest=0,
        ),
        Chart(
            title="Samples in a scrape",
            says="Series that each exporter brings. About 13 for each replication is normal; a"
            " jump that nobody explains costs Prometheus memory.",
            width=8,
            empty=_UNSEEN,
            queries=(Query(_instance("scrape_samples_scraped"), "{{instance}}"),),
            lowest=0,
        ),
    ),
)

_LEDGER = Row(
    "Ledger and alert queue",
    (
        Chart(
            title="Writes to the ledger",
            says="Writes that worked, and those that failed by what failed. Good is no failure;"
            " look at the disk of the state folder first.",
            unit="wps",
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(_rate("vr_store_writes_total", "instance", selector=JOB), "{{instance}}"),
                Query(
                    _rate("vr_store_write_failures_total", "op", selector=JOB) + " > 0",
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
            empty=_UNSEEN,
            queries=(Query(_instance("vr_store_size_bytes"), "{{instance}}"),),
            lowest=0,
        ),
        Chart(
            title="Lines, secrets and settings",
            says="Log lines lost, secret files that could not be read again, and settings refused."
            " Good is nothing; what was good before still holds.",
            width=8,
            empty=_UNSEEN,
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
                Query(_rate("vr_alerts_sent_total", "receiver", selector=JOB), "to {{receiver}}"),
                Query(
                    _rate("vr_alerts_failed_total", "receiver", selector=JOB) + " > 0",
                    "failed: {{receiver}}",
                ),
                Query(
                    _rate("vr_alerts_dropped_total", "reason", selector=JOB) + " > 0",
                    "dropped: {{reason}}",
                ),
            ),
            lowest=0,
        ),
        Chart(
            title="Alerts waiting",
            says="Alerts that wait for each Alertmanager, against the room that there is. Good is"
            " near 0; a queue that grows is an Alertmanager that does not answer.",
            alerts=("VrBridgeCannotDeliver",),
            width=8,
            empty=_NO_BRIDGE,
            queries=(
                Query(f"max by (receiver) (vr_alert_queue_length{{{JOB}}})", "for {{receiver}}"),
                Query(f"min(vr_alert_queue_capacity{{{JOB}}})", "room", ORANGE, dashed=True),
            ),
            lowest=0,
            decimals=0,
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
                    _rate("vr_webhooks_refused_total", "reason", selector=JOB) + " > 0",
                    "refused: {{reason}}",
                ),
            ),
            lowest=0,
        ),
    ),
)

_PROCESS = Row(
    "The process",
    (
        Table(
            title="Exporters",
            says="Version and age of each exporter. Good is one version everywhere and an age that"
            " you can explain; the settings of one that refused them are the old ones.",
            empty=_UNSEEN,
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
                Column(f"time() - {_instance('process_start_time_seconds')}", "Running for", "s"),
                Column(
                    _instance("vr_exporter_config_last_reload_successful"),
                    "Settings good",
                    words=YES_IS_GOOD,
                ),
                Column(
                    "time() - "
                    + _instance("vr_exporter_config_last_reload_success_timestamp_seconds"),
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
            empty=_UNSEEN,
            queries=(
                Query(
                    f"sum by (instance) (rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval]))",
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
            empty=_UNSEEN,
            queries=(Query(_instance("process_resident_memory_bytes"), "{{instance}}"),),
            lowest=0,
        ),
        Chart(
            title="Open files",
            says="Files and sockets that each exporter holds, against its limit. Good is dozens; a"
            " climb is a client that never hangs up.",
            width=8,
            empty=_UNSEEN,
            queries=(
                Query(_instance("process_open_fds"), "{{instance}}"),
                Query(f"min(process_max_fds{{{JOB}}})", "limit", ORANGE, dashed=True),
            ),
            lowest=0,
            decimals=0,
        ),
    ),
)

EXPORTER = Dashboard(
    uid="vr-exporter",
    title="vSphere Replication / Exporter",
    says="The exporter itself: polls, requests, page, ledger, alerts on their way, process.",
    rows=(_NOW, _POLLS, _REQUESTS, _PAGE, _LEDGER, _PROCESS),
    variables=PAIRING_VARIABLES,
    since="now-6h",
)
