"""Our values as SQLite takes them: it knows neither lone surrogates nor very large ints."""

from __future__ import annotations

import json
import math

Value = str | bytes | int | float | None
LARGEST = 2**63 - 1


def text(value: str) -> str | bytes:
    """Return a text as it is bound; one that has no UTF-8 goes as bytes."""
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def texts(value: object) -> str:
    """Return a text that `text` made."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else str(value)


def number(value: float) -> float:
    """Return a number as it is bound: too large an int goes as a float, what is none as 0."""
    if isinstance(value, int):
        return value if -LARGEST <= value <= LARGEST else float(value)
    return 0.0 if math.isnan(value) else value


def labels(values: tuple[str, ...]) -> str:
    """Return label values as one text."""
    return json.dumps(values)
