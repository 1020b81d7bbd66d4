"""Which alerts may ask for a sync: alert names, or matchers as Alertmanager writes them; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vr_exporter.alerting.silences import Matcher, UnknownForm, is_endless

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_RULE = re.compile(rf"\s*(?P<name>{_NAME.pattern})?\s*(?:\{{(?P<matchers>.*)\}})?\s*", re.DOTALL)
_MATCHER = re.compile(
    r"""\s*(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?P<sign>=~|!~|!=|=)\s*
    (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"{}]+))\s*(?:,|$)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_USUAL_LENGTH: Final = 64
_ESCAPED: Final = {"n": "\n", '"': '"', "\\": "\\"}


class NotARule(ValueError):  # noqa: N818 - named for what was found
    """Neither an alert's name nor matchers; its text is one line."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of `webhook.rules`; `text` is as it was written."""

    text: str
    matchers: tuple[Matcher, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is named by it; a value too long to tell is not."""
        try:
            return all(matcher.matches(labels) for matcher in self.matchers)
        except UnknownForm:
            return False


def parse_rule(text: str) -> Rule:
    """Read `VrRpoBreached`, `VrRpoBreached{site="madrid"}` or `{alertname=~"Vr.+"}`."""
    found = _RULE.fullmatch(text)
    if found is None or not (found["name"] or found["matchers"]):
        raise NotARule('write it as VrRpoBreached or VrRpoBreached{site="madrid"}')
    named = (Matcher("alertname", found["name"]),) if found["name"] else ()
    return Rule(text, (*named, *_matchers(found["matchers"] or "")))


def _matchers(text: str) -> tuple[Matcher, ...]:
    matchers, at = [], 0
    while text[at:].strip():
        found = _MATCHER.match(text, at)
        if found is None:
            raise NotARule('a matcher is written as site="madrid" or severity=~"warning|critical"')
        matchers.append(_matcher(found))
        at = found.end()
    return tuple(matchers)


def _matcher(found: re.Match[str]) -> Matcher:
    quoted, sign = found["quoted"], found["sign"]
    value = found["plain"] if quoted is None else _ESCAPE.sub(_unescaped, quoted)
    is_regex = sign.endswith("~")
    if is_regex:
        try:
            re.compile(value)
        except (re.error, OverflowError, RecursionError) as error:
            raise NotARule(f"the expression of {found['name']} cannot be read: {error}") from None
        if is_endless(value, length=_USUAL_LENGTH):
            raise NotARule(f"the expression of {found['name']} may take for ever: write it simpler")
    return Matcher(found["name"], value, is_regex=is_regex, is_equal=not sign.startswith("!"))


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPED.get(found[1], found[0])
