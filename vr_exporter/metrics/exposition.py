"""The two formats, OpenMetrics 1.0 and text 0.0.4: how headers, labels and numbers are written.

Sample lines are the same in both, exemplars aside; headers are not. Everything here works on whole
columns, since a large page is written line by line ten thousand times per family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_UNITS = ("seconds", "bytes", "ratio")
_SUFFIXES = {"counter": "_total", "info": "_info"}


def stem_of(name: str, kind: str) -> str:
    """The name of the family in OpenMetrics: without the suffix of a counter or an info."""
    return name.removesuffix(_SUFFIXES.get(kind, ""))


def name_of(stem: str, kind: str) -> str:
    """The name of a family's samples: the stem with the suffix of a counter or an info."""
    return stem + _SUFFIXES.get(kind, "")


def unit_of(stem: str) -> str:
    """The base unit at the end of a name, or an empty string."""
    last = stem.rpartition("_")[2]
    return last if last in _UNITS else ""


def header(stem: str, kind: str, *, description: str, unit: str, openmetrics: bool) -> bytes:
    """The lines that open a family; `stem` is its OpenMetrics name."""
    return (
        _openmetrics(stem, kind, description, unit)
        if openmetrics
        else _text(stem, kind, description)
    )


def _openmetrics(stem: str, kind: str, description: str, unit: str) -> bytes:
    escaped = description.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    unit_line = f"# UNIT {stem} {unit}\n" if unit else ""
    return encode(f"# TYPE {stem} {kind}\n{unit_line}# HELP {stem} {escaped}\n")


def _text(stem: str, kind: str, description: str) -> bytes:
    name = name_of(stem, kind)
    escaped = description.replace("\\", r"\\").replace("\n", r"\n")
    shown = {"info": "gauge", "unknown": "untyped"}.get(kind, kind)
    return encode(f"# HELP {name} {escaped}\n# TYPE {name} {shown}\n")


def encode(text: str) -> bytes:
    """UTF-8; a lone surrogate, which has no UTF-8, becomes a question mark."""
    return text.encode("utf-8", "replace")


def number(value: float) -> str:
    """A sample value: integers and flags without a fraction, floats as they round-trip."""
    if isinstance(value, int):
        return str(int(value))
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def escape(value: str) -> str:
    """A label value between its quotes."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def label_text(names: Sequence[str], values: Sequence[str]) -> str:
    """Labels as `name="value"` with commas between, without braces."""
    return ",".join(f'{name}="{escape(value)}"' for name, value in zip(names, values, strict=True))


def further_labels(names: Sequence[str], values: Sequence[str]) -> bytes:
    """Labels as they follow others, with a comma before each."""
    return encode(f",{label_text(names, values)}") if names else b""


def label_column(
    names: Sequence[str], rows: Sequence[tuple[str, ...]], *, opening: str, closing: str = ""
) -> list[bytes]:
    """The labels of many rows, each after `opening` and before `closing`.

    Names that need escaping are rare: a row is written as it is, and only when the outcome shows
    a quote, backslash or newline too many it is written again with care.
    """
    shape = opening + ",".join(f'{name}="%s"' for name in names) + closing
    quotes = shape.count('"')
    texts = list(map(shape.__mod__, rows))
    for place, text in enumerate(texts):
        if text.count('"') != quotes or "\\" in text or "\n" in text:
            texts[place] = shape % tuple(map(escape, rows[place]))
    return encode("\n".join(texts)).split(b"\n") if rows else []


def number_column(values: Sequence[float]) -> list[bytes]:
    """The end of many sample lines: closing brace and value."""
    if values and _are_plain(values):
        return ("} " + "\n} ".join(map(repr, values))).encode().split(b"\n")
    return [b"} " + number(value).encode() for value in values]


def _are_plain(values: Sequence[float]) -> bool:
    kinds = set(map(type, values))
    if kinds == {int}:
        return True
    floats = [value for value in values if type(value) is float]
    return kinds <= {int, float} and math.isfinite(sum(floats))
