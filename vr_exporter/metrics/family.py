"""What a metric family is: name, kind, help, labels, and how it is read from a noun."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from vr_exporter.domain.counts import Histogram
from vr_exporter.metrics import exposition

Kind = Literal["gauge", "counter", "histogram", "info"]
Reads = Literal["number", "label", "labels", "samples", "histograms"]
Key = tuple[str, ...]
Samples = tuple[tuple[Key, float], ...]
Histograms = tuple[tuple[Key, Histogram], ...]
Value = float | str | Key | Samples | Histograms | None

S = TypeVar("S")
N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What documentation and headers need of a family.

    `name` is that of its samples, with `_total` or `_info`. `labels` come after the table's.
    An optional family may be missing on the page of healthy sites.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    is_optional: bool = False
    buckets: tuple[float, ...] = ()

    def header(self, *, openmetrics: bool) -> bytes:
        """The lines that open the family on a page."""
        stem = exposition.stem_of(self.name, self.kind)
        return exposition.header(
            stem,
            self.kind,
            description=self.help,
            unit=exposition.unit_of(stem),
            openmetrics=openmetrics,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Declaration, Generic[N]):
    """A family with its function from a noun to what is exposed; None is an absent sample.

    What `read` gives is said by `reads`: a `number` for a family without labels of its own; the
    value of its one `label` or of all its `labels`, the sample being 1; or `samples` and
    `histograms`, any number of label values with their number or histogram.

    `show` turns what was read into that, asked once for each distinct value of all nouns. `on`
    names the parts of the table's key that the family takes as labels, where not the usual ones.
    """

    read: Callable[[N], Hashable]
    reads: Reads = "number"
    show: Callable[[Any], Value] | None = None
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows(Generic[N]):
    """Nouns beside the values of the labels that tell them apart."""

    keys: Sequence[Key]
    nouns: Sequence[N]


@dataclass(frozen=True, slots=True)
class Table(Generic[S, N]):
    """Families that share a noun and its labels; `rows` finds the nouns in a source.

    `key` names the parts of a row's key, where there are more of them than the usual labels.
    """

    noun: str
    labels: tuple[str, ...]
    rows: Callable[[S], Rows[N]]
    families: tuple[Family[N], ...]
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declarations:
    """Families that are counted where things happen, not read from a noun."""

    noun: str
    labels: tuple[str, ...]
    families: tuple[Declaration, ...]


def unique(rows: Rows[N], identity: Callable[[Key], Hashable]) -> Rows[N]:
    """The rows with each identity once, the first kept: two samples of one series are illegal."""
    identities = [identity(key) for key in rows.keys]
    if len(set(identities)) == len(identities):
        return rows
    first = dict(zip(reversed(identities), range(len(identities) - 1, -1, -1), strict=True))
    kept = sorted(first.values())
    return Rows([rows.keys[i] for i in kept], [rows.nouns[i] for i in kept])
