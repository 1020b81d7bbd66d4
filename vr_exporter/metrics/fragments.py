"""Tables and the nouns of one site → the lines of each family, written again only on change."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import compress
from operator import itemgetter
from typing import Generic, cast

from vr_exporter.metrics.exposition import further_labels, label_column, number, number_column
from vr_exporter.metrics.family import Family, Histograms, Key, N, S, Samples, Table, Value
from vr_exporter.metrics.fragment import Forms
from vr_exporter.metrics.histograms import histogram_lines

_DISTINCT_SHARE = 4


class TableFragments(Generic[S, N]):
    """The fragments of one table over one source.

    Keeps the labels of each row as bytes while the rows stay the same, and each family's column
    of values: only nouns that changed are read again, and a column equal to the last one is not
    written again.
    """

    def __init__(self, table: Table[S, N], *, is_shown: Callable[[str], bool]) -> None:
        self._table = table
        self._families = [family for family in table.families if is_shown(family.name)]
        self._keys: Sequence[Key] = ()
        self._nouns: Sequence[N] = ()
        self._blocks: dict[tuple[str, ...], list[bytes]] = {}
        self._columns: dict[str, list[Hashable]] = {}
        self._forms: dict[str, Forms] = {}

    def render(self, source: S, *, keeps_plain: bool = True) -> Mapping[str, Forms]:
        """The fragments of this source by family; the next call edits the mapping."""
        rows = self._table.rows(source)
        if rows.keys != self._keys:
            self._blocks, self._columns, self._nouns = {}, {}, ()
        changed = _places_of_change(self._nouns, rows.nouns)
        self._keys, self._nouns = rows.keys, ()  # of no use where a family fails
        for family in self._families:
            old = self._columns.get(family.name)
            column = _column(family, rows.nouns, old, changed)
            if column != old:
                lines = self._lines(family, column)
                forms = self._forms.get(family.name, Forms())
                self._forms[family.name] = forms.redrawn(*lines, keeps_plain=keeps_plain)
            self._columns[family.name] = column
        self._nouns = rows.nouns
        return self._forms

    def _lines(self, family: Family[N], column: list[Hashable]) -> tuple[bytes, bytes]:
        values = _shown(family, column)
        blocks: Sequence[bytes] = self._labels_of(family)
        if None in values:
            is_kept = [value is not None for value in values]
            blocks, values = list(compress(blocks, is_kept)), list(compress(values, is_kept))
        return draw(family, blocks, values)

    def _labels_of(self, family: Family[N]) -> list[bytes]:
        names = family.on or self._table.labels
        if names not in self._blocks:
            self._blocks[names] = self._made_labels(names)
        return self._blocks[names]

    def _made_labels(self, names: tuple[str, ...]) -> list[bytes]:
        rows = self._keys
        key = self._table.key or self._table.labels
        if names != key:
            rows = list(map(itemgetter(*map(key.index, names)), rows))
        return label_column(names, rows, opening="{")


def _places_of_change(old: Sequence[N], new: Sequence[N]) -> Sequence[int]:
    """Where another noun stands than before; nouns are values, so that the same one reads alike."""
    if len(old) != len(new):
        return range(len(new))
    return [place for place, noun in enumerate(new) if noun is not old[place]]


def _column(
    family: Family[N], nouns: Sequence[N], old: list[Hashable] | None, changed: Sequence[int]
) -> list[Hashable]:
    """What a family reads of all nouns; of most where little changed, what it read before."""
    if old is None or len(changed) > len(nouns) // 2:
        return list(map(family.read, nouns))
    column = old.copy()
    for place in changed:
        column[place] = family.read(nouns[place])
    return column


def _shown(family: Family[N], column: list[Hashable]) -> list[Value]:
    if family.show is None:
        return cast("list[Value]", column)
    shown = {value: family.show(value) for value in set(column)}
    return [shown[value] for value in column]


def draw(family: Family[N], blocks: Sequence[bytes], column: list[Value]) -> tuple[bytes, bytes]:
    """The lines of a family in OpenMetrics and in text; no value is None."""
    if not column:
        return b"", b""
    if family.reads == "histograms":
        return histogram_lines(family, blocks, cast("list[Histograms]", column))
    if family.reads == "samples":
        lines = _sample_lines(family, blocks, cast("list[Samples]", column))
    else:
        lines = _row_lines(family, blocks, column)
    return lines, lines


def _row_lines(family: Family[N], blocks: Sequence[bytes], column: list[Value]) -> bytes:
    """One line a row: name, label block, own labels and value; few distinct ends are made once."""
    distinct = list(set(column))
    if len(distinct) * _DISTINCT_SHARE <= len(column):
        ends = dict(zip(distinct, _ends(family, distinct), strict=True))
        tails = [ends[value] for value in column]
    else:
        tails = _ends(family, column)
    name = family.name.encode()
    parts = [b"\n" + name] * (3 * len(column))
    parts[::3] = blocks
    parts[1::3] = tails
    parts[-1] = b"\n"
    return name + b"".join(parts)


def _ends(family: Family[N], values: list[Value]) -> list[bytes]:
    if family.reads == "number":
        return number_column(cast("list[float]", values))
    if family.reads == "label":
        rows: Sequence[Key] = [(value,) for value in cast("list[str]", values)]
    else:
        rows = cast("list[Key]", values)
    return label_column(family.labels, rows, opening=",", closing="} 1")


def _sample_lines(family: Family[N], blocks: Sequence[bytes], column: Sequence[Samples]) -> bytes:
    name = family.name.encode()
    return b"".join(
        b"%b%b%b} %b\n"
        % (name, block, further_labels(family.labels, values), number(value).encode())
        for block, samples in zip(blocks, column, strict=True)
        for values, value in samples
    )
