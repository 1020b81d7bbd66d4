"""Lengths of time as sentences for people say them."""

from __future__ import annotations

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_MANY = 2


def span(seconds: float) -> str:
    """Round to the largest unit of which there are two or more: `45 s`, `90 min`, `26 h`."""
    for unit, length in _UNITS:
        if seconds >= _MANY * length:
            return f"{round(seconds / length)} {unit}"
    return f"{max(round(seconds), 0)} s"
