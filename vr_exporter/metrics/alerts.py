"""The families of alerts on their way out, read whenever our own part of the page is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from vr_exporter.domain.alerts import Event
from vr_exporter.domain.counts import Histogram
from vr_exporter.metrics import exposition
from vr_exporter.metrics.alert_families import ALERTS, POST_BUCKETS
from vr_exporter.metrics.family import Samples

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


class AlertFamilies(Collector):
    """Gives the registry the families of alerts, by one look at the facts."""

    def __init__(self, facts: Callable[[], AlertFacts]) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        """Every family as it is now; those by receiver are absent where there is none."""
        facts = self._facts()
        samples = _samples(facts)
        for family in ALERTS.families:
            stem = exposition.stem_of(family.name, family.kind)
            metric = Metric(stem, family.help, family.kind)
            if family.kind == "histogram":
                for receiver, of_receiver in facts.receivers.items():
                    _add_histogram(metric, receiver, of_receiver.durations)
            for values, number in samples.get(family.name, ()):
                labels = dict(zip(family.labels, values, strict=True))
                metric.add_sample(family.name, labels, number)
            yield metric


def _samples(facts: AlertFacts) -> Mapping[str, Samples]:
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
        "vr_alert_clock_skew_seconds": tuple(
            ((name,), each.skew) for name, each in receivers if each.skew is not None
        ),
    }


def _add_histogram(metric: Metric, receiver: str, found: Histogram) -> None:
    labels = {"receiver": receiver}
    seen = 0
    for bound, count in zip((*POST_BUCKETS, float("inf")), found.counts, strict=True):
        seen += count
        bucket = {**labels, "le": exposition.number(float(bound))}
        metric.add_sample(f"{metric.name}_bucket", bucket, seen)
    metric.add_sample(f"{metric.name}_count", labels, found.count)
    metric.add_sample(f"{metric.name}_sum", labels, found.sum)
