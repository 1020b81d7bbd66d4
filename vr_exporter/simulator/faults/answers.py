"""Faults of an answer on its way out: what was asked for has been done."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

from vr_exporter.simulator.faults.fault import SYNC, Fault, Kind, Stage
from vr_exporter.simulator.messages import Delivery, SimResponse

_MEBIBYTE = 2**20


def _delivered(delivery: Delivery) -> Callable[[SimResponse, Fault], SimResponse]:
    return lambda response, _: replace(response, delivery=delivery)


def _slow(response: SimResponse, fault: Fault) -> SimResponse:
    return replace(response, delay_seconds=float(5 if fault.value is None else fault.value))


def _truncated(response: SimResponse, fault: Fault) -> SimResponse:
    del fault
    return replace(response, body=response.body[: len(response.body) // 2])


def _content_type(response: SimResponse, fault: Fault) -> SimResponse:
    return response.with_header("Content-Type", str(fault.value or "text/plain"))


def _gzip(response: SimResponse, fault: Fault) -> SimResponse:
    del fault
    packed = replace(response, body=gzip.compress(response.body, 1, mtime=0))
    return packed.with_header("Content-Encoding", "gzip")


def _gzip_bomb(response: SimResponse, fault: Fault) -> SimResponse:
    size = int(fault.value or 64) * _MEBIBYTE
    return _gzip(replace(response, body=b" " * size), fault)


def _too_large(response: SimResponse, fault: Fault) -> SimResponse:
    size = int(fault.value or 20) * _MEBIBYTE
    return replace(response, body=response.body + b" " * size)


def _too_large_chunked(response: SimResponse, fault: Fault) -> SimResponse:
    return replace(_too_large(response, fault), chunked=True)


def _deep(response: SimResponse, fault: Fault) -> SimResponse:
    depth = int(fault.value or 100_000)
    return replace(response, body=b'{"list":' + b"[" * depth + b"]" * depth + b"}")


def _date(response: SimResponse, fault: Fault) -> SimResponse:
    shift = timedelta(seconds=float(3600 if fault.value is None else fault.value))
    moment = parsedate_to_datetime(response.header("Date") or "") + shift
    return response.with_header("Date", format_datetime(moment, usegmt=True))


def _sync_error(response: SimResponse, fault: Fault) -> SimResponse:
    error = {"error_code": "com.vmware.vr.internal", "message": "The request failed."}
    status = int(fault.value or 500)
    return replace(response, status=status, body=json.dumps(error).encode())


def _kind(
    name: str,
    summary: str,
    effect: Callable[[SimResponse, Fault], SimResponse],
    operations: tuple[str, ...] = (),
) -> Kind:
    return Kind(name, summary, Stage.ANSWER, effect, operations)


ANSWER_KINDS = (
    _kind("slow", "a good answer that takes its time (value: seconds, 5)", _slow),
    _kind("hang_after_head", "only the head arrives", _delivered(Delivery.HANG_AFTER_HEAD)),
    _kind("drip", "one byte a second", _delivered(Delivery.DRIP)),
    _kind("cut", "the connection closes after half of the body", _delivered(Delivery.CUT)),
    _kind("reset", "the connection is reset after half of the body", _delivered(Delivery.RESET)),
    _kind("truncated", "half of the JSON, with a length that fits it", _truncated),
    _kind("wrong_type", "another Content-Type (value: which, text/plain)", _content_type),
    _kind("gzip", "a gzip body that nobody asked for", _gzip),
    _kind("gzip_bomb", "a small gzip body that unpacks to many MiB (value: how many)", _gzip_bomb),
    _kind("too_large", "a body of many MiB (value: how many)", _too_large),
    _kind("too_large_chunked", "the same in chunks, its length unsaid", _too_large_chunked),
    _kind("deep_nesting", "JSON nested very deep (value: how deep, 100000)", _deep),
    _kind("clock_skew", "a Date header that is off (value: seconds, 3600)", _date),
    _kind("sync_error", "5xx for a sync that runs all the same (value: status)", _sync_error, SYNC),
    _kind("sync_lost", "a sync that runs, its answer lost", _delivered(Delivery.DROPPED), SYNC),
)
