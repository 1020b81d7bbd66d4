"""What is counted of alerts on their way out, declared (metrics.md 1.6)."""

from __future__ import annotations

from vr_exporter.metrics.family import Declaration, Declarations

POST_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds in seconds of the histogram of posts: those of requests to the appliance."""

ALERTS = Declarations(
    "Alerts to Alertmanager",
    (),
    (
        Declaration(
            "vr_alerts_active",
            "gauge",
            "Event alerts that fire from here, by name.",
            ("alertname",),
        ),
        Declaration(
            "vr_alerts_sent_total",
            "counter",
            "Alerts in posts that the Alertmanager took, repeats included.",
            ("receiver",),
            is_optional=True,
        ),
        Declaration(
            "vr_alerts_failed_total",
            "counter",
            "Alerts in posts that came to nothing; they are sent again.",
            ("receiver",),
            is_optional=True,
        ),
        Declaration(
            "vr_alerts_dropped_total",
            "counter",
            "Alerts given up, once for each receiver: the outbox was full, the end was more than a"
            " day ago, or the Alertmanager rejects them.",
            ("reason",),
        ),
        Declaration(
            "vr_alert_queue_length",
            "gauge",
            "Alerts that are due to be sent to the Alertmanager, repeats included.",
            ("receiver",),
            is_optional=True,
        ),
        Declaration(
            "vr_alert_queue_capacity",
            "gauge",
            "Alerts that the outbox holds for each Alertmanager.",
        ),
        Declaration(
            "vr_alert_queue_oldest_timestamp_seconds",
            "gauge",
            "Since when the first of the alerts that are due waits; absent when none does.",
            ("receiver",),
            is_optional=True,
        ),
        Declaration(
            "vr_alert_post_duration_seconds",
            "histogram",
            "How long posts of alerts took, good and bad.",
            ("receiver",),
            is_optional=True,
            buckets=POST_BUCKETS,
        ),
        Declaration(
            "vr_alert_clock_skew_seconds",
            "gauge",
            "Clock of the Alertmanager less ours, by the Date header of its last answer.",
            ("receiver",),
            is_optional=True,
        ),
    ),
)
