"""Families that are read off facts whenever our own part of the page is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from vr_exporter.domain.counts import Histogram
from vr_exporter.metrics import exposition
from vr_exporter.metrics.family import Declaration, Declarations, Histograms, Samples


class LookedUp(Collector):
    """Gives the registry the families of a table, by one look at the facts.

    `look` gives each family of the table by its name: samples, or histograms where it is one.
    """

    def __init__(
        self, table: Declarations, look: Callable[[], Mapping[str, Samples | Histograms]]
    ) -> None:
        self._table = table
        self._look = look

    def collect(self) -> Iterator[Metric]:
        """Every family as it is now."""
        found = self._look()
        for family in self._table.families:
            stem = exposition.stem_of(family.name, family.kind)
            metric = Metric(stem, family.help, family.kind)
            for values, value in found[family.name]:
                labels = dict(zip(family.labels, values, strict=True))
                if isinstance(value, Histogram):
                    _add_histogram(metric, family, labels, value)
                else:
                    metric.add_sample(family.name, labels, value)
            yield metric


def _add_histogram(
    metric: Metric, family: Declaration, labels: dict[str, str], found: Histogram
) -> None:
    seen = 0
    for bound, count in zip((*family.buckets, float("inf")), found.counts, strict=True):
        seen += count
        bucket = {**labels, "le": exposition.number(float(bound))}
        metric.add_sample(f"{metric.name}_bucket", bucket, seen)
    metric.add_sample(f"{metric.name}_count", labels, found.count)
    metric.add_sample(f"{metric.name}_sum", labels, found.sum)
