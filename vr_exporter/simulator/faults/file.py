"""The file of faults: YAML, read again when it changes; a bad one is told and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from vr_exporter.simulator.faults.fault import Fault, Kind
from vr_exporter.simulator.faults.kinds import KINDS, VALUE_RANGES
from vr_exporter.simulator.routes import OPERATIONS

_UNITS = ("d", "h", "m", "s", "ms")
_DURATION = re.compile("(?=.)" + "".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS))
_UNIT_SECONDS = (86400, 3600, 60, 1, 0.001)
_KEYS = ("at", "for", "site", "kind", "match", "operation", "rate", "skip", "times", "value")
_OPERATIONS = tuple(operation.id for operation in OPERATIONS)


class FaultFileError(Exception):
    """One line for people: file, entry, what is wrong."""


class FaultFile:
    """Watches one file by its time of change and size."""

    def __init__(
        self, path: Path, *, tell: Callable[[str], None], sites: Sequence[str] = ()
    ) -> None:
        self._path = path
        self._tell = tell
        self._sites = sites
        self._seen: tuple[int, int] | None = None

    def changed(self) -> tuple[Fault, ...] | None:
        """The faults of the file when it has changed since the last call, else None."""
        try:
            stat = self._path.stat()
        except OSError as error:
            self._keep_old(None, f"{self._path}: {error.strerror}")
            return None
        if (stat.st_mtime_ns, stat.st_size) == self._seen:
            return None
        try:
            faults = read_faults(self._path, sites=self._sites)
        except FaultFileError as error:
            self._keep_old((stat.st_mtime_ns, stat.st_size), str(error))
            return None
        self._seen = (stat.st_mtime_ns, stat.st_size)
        return faults

    def _keep_old(self, seen: tuple[int, int] | None, line: str) -> None:
        if self._seen != (seen or (-1, -1)):
            self._tell(f"{line} (the old faults stay)")
        self._seen = seen or (-1, -1)


def read_faults(path: Path, *, sites: Sequence[str] = ()) -> tuple[Fault, ...]:
    """Read a file of faults whole, or raise `FaultFileError` for the first thing wrong in it.

    Where `sites` are given, no other may stand in the file.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except OSError as error:
        raise FaultFileError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise FaultFileError(f"{path}: no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(entries, list):
        raise FaultFileError(f"{path}: a list of faults is wanted")
    try:
        return tuple(_fault(number, entry, sites) for number, entry in enumerate(entries, 1))
    except FaultFileError as error:
        raise FaultFileError(f"{path}: {error}") from error


def _fault(number: int, entry: object, sites: Sequence[str]) -> Fault:
    where = f"fault {number}"
    if not isinstance(entry, Mapping):
        raise FaultFileError(f"{where}: a mapping is wanted, such as {{kind: error, for: 2m}}")
    unknown = [str(key) for key in entry if key not in _KEYS]
    if unknown:
        raise FaultFileError(f"{where}: unknown key {unknown[0]!r} (known: {', '.join(_KEYS)})")
    kind = KINDS.get(str(entry.get("kind")))
    if kind is None:
        raise FaultFileError(f"{where}: unknown kind {entry.get('kind')!r} (see simulate --help)")
    return Fault(
        kind=kind.name,
        site=_one_of(where, "site", entry.get("site", ""), sites),
        match=str(_plain(where, "match", entry.get("match", ""))),
        operation=_one_of(where, "operation", entry.get("operation", ""), _OPERATIONS),
        at_seconds=_duration(where, "at", entry.get("at", "0s")),
        for_seconds=_duration(where, "for", entry["for"]) if "for" in entry else None,
        rate=_number(where, "rate", entry.get("rate", 1.0), span=(0, 1)),
        skip=_count(where, "skip", entry.get("skip", 0)),
        times=_count(where, "times", entry["times"]) if "times" in entry else None,
        value=_value(where, kind, entry.get("value")),
    )


def _plain(where: str, key: str, value: Any) -> str | float:
    if not isinstance(value, (str, int, float)):
        raise FaultFileError(f"{where}: {key}: {value!r} is neither text nor a number")
    return value


def _one_of(where: str, key: str, value: Any, known: Sequence[str]) -> str:
    text = str(_plain(where, key, value))
    if text and known and text not in known:
        raise FaultFileError(f"{where}: {key}: {text!r} is none of {', '.join(known)}")
    return text


def _value(where: str, kind: Kind, value: Any) -> str | float | None:
    if value is None:
        return None
    span = VALUE_RANGES.get(kind.name)
    return _number(where, "value", value, span=span) if span else _plain(where, "value", value)


def _duration(where: str, key: str, text: Any) -> float:
    found = _DURATION.fullmatch("0s" if text in (0, "0") else str(text))
    if found is None:
        raise FaultFileError(f"{where}: {key}: {text!r} is no duration such as 30s, 5m or 1h30m")
    parts = zip(found.groups(), _UNIT_SECONDS, strict=True)
    return sum(int(count) * seconds for count, seconds in parts if count)


def _number(where: str, key: str, value: Any, *, span: tuple[float, float]) -> float:
    least, most = span
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        raise FaultFileError(f"{where}: {key}: {value!r} is no number from {least} to {most}")
    number: float = value
    return number


def _count(where: str, key: str, value: Any) -> int:
    if type(value) is not int or value < 0:
        raise FaultFileError(f"{where}: {key}: {value!r} is no whole number from 0 up")
    return value
