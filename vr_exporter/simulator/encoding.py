"""From a document to the bytes of an answer: v1 shapes, null members, and numbers no JSON has."""

from __future__ import annotations

import json
import re
from typing import Any

from vr_exporter.simulator.faults.rows import RAW
from vr_exporter.simulator.messages import SimResponse
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.simulator.v1 import to_v1

_JSON = (("Content-Type", "application/json"),)
_RAW_TOKEN = re.compile(f'"{RAW}([^"]*)"'.encode())
_PERCENT = 100


def answer_of(
    status: int,
    document: Any,
    *,
    headers: tuple[tuple[str, str], ...],
    version: str,
    options: ApiOptions,
) -> SimResponse:
    """Write a document down; None is an answer without a body."""
    if document is None:
        return SimResponse(int(status), headers=headers)
    if version == "v1":
        document = to_v1(document, times=options.v1_times)
    if options.progress_unit == "ratio":
        document = _with_ratios(document)
    if options.null_members == "absent":
        document = _without_nulls(document)
    return SimResponse(int(status), _encoded(document), (*_JSON, *headers))


def _encoded(document: Any) -> bytes:
    body = json.dumps(document, separators=(",", ":")).encode()
    return _RAW_TOKEN.sub(rb"\1", body) if b'"@raw ' in body else body


def _without_nulls(value: Any) -> Any:
    """Leave out members without a value, save those of `links`, which are seen as null."""
    if isinstance(value, dict):
        return {
            key: inner if key == "links" else _without_nulls(inner)
            for key, inner in value.items()
            if inner is not None
        }
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _with_ratios(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_ratios(item) for item in value]
    if not isinstance(value, dict):
        return value
    sync = value.get("sync_progress")
    if isinstance(sync, dict) and type(sync.get("progress")) is int:
        value = {**value, "sync_progress": {**sync, "progress": sync["progress"] / _PERCENT}}
    return {
        key: _with_ratios(inner) if isinstance(inner, (dict, list)) else inner
        for key, inner in value.items()
    }
