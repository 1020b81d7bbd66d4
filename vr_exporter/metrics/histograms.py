"""Histograms as lines: cumulative buckets, count and sum, and exemplars in OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, zip_longest

from vr_exporter.domain.counts import Exemplar, Histogram
from vr_exporter.metrics.exposition import encode, further_labels, label_text, number
from vr_exporter.metrics.family import Declaration, Histograms

_EXEMPLAR_CHARACTERS = 128


def histogram_lines(
    family: Declaration, blocks: Sequence[bytes], column: Sequence[Histograms]
) -> tuple[bytes, bytes]:
    """The lines of all histograms of a family with exemplars, and without."""
    lines = [
        line
        for block, histograms in zip(blocks, column, strict=True)
        for values, histogram in histograms
        for line in _lines(family, block + further_labels(family.labels, values), histogram)
    ]
    rich = b"".join(line + exemplar + b"\n" for line, exemplar in lines)
    plain = b"".join(line + b"\n" for line, _ in lines)
    return rich, plain


def _lines(
    family: Declaration, labels: bytes, histogram: Histogram
) -> Iterator[tuple[bytes, bytes]]:
    name = family.name.encode()
    bounds = [*map(float, family.buckets), float("inf")]
    exemplars = histogram.exemplars[: len(bounds)]
    for bound, count, exemplar in zip_longest(bounds, accumulate(histogram.counts), exemplars):
        edge = number(bound).encode()
        yield b'%b_bucket%b,le="%b"} %d' % (name, labels, edge, count), _exemplar(exemplar)
    yield b"%b_count%b} %d" % (name, labels, histogram.count), b""
    yield b"%b_sum%b} %b" % (name, labels, number(histogram.sum).encode()), b""


def _exemplar(exemplar: Exemplar | None) -> bytes:
    """An exemplar as it follows a bucket; left out where its labels are longer than allowed."""
    if exemplar is None or sum(map(len, chain(*exemplar.labels))) > _EXEMPLAR_CHARACTERS:
        return b""
    names = [name for name, _ in exemplar.labels]
    values = [value for _, value in exemplar.labels]
    value, timestamp = number(exemplar.value), number(exemplar.timestamp_seconds)
    return encode(f" # {{{label_text(names, values)}}} {value} {timestamp}")
