"""What is counted of alerts on their way out, by receiver; kept while the process lives."""

from __future__ import annotations

import bisect
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from vr_exporter.alerting.alertmanager import Answer
from vr_exporter.domain.counts import Histogram
from vr_exporter.metrics.alert_families import POST_BUCKETS
from vr_exporter.metrics.alerts import ReceiverFacts


@dataclass(slots=True)
class _Counted:
    sent: int = 0
    failed: int = 0
    waiting: int = 0
    oldest: float | None = None
    skew: float | None = None
    sum: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(POST_BUCKETS) + 1))


class Counting:
    """Any thread may tell and ask. A receiver counts from `watch` on, while it is configured."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_receiver: dict[str, _Counted] = {}

    def watch(self, receivers: Iterable[str]) -> None:
        """Count these from now on, others no more."""
        with self._lock:
            known = self._by_receiver
            self._by_receiver = {name: known.get(name) or _Counted() for name in receivers}

    def posted(self, receiver: str, answer: Answer) -> None:
        """Note how long a post took, and what the receiver's clock says."""
        with self._lock:
            if counted := self._by_receiver.get(receiver):
                counted.buckets[bisect.bisect_left(POST_BUCKETS, answer.seconds)] += 1
                counted.sum += answer.seconds
                if answer.skew_seconds is not None:
                    counted.skew = answer.skew_seconds

    def taken(self, receiver: str, count: int) -> None:
        """Count alerts that a receiver took."""
        self._add(receiver, sent=count)

    def failed(self, receiver: str, count: int) -> None:
        """Count alerts in a post that came to nothing."""
        self._add(receiver, failed=count)

    def waits(self, receiver: str, count: int, oldest: float | None) -> None:
        """Note how many words wait, and since when the first of them does."""
        with self._lock:
            if counted := self._by_receiver.get(receiver):
                counted.waiting, counted.oldest = count, oldest

    def by_receiver(self) -> dict[str, ReceiverFacts]:
        """Return what is known of each receiver."""
        with self._lock:
            return {name: _facts(counted) for name, counted in self._by_receiver.items()}

    def _add(self, receiver: str, *, sent: int = 0, failed: int = 0) -> None:
        with self._lock:
            if counted := self._by_receiver.get(receiver):
                counted.sent += sent
                counted.failed += failed


def _facts(counted: _Counted) -> ReceiverFacts:
    return ReceiverFacts(
        sent=counted.sent,
        failed=counted.failed,
        waiting=counted.waiting,
        oldest=counted.oldest,
        skew=counted.skew,
        durations=Histogram(tuple(counted.buckets), counted.sum),
    )
