"""One event, one line: logfmt and JSON from the records of `logging` (fault-matrix R5, C13)."""

from __future__ import annotations

import json
import logging
import math
import re
import traceback as tracebacks
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType

from vr_exporter.logs.redaction import redactor

LONGEST_VALUE = 256
LONGEST_TRACEBACK = 4096
_LEVELS = {"WARNING": "warn", "CRITICAL": "error"}
_OWN_KEYS = frozenset({"ts", "level", "msg", "traceback"})
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_UNSAFE_KEY = re.compile(r"[^A-Za-z0-9_.]")
_BARE = re.compile(r"[A-Za-z0-9_.:/+@%*,\-\[\]()<>?!;&#~^|]+")

Fact = tuple[str, object]


class LogfmtFormatter(logging.Formatter):
    """`ts=… level=… msg="…" site=north …`, as Prometheus and its family write."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as one line."""
        return " ".join(f"{key}={_logfmt(value)}" for key, value in facts_of(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, ASCII only."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as one line."""
        return json.dumps(dict(facts_of(record)))


FORMATTERS = {"logfmt": LogfmtFormatter, "json": JsonFormatter}


def facts_of(record: logging.LogRecord) -> Iterator[Fact]:
    """Time, level and message, every extra in the order given, and the traceback if any."""
    stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    yield "ts", stamp.replace("+00:00", "Z")
    yield "level", _LEVELS.get(record.levelname, record.levelname.lower())
    yield "msg", _capped(_message(record))
    for name, value in record.__dict__.items():
        if name not in _STANDARD:
            yield _key(name), _value(value)
    if record.exc_info and record.exc_info[0] is not None:
        kind, error, traceback = record.exc_info
        yield "traceback", _capped(traceback_text(kind, error, traceback), LONGEST_TRACEBACK)


def traceback_text(
    kind: type[BaseException] | None,
    error: BaseException | None,
    traceback: TracebackType | None,
) -> str:
    """Write a traceback without locals and source in one line: the outermost call first."""
    frames = tracebacks.extract_tb(traceback)
    calls = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    name = kind.__name__ if kind else "unknown"
    return one_line(" > ".join([*calls, f"{name}: {error}"]), longest=LONGEST_TRACEBACK)


def one_line(text: str, *, longest: int = LONGEST_VALUE) -> str:
    """Make any text safe to print: known secrets masked, cut to length, nothing unprintable."""
    return _escaped(_capped(redactor.clean(text), longest))


def _message(record: logging.LogRecord) -> str:
    try:
        return redactor.clean(record.getMessage())
    except (TypeError, ValueError, KeyError):
        return redactor.clean(str(record.msg))


def _key(name: str) -> str:
    safe = _UNSAFE_KEY.sub("_", name)[:LONGEST_VALUE] or "_"
    return f"{safe}_" if safe in _OWN_KEYS else safe


def _value(value: object) -> object:
    """Keep numbers, truth and nothing as they are; all else becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 10**18:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return round(value, 6)
    if isinstance(value, int):
        return "huge"
    return _capped(redactor.clean(str(value)))


def _capped(text: str, longest: int = LONGEST_VALUE) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _logfmt(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    if _BARE.fullmatch(text):
        return text
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_escaped(quoted)}"'


def _escaped(text: str) -> str:
    """Replace what is not printable, line ends of every kind and surrogates included."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in text)


def _escape(sign: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(sign)
    units = sign.encode("utf-16-be", "surrogatepass")
    return short or "".join(
        f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)
    )
