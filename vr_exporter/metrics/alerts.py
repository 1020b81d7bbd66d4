"""The families of alerts on their way out, read whenever our own part of the page is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vr_exporter.domain.alerts import Event
from vr_exporter.domain.counts import Histogram
from vr_exporter.metrics.alert_families import ALERTS, POST_BUCKETS
from vr_exporter.metrics.family import Histograms, Samples
from vr_exporter.metrics.looked_up import LookedUp

REASONS = ("queue_full", "expired", "rejected")
"""Why an alert was given up, a closed set: the values of the label `reason`."""


@dataclass(frozen=True, slots=True)
class ReceiverFacts:
    """What is known of one receiver. `oldest` and `skew` are None where there is nothing to say."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0
    oldest: float | None = None
    skew: float | None = None
    durations: Histogram = field(default_factory=lambda: Histogram((0,) * (len(POST_BUCKETS) + 1)))


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What the page tells of alerts: active by name, dropped by reason, the rest by receiver."""

    active: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    capacity: int = 0
    receivers: Mapping[str, ReceiverFacts] = field(default_factory=dict)


def alert_families(facts: Callable[[], AlertFacts]) -> LookedUp:
    """The families of alerts, for the registry; those by receiver are empty where there is none."""
    return LookedUp(ALERTS, lambda: _samples(facts()))


def _samples(facts: AlertFacts) -> Mapping[str, Samples | Histograms]:
    receivers = facts.receivers.items()
    return {
        "vr_alerts_active": tuple(((e.value,), facts.active.get(e.value, 0)) for e in Event),
        "vr_alerts_sent_total": tuple(((name,), each.sent) for name, each in receivers),
        "vr_alerts_failed_total": tuple(((name,), each.failed) for name, each in receivers),
        "vr_alerts_dropped_total": tuple(((r,), facts.dropped.get(r, 0)) for r in REASONS),
        "vr_alert_queue_length": tuple(((name,), each.waiting) for name, each in receivers),
        "vr_alert_queue_capacity": (((), facts.capacity),),
        "vr_alert_queue_oldest_timestamp_seconds": tuple(
            ((name,), each.oldest) for name, each in receivers if each.oldest is not None
        ),
        "vr_alert_post_duration_seconds": tuple(
            ((name,), each.durations) for name, each in receivers
        ),
        "vr_alert_clock_skew_seconds": tuple(
            ((name,), each.skew) for name, each in receivers if each.skew is not None
        ),
    }
