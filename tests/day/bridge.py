"""What the alert bridge will say of itself, by hand until the exporter says it."""

from __future__ import annotations

from collections.abc import Iterator

RECEIVER = "alertmanager:9093"
REFUSALS = ("auth", "body", "disabled", "store")
EVENT_ALERTS = ("VrSyncFailed", "VrTriggerFailed")
BUCKETS = ("0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "30.0", "+Inf")

_TYPES = {
    "vr_alerts_active": "gauge",
    "vr_alerts_sent": "counter",
    "vr_alerts_failed": "counter",
    "vr_alerts_dropped": "counter",
    "vr_alert_queue_length": "gauge",
    "vr_alert_queue_capacity": "gauge",
    "vr_alert_queue_oldest_timestamp_seconds": "gauge",
    "vr_alert_post_duration_seconds": "histogram",
    "vr_alert_clock_skew_seconds": "gauge",
    "vr_webhooks_received": "counter",
    "vr_webhooks_refused": "counter",
    "vr_webhook_alerts": "counter",
    "vr_webhook_deadman_timestamp_seconds": "gauge",
}


def with_bridge(page: str, *, now: float, since: float) -> str:
    """Add to a page the families of metrics.md 1.6 that it lacks, as a busy bridge has them."""
    minutes = int((now - since) // 60)
    lacking = {name for name in _TYPES if f"# TYPE {name} " not in page}
    if not lacking:
        return page
    lines = [f"# TYPE {name} {_TYPES[name]}" for name in sorted(lacking)]
    lines += [line for line in _samples(minutes, now) if _family(line) in lacking]
    return page.removesuffix("# EOF\n") + "\n".join(lines) + "\n"


def _family(line: str) -> str:
    name = line.partition("{")[0].partition(" ")[0]
    for suffix in ("_total", "_bucket", "_count", "_sum"):
        name = name.removesuffix(suffix)
    return name


def _samples(minutes: int, now: float) -> Iterator[str]:
    to = f'{{receiver="{RECEIVER}"}}'
    for name in EVENT_ALERTS:
        yield f'vr_alerts_active{{alertname="{name}"}} {minutes % 7 == 0:d}'
    yield f"vr_alerts_sent_total{to} {3 * minutes}"
    yield f"vr_alerts_failed_total{to} {minutes // 5}"
    for reason in ("queue_full", "expired", "rejected"):
        yield f'vr_alerts_dropped_total{{reason="{reason}"}} {minutes // 30}'
    yield f"vr_alert_queue_length{to} {minutes % 9}"
    yield "vr_alert_queue_capacity 10000"
    yield f"vr_alert_queue_oldest_timestamp_seconds{to} {now - 60 * (minutes % 9)}"
    yield f"vr_alert_clock_skew_seconds{to} 0.25"
    for place, bound in enumerate(BUCKETS):
        count = minutes * (place + 1) // len(BUCKETS)
        bucket = f'{{receiver="{RECEIVER}",le="{bound}"}}'
        yield f"vr_alert_post_duration_seconds_bucket{bucket} {count}"
    yield f"vr_alert_post_duration_seconds_count{to} {minutes}"
    yield f"vr_alert_post_duration_seconds_sum{to} {0.2 * minutes}"
    yield f"vr_webhooks_received_total {2 * minutes}"
    for reason in REFUSALS:
        yield f'vr_webhooks_refused_total{{reason="{reason}"}} {minutes // 20}'
    for status in ("firing", "resolved"):
        yield f'vr_webhook_alerts_total{{status="{status}"}} {minutes}'
    yield f"vr_webhook_deadman_timestamp_seconds {now - now % 300}"
