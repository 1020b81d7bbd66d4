"""Single values of the vendor into base units: seconds, bytes, ratios, text fit for a label."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from sys import intern
from typing import TypeVar

from msgspec import UNSET, UnsetType

from vr_exporter.appliance.errors import LONGEST_VALUE
from vr_exporter.appliance.wire.surprises import Surprises

T = TypeVar("T")

_EARLIEST = 946_684_800.0
"""2000-01-01: no appliance is older, so that an earlier time is in the wrong unit."""

_A_DAY = 86_400.0
_MOST_INTEGER = 2**63 - 1
_LONGEST_WORDS = 4096
_MOST_DIGITS = 19

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0, C1, bidi controls and lone surrogates: they forge lines, or cannot be encoded at all."""


def given(value: T | UnsetType) -> T | None:
    """Return a value, None where it was not sent."""
    return None if value is UNSET else value


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading an answer takes: the time now, the API version, and who counts oddities.

    `offset` is where a page begins in its list.
    """

    now: float
    api: str = "v2"
    offset: int = 0
    surprises: Surprises = field(default_factory=Surprises)

    def name(self, value: str | UnsetType | None, field: str) -> str:
        """Read a name or id; empty where it was not sent (A44, A46).

        Interned: the same few names stand in every row, and all of them in the next poll again.
        """
        if not value:
            return ""
        if len(value) <= LONGEST_VALUE and value.isprintable():
            return intern(value)
        if len(value) > LONGEST_VALUE:
            self.surprises.note("body", field, value)
            value = value[:LONGEST_VALUE]
        return self._fit(value, field)

    def identity(self, value: str | UnsetType | None, field: str) -> str:
        """Read the id of a row; an empty one is as good as null (A41)."""
        if value == "":
            self.surprises.note("null", field)
        return self.name(value, field)

    def words(self, value: str | UnsetType | None, field: str) -> str:
        """Read a text for people: one line, cut; only an absurd length surprises."""
        if not value:
            return ""
        if len(value) > _LONGEST_WORDS:
            self.surprises.note("body", field, value)
        line = " ".join(value[:_LONGEST_WORDS].split())
        return self._fit(line[:LONGEST_VALUE], field)

    def one_of(
        self, value: str | UnsetType | None, known: Collection[str], field: str
    ) -> str | None:
        """Read an enumeration: unknown values are kept verbatim, and counted (A40)."""
        if value is UNSET or value is None:
            return None
        if value in known:
            return intern(value)
        self.surprises.note("enum", field, value)
        return self.name(value, field) or None

    def count(self, value: int | UnsetType, field: str) -> int | None:
        """Read a size, a duration or a number of things; a negative one is absent (A43)."""
        if value is UNSET:
            return None
        if 0 <= value <= _MOST_INTEGER:
            return value
        self.surprises.note("range", field, value)
        return None

    def minutes(self, value: int | UnsetType, field: str) -> int | None:
        """Read minutes as seconds."""
        count = self.count(value, field)
        return None if count is None else count * 60

    def ratio(self, value: int | UnsetType, field: str) -> float | None:
        """Read percent as a ratio of 0 to 1."""
        if value is UNSET:
            return None
        if 0 <= value <= 100:  # noqa: PLR2004 percent
            return value / 100
        self.surprises.note("range", field, value)
        return None

    def moment(self, value: int | str | UnsetType | None, field: str) -> float | None:
        """Read a time as seconds since 1970; one before 2000 or after tomorrow is absent (A39)."""
        return self.plausible(self.instant(value, field), field)

    def plausible(self, instant: float | None, field: str) -> float | None:
        """Keep a time that can be meant."""
        if instant is None or _EARLIEST <= instant <= self.now + _A_DAY:
            return instant
        self.surprises.note("time", field, instant)
        return None

    def instant(self, value: int | str | UnsetType | None, field: str) -> float | None:
        """Read milliseconds, or in v1 a string, as seconds since 1970, plausible or not."""
        if isinstance(value, int):
            if abs(value) <= _MOST_INTEGER:
                return value / 1000
            self.surprises.note("time", field, value)
            return None
        if not isinstance(value, str):
            return None
        seconds = _seconds_of(value)
        if self.api != "v1" or (seconds is None and value):
            self.surprises.note("type", field, value)
        return seconds

    def _fit(self, value: str, field: str) -> str:
        fit = _UNFIT.sub("\ufffd", value)
        if fit != value:
            self.surprises.note("name", field, value)
        return fit


def _seconds_of(text: str) -> float | None:
    """Read a string of digits as milliseconds, any other as ISO 8601; no zone means UTC."""
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit():
        return int(text) / 1000 if len(digits) <= _MOST_DIGITS else None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
