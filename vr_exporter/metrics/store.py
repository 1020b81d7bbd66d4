"""The families of the store, read from it whenever our own part of the page is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from vr_exporter.metrics import exposition
from vr_exporter.metrics.family import Samples
from vr_exporter.metrics.own_families import STORE

FAILURES = ("commit", "checkpoint", "prune", "corrupt")
"""What may fail in writing, a closed set: the values of the label `op`."""


class StoreFacts(Protocol):
    """What the page tells of the store; `failures` are by op."""

    @property
    def is_up(self) -> bool:
        """Whether the last commit worked."""

    @property
    def size_bytes(self) -> int:
        """How large its files are."""

    @property
    def writes(self) -> int:
        """How many commits worked."""

    @property
    def failures(self) -> Mapping[str, int]:
        """How often which kind of write failed."""


class StoreFamilies(Collector):
    """Gives the registry the families of the store, by one look at its facts."""

    def __init__(self, facts: Callable[[], StoreFacts]) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        """Every family as it is now."""
        samples = _samples(self._facts())
        for family in STORE.families:
            stem = exposition.stem_of(family.name, family.kind)
            metric = Metric(stem, family.help, family.kind)
            for values, number in samples[family.name]:
                labels = dict(zip(family.labels, values, strict=True))
                metric.add_sample(family.name, labels, number)
            yield metric


def _samples(facts: StoreFacts) -> Mapping[str, Samples]:
    return {
        "vr_store_up": (((), int(facts.is_up)),),
        "vr_store_size_bytes": (((), facts.size_bytes),),
        "vr_store_writes_total": (((), facts.writes),),
        "vr_store_write_failures_total": tuple(
            ((op,), facts.failures.get(op, 0)) for op in FAILURES
        ),
    }
