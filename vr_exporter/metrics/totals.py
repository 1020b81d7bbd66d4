"""Families read from a site's totals: counters and histograms that the ledger keeps."""

from __future__ import annotations

from vr_exporter.domain.counts import BUCKETS
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.metrics.family import Family, Histograms, Samples


def total(
    name: str, description: str, *, labels: tuple[str, ...] = (), is_optional: bool = False
) -> Family[SiteSnapshot]:
    """A counter of a site's totals, one series for each set of label values found there."""

    def read(site: SiteSnapshot) -> Samples | None:
        return tuple(site.totals.counters.get(name, {}).items()) or None

    return Family(name, "counter", description, labels, is_optional, read=read, reads="samples")


def histogram(name: str, description: str, *, labels: tuple[str, ...]) -> Family[SiteSnapshot]:
    """A histogram of a site's totals, its buckets as the domain fixes them."""

    def read(site: SiteSnapshot) -> Histograms | None:
        return tuple(site.totals.histograms.get(name, {}).items()) or None

    return Family(
        name,
        "histogram",
        description,
        labels,
        buckets=BUCKETS[name],
        read=read,
        reads="histograms",
    )
