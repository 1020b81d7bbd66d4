"""The older API version: the same answers with times as strings and serial numbers as integers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

_TIMES = frozenset(
    {
        "queued_time",
        "start_time",
        "complete_time",
        "last_sync_time",
        "not_after",
        "not_before",
        "timestamp",
        "transfer_start_time",
    }
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_v1(document: Any, *, times: str = "iso") -> Any:
    """Turn an answer in the shapes of v2 into those of v1 (vr-api.md 1)."""
    if isinstance(document, dict):
        return {key: _member(key, value, times) for key, value in document.items()}
    if isinstance(document, list):
        return [to_v1(item, times=times) for item in document]
    return document


def _member(key: str, value: Any, times: str) -> Any:
    if key in _TIMES and type(value) is int:
        return _FORMS[times](value)
    if key == "serial_number" and isinstance(value, str) and value.isdigit():
        return int(value)
    return to_v1(value, times=times) if isinstance(value, (dict, list)) else value


def _iso(milliseconds: int) -> str:
    return _offset_iso(milliseconds).replace("+00:00", "Z")


def _offset_iso(milliseconds: int) -> str:
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return str(milliseconds)
    return moment.isoformat(timespec="milliseconds")


_FORMS: dict[str, Callable[[int], str]] = {"iso": _iso, "iso_offset": _offset_iso, "digits": str}
