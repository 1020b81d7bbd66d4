"""Which form of the page a client gets: format by Accept, gzip by Accept-Encoding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

OPENMETRICS = "application/openmetrics-text"
OPENMETRICS_TYPE = f"{OPENMETRICS}; version=1.0.0; charset=utf-8"
TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
VARY = "Accept, Accept-Encoding"

_TEXT_RANGES = ("text/plain", "text/*", "*/*")
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the page."""

    openmetrics: bool
    gzip: bool

    @property
    def content_type(self) -> str:
        """What the form is, whatever was asked for."""
        return OPENMETRICS_TYPE if self.openmetrics else TEXT_TYPE


def choose_form(headers: Mapping[str, str]) -> Form:
    """The best form for a request's headers, whose names are in lower case."""
    return Form(
        openmetrics=prefers_openmetrics(headers.get("accept", "")),
        gzip=accepts_gzip(headers.get("accept-encoding", "")),
    )


def prefers_openmetrics(accept: str) -> bool:
    """Whether OpenMetrics is named, and weighs at least as much as plain text.

    A wildcard means text, as with every exporter: browsers and curl send one and want to read.
    Versions do not count: there is one of each format, and it is labelled as what it is.
    """
    weights = _weights(accept)
    openmetrics = weights.get(OPENMETRICS, 0.0)
    return openmetrics > 0 and openmetrics >= _first(weights, _TEXT_RANGES, default=0.0)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip may be sent, and is not worth less to the client than plain bytes."""
    weights = _weights(accept_encoding)
    gzip = _first(weights, ("gzip", "x-gzip", "*"), default=0.0)
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _first(weights: Mapping[str, float], names: Iterable[str], *, default: float) -> float:
    return next((weights[name] for name in names if name in weights), default)


def _weights(field: str) -> dict[str, float]:
    """The largest weight of each name in a list such as `a;q=0.5, b`."""
    weights: dict[str, float] = {}
    for name, weight in _entries(field):
        weights[name] = max(weight, weights.get(name, 0.0))
    return weights


def _entries(field: str) -> Iterator[tuple[str, float]]:
    for entry in field.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name:
            yield name, _weight(parameters)


def _weight(parameters: Iterable[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            weight = value.strip()
            return float(weight) if _WEIGHT.fullmatch(weight) else 0.0
    return 1.0
