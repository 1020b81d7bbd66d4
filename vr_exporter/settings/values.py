"""The kinds of values that settings hold, each with its check and the words for what is wrong.

No text here repeats a value: what stands in the wrong place may be a secret (fault-matrix F9).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from vr_exporter.settings.cron import cron_fault
from vr_exporter.settings.document import DocumentError, read_flow
from vr_exporter.settings.places import looks_like_path

_UNITS = {"w": 604_800.0, "d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNITS))
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%")
_FINGERPRINT = re.compile(r"(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}", re.IGNORECASE)
_SITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ALERT_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")
_LARGEST_SECRET_BYTES = 64 * 1024
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def fault(text: str) -> PydanticCustomError:
    """Make a fault in our own words; braces would be read as places to fill."""
    return PydanticCustomError("fault", text.replace("{", "(").replace("}", ")"))


def fault_at(key: str, text: str) -> PydanticCustomError:
    """Make a fault of one key of a section, found when the whole section was read."""
    return PydanticCustomError("fault", text, {"key": key})


def parse_duration(text: str) -> float:
    """Read a Prometheus duration (`30s`, `1h30m`) into seconds."""
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        raise fault("not a duration (write it as 30s, 5m or 1h30m)")
    return sum(_UNITS[unit] * int(count) for unit, count in match.groupdict().items() if count)


def format_duration(seconds: float) -> str:
    """Write seconds as a Prometheus duration."""
    left, parts = round(seconds * 1000), []
    for unit, length in _UNITS.items():
        count, left = divmod(left, round(length * 1000))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _duration(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    raise fault("a duration needs its unit (write it as 30s, 5m or 1h30m)")


def between(least: str, most: str) -> AfterValidator:
    """Bound a duration, both ends included."""
    lowest, highest = parse_duration(least), parse_duration(most)

    def check(seconds: float) -> float:
        if not lowest <= seconds <= highest:
            raise fault(f"out of range (from {least} to {most})")
        return seconds

    return AfterValidator(check)


def _percent(value: object) -> object:
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise fault("not a percentage (write it as 20%)")
    return float(match[1]) / 100


def _switch(value: object) -> object:
    """YAML 1.1 reads an unquoted `on` or `off` as a boolean."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


def flow(value: object) -> object:
    """An environment variable holds a list in YAML's flow style: `[a, b]`."""
    if not (isinstance(value, str) and value.startswith(("[", "{"))):
        return value
    try:
        return read_flow(value)
    except DocumentError as error:
        raise fault("not a list in YAML's flow style (write it as [a, b])") from error


def _address(text: str) -> SplitResult:
    try:
        address = urlsplit(text)
        _ = address.port
    except ValueError as error:
        raise fault("not an address (write it as https://vr.example.com)") from error
    if not address.hostname or re.search(r"\s", text):
        raise fault("not an address (write it as https://vr.example.com)")
    if address.username is not None or address.password is not None:
        raise fault("an address holds no credentials (use username and password_file)")
    if address.query or address.fragment:
        raise fault("an address ends before any ? or # (write it as https://vr.example.com)")
    return address


def _appliance_address(text: str) -> str:
    address = _address(text)
    if address.path.strip("/"):
        raise fault("an address has no path (write it as https://vr.example.com)")
    if address.scheme == "https":
        return text.rstrip("/")
    if address.scheme == "http" and _LOOPBACK.fullmatch(address.hostname or ""):
        return text.rstrip("/")
    raise fault("must be an https address; http is for loopback only (write https://…)")


def _web_address(text: str) -> str:
    if _address(text).scheme not in ("http", "https"):
        raise fault("must be an http or https address (write it as http://am-1:9093)")
    return text.rstrip("/")


def _site_name(text: str) -> str:
    if not _SITE_NAME.fullmatch(text):
        raise fault("not a site's name (at most 64 of letters, digits, '.', '_' and '-')")
    return text


def _fingerprint(text: str) -> str:
    if not _FINGERPRINT.fullmatch(text):
        raise fault("not a SHA-256 fingerprint (64 hexadecimal digits, as `check` prints them)")
    return text.replace(":", "").lower()


def _glob(text: str) -> str:
    if text.count("[") > text.count("]"):
        raise fault("a pattern's [ is never closed (write [[] for the sign itself)")
    return text


def _label_name(text: str) -> str:
    if not _LABEL_NAME.fullmatch(text) or text.startswith("__"):
        raise fault("not a label's name (letters, digits and '_', no digit first)")
    return text


def _alert_name(text: str) -> str:
    if not _ALERT_NAME.fullmatch(text):
        raise fault("not an alert's name (letters, digits and '_', such as VrRpoBreached)")
    return text


def _timezone(text: str) -> str:
    try:
        if text != "UTC":
            ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise fault("no such time zone (write it as Europe/Madrid or UTC)") from error
    return text


def _cron(text: str) -> str:
    wrong = cron_fault(text)
    if wrong:
        raise fault(f"{wrong} (write minute hour day month weekday, such as 0 2 * * *)")
    return text


def _time_of_day(text: str) -> str:
    if not _TIME_OF_DAY.fullmatch(text):
        raise fault('not a time of day (write it as "22:00")')
    return text


def _day(text: str) -> str:
    if text not in _DAYS:
        raise fault(f"no such day (one of {', '.join(_DAYS)})")
    return text


def _state_url(text: str) -> str:
    path = text.removeprefix("sqlite:///")
    if path == text or not path.strip("/") or "?" in path or path.endswith("/"):
        raise fault("not a state store (write it as sqlite:////var/lib/vr-exporter/state.db)")
    return text


def _shown(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if looks_like_path(text) else "of that name"


def _readable(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_SECRET_BYTES + 1)
    except FileNotFoundError as error:
        raise PydanticCustomError(
            "no_file", "no such file {name}", {"name": _shown(path)}
        ) from error
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "not a path").lower()
        raise PydanticCustomError("bad_file", "cannot be read: {why}", {"why": why}) from error


def _secret_file(path: Path) -> Path:
    content = _readable(path)
    if not content.strip():
        raise PydanticCustomError("bad_file", "the file is empty")
    if len(content) > _LARGEST_SECRET_BYTES:
        raise PydanticCustomError("bad_file", "the file is larger than 64 KiB")
    return path


def _ca_file(path: Path) -> Path:
    if b"-----BEGIN CERTIFICATE-----" not in _readable(path):
        raise PydanticCustomError("bad_file", "the file holds no certificate in PEM form")
    return path


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what stands twice in a list."""
    if len(set(values)) < len(values):
        raise fault("holds something twice (leave one of them out)")
    return values


@dataclass(frozen=True, slots=True)
class Kind:
    """What the reference calls a type."""

    name: str


_LONGEST_TEXT = 256
Text = Annotated[str, Kind("text"), StringConstraints(min_length=1, max_length=_LONGEST_TEXT)]
Duration = Annotated[
    float,
    Kind("duration"),
    BeforeValidator(_duration),
    PlainSerializer(format_duration, return_type=str),
]
"""Seconds, written as Prometheus does."""
Ratio = Annotated[
    float,
    Kind("percentage"),
    BeforeValidator(_percent),
    PlainSerializer(lambda ratio: f"{100 * ratio:g}%", return_type=str),
]
"""A share of one, written as a percentage."""
Mode = Annotated[Literal["off", "dry-run", "on"], BeforeValidator(_switch)]
ApplianceAddress = Annotated[str, Kind("address"), AfterValidator(_appliance_address)]
WebAddress = Annotated[str, Kind("address"), AfterValidator(_web_address)]
SiteKey = Annotated[str, Kind("name"), AfterValidator(_site_name)]
Fingerprint = Annotated[str, Kind("fingerprint"), AfterValidator(_fingerprint)]
Glob = Annotated[Text, Kind("pattern"), AfterValidator(_glob)]
Globs = Annotated[tuple[Glob, ...], Kind("list of patterns"), BeforeValidator(flow)]
Names = Annotated[
    tuple[Text, ...], Kind("list of names"), BeforeValidator(flow), AfterValidator(unique)
]
Label = Annotated[str, Kind("label's name"), AfterValidator(_label_name)]
AlertName = Annotated[str, Kind("alert's name"), AfterValidator(_alert_name)]
Timezone = Annotated[str, Kind("time zone"), AfterValidator(_timezone)]
Cron = Annotated[str, Kind("cron line"), AfterValidator(_cron)]
TimeOfDay = Annotated[str, Kind("time of day"), AfterValidator(_time_of_day)]
Day = Annotated[str, AfterValidator(_day)]
Days = Annotated[
    tuple[Day, ...], Kind("list of days"), BeforeValidator(flow), AfterValidator(unique)
]
StateUrl = Annotated[str, Kind("address of a store"), AfterValidator(_state_url)]
SecretText = Annotated[
    SecretStr,
    Kind("secret"),
    StringConstraints(min_length=1, max_length=_LARGEST_SECRET_BYTES),
]
SecretFile = Annotated[Path, Kind("file"), AfterValidator(_secret_file)]
CertificateFile = Annotated[Path, Kind("file"), AfterValidator(_ca_file)]
Flow = BeforeValidator(flow)
