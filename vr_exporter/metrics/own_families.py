"""What we count of ourselves, declared: polls, requests, our page, store and settings."""

from __future__ import annotations

from vr_exporter.metrics.alert_families import ALERTS
from vr_exporter.metrics.family import Declaration, Declarations
from vr_exporter.metrics.webhooks import WEBHOOKS

REQUEST_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds in seconds of the histogram of requests to the appliance."""

POLLS = Declarations(
    "Polls",
    ("site",),
    (
        Declaration("vr_polls_total", "counter", "Polls of the site, good and bad."),
        Declaration(
            "vr_poll_failures_total",
            "counter",
            "Failures met in polls of the site, by what failed.",
            ("reason",),
        ),
        Declaration(
            "vr_polls_skipped_total",
            "counter",
            "Polls that were missed and not made up for, since another ran or the machine slept.",
        ),
        Declaration(
            "vr_poll_surprises_total",
            "counter",
            "Oddities in the appliance's answers that were tolerated, by kind.",
            ("kind",),
        ),
    ),
)

API = Declarations(
    "Requests to the appliance",
    ("site",),
    (
        Declaration(
            "vr_api_requests_total",
            "counter",
            "Requests sent to the appliance; the code is the HTTP status, or error where no answer"
            " came.",
            ("endpoint", "method", "code"),
        ),
        Declaration(
            "vr_api_request_duration_seconds",
            "histogram",
            "How long requests to the appliance took.",
            ("endpoint",),
            buckets=REQUEST_BUCKETS,
        ),
        Declaration(
            "vr_api_retries_total", "counter", "Requests sent again, by cause.", ("reason",)
        ),
        Declaration(
            "vr_api_throttled_total", "counter", "Requests that the appliance refused with a 429."
        ),
        Declaration(
            "vr_api_throttle_wait_seconds_total",
            "counter",
            "Time that requests were held back, by our own pace or by a throttle.",
        ),
        Declaration(
            "vr_api_throttled_until_timestamp_seconds",
            "gauge",
            "When the throttle of the appliance ends; absent without one.",
            is_optional=True,
        ),
        Declaration(
            "vr_api_budget_requests",
            "gauge",
            "Requests that we allow ourselves in a minute and session.",
        ),
        Declaration(
            "vr_api_budget_remaining_requests",
            "gauge",
            "What is left of the requests that we allow ourselves in a minute and session.",
        ),
        Declaration("vr_api_logins_total", "counter", "Logins tried, good and bad."),
        Declaration("vr_api_login_failures_total", "counter", "Logins that failed."),
        Declaration(
            "vr_api_received_bytes_total", "counter", "Bytes of the answers of the appliance."
        ),
        Declaration(
            "vr_api_certificate_expiry_timestamp_seconds",
            "gauge",
            "When the certificate of the appliance ends, also of one that is refused.",
            is_optional=True,
        ),
        Declaration(
            "vr_api_tls_verification_disabled",
            "gauge",
            "1 if the settings tell us not to verify the certificate of the appliance, else 0.",
        ),
        Declaration(
            "vr_clock_skew_seconds",
            "gauge",
            "Clock of the appliance less ours, by the Date header of its last answer.",
        ),
    ),
)

PAGE = Declarations(
    "The page",
    (),
    (
        Declaration(
            "vr_snapshot_rendered_bytes",
            "gauge",
            "Size of the page before compression, our own counters aside.",
            ("format",),
        ),
        Declaration(
            "vr_snapshot_render_duration_seconds",
            "gauge",
            "How long it took to bring the page up to date when a poll ended last.",
        ),
    ),
)

HOLDS = Declarations(
    "Triggers of all sites",
    (),
    (
        Declaration(
            "vr_trigger_kill_switch",
            "gauge",
            "1 while all triggers by alert are stopped by the kill switch, else 0.",
        ),
    ),
)

STORE = Declarations(
    "The store",
    (),
    (
        Declaration(
            "vr_store_up",
            "gauge",
            "1 if the last write to the store worked, else 0: then no wish for a sync is taken in.",
        ),
        Declaration("vr_store_size_bytes", "gauge", "Size of the store's files."),
        Declaration("vr_store_writes_total", "counter", "Writes to the store that worked."),
        Declaration(
            "vr_store_write_failures_total",
            "counter",
            "Writes to the store that failed, by what failed; corrupt is a store found damaged.",
            ("op",),
        ),
    ),
)

EXPORTER = Declarations(
    "The exporter",
    (),
    (
        Declaration(
            "vr_exporter_build_info",
            "info",
            "Version and revision of the exporter, and of its Python.",
            ("version", "revision", "python"),
        ),
        Declaration(
            "vr_exporter_config_last_reload_successful",
            "gauge",
            "1 if the settings were good when they were read last, else 0: the ones before hold.",
        ),
        Declaration(
            "vr_exporter_config_last_reload_success_timestamp_seconds",
            "gauge",
            "When good settings were read last.",
        ),
        Declaration(
            "vr_secret_reload_failures_total",
            "counter",
            "Secret files that could not be read again; the secret before holds.",
        ),
        Declaration(
            "vr_log_lines_dropped_total",
            "counter",
            "Log lines lost because they could not be written in time.",
        ),
    ),
)

COUNTED_TABLES = (POLLS, API, HOLDS, PAGE, EXPORTER)
"""What is counted or noted when it happens."""

TABLES = (*COUNTED_TABLES, STORE, ALERTS, WEBHOOKS)
"""All of our own families; those of the client library are added to them on the page."""
