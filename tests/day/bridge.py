"""What the alert bridge says of itself, by hand where nothing goes through it."""

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

_SAMPLES = ("vr_alert", "vr_webhook")
_LINES = tuple(
    f"{start}{name}" for start in ("", "# HELP ", "# TYPE ", "# UNIT ") for name in _SAMPLES
)


def with_bridge(page: str, *, now: float, since: float) -> str:
    """Let a page tell of a busy bridge: what it says nothing of, or only 0, is said by hand."""
    minutes = int((now - since) // 60)
    lines = page.removesuffix("# EOF\n").splitlines()
    told = {_family(line) for line in lines if line.startswith(_SAMPLES) and not _is_zero(line)}
    silent = _TYPES.keys() - told
    kept = [line for line in lines if not line.startswith(_LINES) or _family(line) not in silent]
    types = [f"# TYPE {name} {_TYPES[name]}" for name in sorted(silent)]
    by_hand = [line for line in _samples(minutes, now) if _family(line) in silent]
    return "\n".join((*kept, *types, *by_hand, "# EOF\n"))


def _is_zero(line: str) -> bool:
    return float(line.partition(" # ")[0].rsplit(" ", 1)[1]) == 0


def _family(line: str) -> str:
    """The family that a sample is of, or that a comment describes."""
    name = line.split(" ", 3)[2] if line.startswith("#") else line.partition("{")[0]
    name = name.partition(" ")[0]
    if name in _TYPES:
        return name
    for suffix in ("_total", "_created", "_bucket", "_count", "_sum"):
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
