"""Families read from a site's totals: counters and histograms that the ledger keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from vr_exporter.domain.counts import BUCKETS, Histogram
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.metrics.family import Family, Histograms, Key, N, Samples


def total(
    name: str,
    description: str,
    *,
    labels: tuple[str, ...] = (),
    always: Collection[Key] = (),
    is_optional: bool = False,
) -> Family[SiteSnapshot]:
    """A counter of a site's totals, one series for each set of label values found there.

    Those of `always` are there at 0 before they are found.
    """

    def read(site: SiteSnapshot) -> Samples | None:
        return tuple(filled(site.totals.counters.get(name, {}), always, 0).items()) or None

    return Family(name, "counter", description, labels, is_optional, read=read, reads="samples")


def histogram(
    name: str, description: str, *, labels: tuple[str, ...], always: Collection[Key] = ()
) -> Family[SiteSnapshot]:
    """A histogram of a site's totals, its buckets as the domain fixes them; `always` as above."""
    empty = Histogram((0,) * (len(BUCKETS[name]) + 1))

    def read(site: SiteSnapshot) -> Histograms | None:
        return tuple(filled(site.totals.histograms.get(name, {}), always, empty).items()) or None

    return Family(
        name,
        "histogram",
        description,
        labels,
        buckets=BUCKETS[name],
        read=read,
        reads="histograms",
    )


def filled(found: Mapping[Key, N], always: Collection[Key], empty: N) -> dict[Key, N]:
    """What was found, after what is always there, in an order that stays."""
    return {**dict.fromkeys(always, empty), **found}
