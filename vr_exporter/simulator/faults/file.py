"""The file of faults: YAML, read again when it changes; a bad one is told and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from vr_exporter.simulator.faults.fault import Fault
from vr_exporter.simulator.faults.kinds import KINDS, NUMBERED

_DURATION = re.compile(r"(?=.)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?")
_UNIT_SECONDS = (86400, 3600, 60, 1, 0.001)
_KEYS = ("at", "for", "site", "kind", "match", "operation", "rate", "skip", "times", "value")


class FaultFileError(Exception):
    """One line for people: file, entry, what is wrong."""


class FaultFile:
    """Watches one file by its time of change and size."""

    def __init__(self, path: Path, *, tell: Callable[[str], None]) -> None:
        self._path = path
        self._tell = tell
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
            faults = read_faults(self._path)
        except FaultFileError as error:
            self._keep_old((stat.st_mtime_ns, stat.st_size), str(error))
            return None
        self._seen = (stat.st_mtime_ns, stat.st_size)
        return faults

    def _keep_old(self, seen: tuple[int, int] | None, line: str) -> None:
        if self._seen != (seen or (-1, -1)):
            self._tell(f"{line} (the old faults stay)")
        self._seen = seen or (-1, -1)


def read_faults(path: Path) -> tuple[Fault, ...]:
    """Read a file of faults whole, or raise `FaultFileError` for the first thing wrong in it."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except OSError as error:
        raise FaultFileError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FaultFileError(f"{path}: no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(entries, list):
        raise FaultFileError(f"{path}: a list of faults is wanted")
    return tuple(
        _fault(f"{path}: fault {number}", entry) for number, entry in enumerate(entries, 1)
    )


def _fault(where: str, entry: object) -> Fault:
    if not isinstance(entry, Mapping):
        raise FaultFileError(f"{where}: a mapping is wanted, such as {{kind: error, for: 2m}}")
    unknown = [str(key) for key in entry if key not in _KEYS]
    if unknown:
        raise FaultFileError(f"{where}: unknown key {unknown[0]!r} (known: {', '.join(_KEYS)})")
    kind = KINDS.get(str(entry.get("kind")))
    if kind is None:
        raise FaultFileError(f"{where}: unknown kind {entry.get('kind')!r} (see simulate --help)")
    value = entry.get("value")
    if kind.name in NUMBERED and value is not None and type(value) not in {int, float}:
        raise FaultFileError(f"{where}: value: {value!r} is no number, as {kind.name} needs")
    return Fault(
        kind=kind.name,
        site=str(entry.get("site", "")),
        match=str(entry.get("match", "")),
        operation=str(entry.get("operation", "")),
        at_seconds=_duration(where, "at", entry.get("at", "0s")),
        for_seconds=_duration(where, "for", entry["for"]) if "for" in entry else None,
        rate=_number(where, "rate", entry.get("rate", 1.0)),
        skip=int(_number(where, "skip", entry.get("skip", 0))),
        times=int(_number(where, "times", entry["times"])) if "times" in entry else None,
        value=value,
    )


def _duration(where: str, key: str, text: Any) -> float:
    found = _DURATION.fullmatch("0s" if text in {0, "0"} else str(text))
    if found is None:
        raise FaultFileError(f"{where}: {key}: {text!r} is no duration such as 30s, 5m or 1h30m")
    parts = zip(found.groups(), _UNIT_SECONDS, strict=True)
    return sum(int(count) * seconds for count, seconds in parts if count)


def _number(where: str, key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise FaultFileError(f"{where}: {key}: {value!r} is no number from 0 up")
    return float(value)
