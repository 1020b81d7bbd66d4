"""Silences as Alertmanager lists them, and whether one covers an alert's labels; pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_MOST_SILENCES = 10_000
_MOST_STEPS: Final = 10_000_000
_SHORT: Final = 12
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_REPEAT = re.compile(r"[*+]|\{[0-9]*,")
_OPTION = re.compile(r"(?<!\()\?")


class UnknownForm(Exception):  # noqa: N818 - the name says it
    """The list is not what we know: who asks has to take the alert as silenced."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that is absent counts as empty, as in Alertmanager."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels meet it; raises UnknownForm for an expression we cannot read."""
        found = labels.get(self.name, "")
        return self._holds(found) is self.is_equal

    def _holds(self, found: str) -> bool:
        if not self.is_regex:
            return found == self.value
        if is_endless(self.value, length=len(found)):
            raise UnknownForm(f"matcher of {self.name}: an expression that may take for ever")
        try:
            return re.fullmatch(self.value, found, re.DOTALL) is not None
        except (re.error, OverflowError, RecursionError) as error:
            raise UnknownForm(f"matcher of {self.name}: not an expression that we know") from error


def is_endless(expression: str, *, length: int) -> bool:
    """Whether an expression may need more steps for so long a value than anybody waits for.

    Alertmanager's engine is linear. This one goes back, and holds every thread meanwhile: a repeat
    costs the length again, an option twice as much, a group as often as it has branches, and a
    group that is repeated doubles with every character.
    """
    if length > _SHORT and _REPEATED_GROUP.search(expression):
        return True
    groups = expression.count("(")
    orders = (
        len(_REPEAT.findall(expression)) * math.log(max(length, 1)),
        len(_OPTION.findall(expression)) * math.log(2),
        groups * math.log1p(expression.count("|") / groups) if groups else 0.0,
    )
    return sum(orders) > math.log(_MOST_STEPS)


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence that is active now; it covers what meets all its matchers."""

    id: str
    matchers: tuple[Matcher, ...]
    comment: str = ""

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether it silences an alert with these labels; raises UnknownForm.

        Plain matchers come first: an expression of which we know nothing matters only where they
        hold.
        """
        plain_first = sorted(self.matchers, key=lambda matcher: matcher.is_regex)
        return all(matcher.matches(labels) for matcher in plain_first)


def covering(silences: Iterable[Silence], labels: Mapping[str, str]) -> Silence | None:
    """Return the first silence that covers these labels, None if none does."""
    return next((silence for silence in silences if silence.covers(labels)), None)


def parse_silences(body: bytes) -> tuple[Silence, ...]:
    """Read the answer of `GET /api/v2/silences`; raises UnknownForm for anything unheard of."""
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnknownForm("the list of silences is no JSON") from error
    if not isinstance(rows, list) or len(rows) > _MOST_SILENCES:
        raise UnknownForm("the list of silences is no list, or too long")
    return tuple(_silence(row) for row in rows if _state(row) == "active")


def _state(row: Any) -> str:
    status = row.get("status") if isinstance(row, dict) else None
    state = status.get("state") if isinstance(status, dict) else None
    if state not in ("active", "pending", "expired"):
        raise UnknownForm("a silence is in no state that we know")
    return str(state)


def _silence(row: Mapping[str, Any]) -> Silence:
    matchers = row.get("matchers")
    if not isinstance(matchers, list) or not matchers:
        raise UnknownForm("a silence has no matchers")
    return Silence(
        str(row.get("id", "")),
        tuple(_matcher(each) for each in matchers),
        str(row.get("comment", "")),
    )


def _matcher(row: Any) -> Matcher:
    known = {"name", "value", "isRegex", "isEqual"}
    if not isinstance(row, dict) or not known >= row.keys():
        raise UnknownForm("a silence has a matcher of a form that we do not know")
    name, value = row.get("name"), row.get("value")
    is_regex, is_equal = row.get("isRegex", False), row.get("isEqual", True)
    is_text = isinstance(name, str) and isinstance(value, str)
    if not (is_text and isinstance(is_regex, bool) and isinstance(is_equal, bool)):
        raise UnknownForm("a silence has a matcher of a form that we do not know")
    return Matcher(str(name), str(value), is_regex=is_regex, is_equal=is_equal)
