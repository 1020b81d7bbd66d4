"""Faults of single rows: odd, missing and impossible values (fault-matrix A39 to A52)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from vr_exporter.simulator.faults.fault import REPLICATION_ROWS, TASK_ROWS, Kind, Stage, Strike
from vr_exporter.simulator.results import Row

RAW = "@raw "
"""A string that begins so stands for a bare JSON token; `api.py` writes it without quotes."""

WILD_NAMES = (
    "lone \ud800 surrogate",
    "nul \x00 in the middle",
    "two\r\nlines",
    'quoted "name"',
    "back\\slash\\n",
    "line\u2028separator",
    "right-to-left \u202e override",
    "zero\u200bwidth",
    "emoji \U0001f600 \U0001f1ea\U0001f1f8",
    "",
    "{}",
    'vm{site="x"} 1',
    "# HELP vr_up no",
    "\x85 next line",
)

_SECONDS = 1000
_FAR_FUTURE = 1_517_454_000_000_000
_TIMES = ("last_sync_time", "queued_time", "start_time", "complete_time")
_KEYS_OF_ROW = ("id", "name", "vm_id")


def _status(row: Row, strike: Strike) -> Row:
    word = str(strike.fault.value or "RECONFIGURING")
    if "queued_time" in row:
        return {**row, "status": word}
    return {**row, "status": {**row.get("status", {}), "status": word}}


def _unknown_fields(row: Row, strike: Strike) -> Row:
    del strike
    return {**row, "added_later": {"of": ["a", {"newer": "version"}]}, "x": None}


def _nulls(row: Row, strike: Strike) -> Row:
    wanted = strike.fault.value
    return {
        key: None if key not in _KEYS_OF_ROW and wanted in {None, key} else value
        for key, value in row.items()
    }


def _without_id(row: Row, strike: Strike) -> Row:
    del strike
    return {key: value for key, value in row.items() if key != "id"}


def _numbers(change: Callable[[int], Any]) -> Callable[[Row, Strike], Row]:
    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(inner) for key, inner in value.items()}
        return change(value) if type(value) is int else value

    def effect(row: Row, strike: Strike) -> Row:
        del strike
        return {key: changed(value) for key, value in row.items()}

    return effect


def _times(change: Callable[[int], int]) -> Callable[[Row, Strike], Row]:
    def effect(row: Row, strike: Strike) -> Row:
        del strike
        present = {key: row[key] for key in _TIMES if type(row.get(key)) is int}
        return row | {key: change(value) for key, value in present.items()}

    return effect


def _set(**members: Any) -> Callable[[Row, Strike], Row]:
    return lambda row, _: row | members


def _progress(row: Row, strike: Strike) -> Row:
    value = strike.value(140)
    if "queued_time" in row:
        return {**row, "progress": value}
    sync = {
        "progress": value,
        "checksum_current": 2_000_000,
        "checksum_total": 1_000_000,
        "transferred_current": 2_000_000,
        "transferred_total": 1_000_000,
    }
    return {**row, "sync_progress": sync}


def _falling_progress(row: Row, strike: Strike) -> Row:
    del strike
    sync = row.get("sync_progress")
    if isinstance(sync, dict):
        return {**row, "sync_progress": {**sync, "progress": 100 - sync["progress"]}}
    return {**row, "progress": 100 - row["progress"]} if row.get("progress") else row


def _wild_name(row: Row, strike: Strike) -> Row:
    chosen = zlib.crc32(str(row.get("id")).encode(errors="replace")) % len(WILD_NAMES)
    value = strike.fault.value
    return _named(row, WILD_NAMES[chosen] if value is None else str(value))


def _long_string(row: Row, strike: Strike) -> Row:
    return _named(row, "x" * (strike.value(10) * 1_000_000))


def _named(row: Row, name: str) -> Row:
    key = "entity_name" if "queued_time" in row else "name"
    return {**row, key: name}


def _gone(row: Row, strike: Strike) -> None:
    del row, strike


def _contradiction(row: Row, strike: Strike) -> Row:
    del strike
    start = row.get("start_time") or row.get("queued_time") or 0
    error = {"message": "It did not work.", "details": ""}
    ended = {"complete_time": start - 60_000, "start_time": start}
    return {**row, **ended, "status": "SUCCESS", "error": error}


def _kind(
    name: str,
    summary: str,
    effect: Callable[[Row, Strike], Row | None],
    operations: tuple[str, ...] = REPLICATION_ROWS,
) -> Kind:
    return Kind(name, summary, Stage.ROW, effect, operations)


ROW_KINDS = (
    _kind("unknown_status", "a state outside the list (value: which)", _status),
    _kind("unknown_fields", "members that no document has", _unknown_fields),
    _kind("null_fields", "null in every field but ids and names (value: one field)", _nulls),
    _kind("missing_ids", "rows without id", _without_id),
    _kind("numbers_as_strings", "numbers in quotes", _numbers(str)),
    _kind("numbers_as_exponents", "numbers in quotes, written 4e2", _numbers("{:e}".format)),
    _kind("booleans_for_numbers", "true where a number is due", _numbers(lambda _: True)),
    _kind("nan_numbers", "NaN where a number is due", _numbers(lambda _: f"{RAW}NaN")),
    _kind("infinite_numbers", "1e999 where a number is due", _numbers(lambda _: f"{RAW}1e999")),
    _kind("huge_numbers", "5000 digits", _numbers(lambda _: RAW + "9" * 5000)),
    _kind("times_in_seconds", "seconds for milliseconds", _times(lambda ms: ms // _SECONDS)),
    _kind("times_zero", "0 for every time", _times(lambda _: 0)),
    _kind("times_negative", "times before 1970", _times(lambda ms: -ms)),
    _kind("times_far_future", "the year 50055", _times(lambda _: _FAR_FUTURE)),
    _kind(
        "negative_sizes",
        "sizes and durations below 0",
        _set(last_sync_size=-1, last_sync_duration=-5),
    ),
    _kind("impossible_progress", "progress 140, more moved than there is (value)", _progress),
    _kind("falling_progress", "progress that goes backwards", _falling_progress),
    _kind("wild_names", "names with everything in them (value: one name)", _wild_name),
    _kind("long_string", "a name of many MB (value: how many, 10)", _long_string),
    _kind("row_vanishes", "the row is gone, alone 404", _gone),
    _kind("task_vanishes", "the task is gone from the list, alone 404", _gone, TASK_ROWS),
    _kind("task_unknown_status", "a task in a state outside the list (value)", _status, TASK_ROWS),
    _kind(
        "task_never_ends",
        "tasks run for ever",
        _set(status="RUNNING", complete_time=None),
        TASK_ROWS,
    ),
    _kind(
        "task_contradicts",
        "SUCCESS with an error, ended before it began",
        _contradiction,
        TASK_ROWS,
    ),
    _kind(
        "task_progress_falls",
        "progress of a task that goes backwards",
        _falling_progress,
        TASK_ROWS,
    ),
)
