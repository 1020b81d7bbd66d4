"""Questions to a Prometheus that holds a day, as Grafana puts them."""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

STEP_SECONDS = 60.0
PATIENCE_SECONDS = 120.0

Labels = dict[str, str]


class AskError(Exception):
    """Prometheus refused a question; its words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The label sets that came back with at least one number, and what was said beside them."""

    series: tuple[Labels, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """A Prometheus and the time range of the reader, in seconds since 1970."""

    url: str
    start: float
    end: float

    def instant(self, expression: str, at: float | None = None) -> Answer:
        """Ask for one moment, by default the end of the range."""
        return _answer(self.moment(expression, at), lambda series: [series["value"]])

    def moment(self, expression: str, at: float | None = None) -> dict[str, Any]:
        """Ask for one moment, by default the end of the range; the answer as it came."""
        return self._get("query", query=expression, time=str(at or self.end))

    def range(self, expression: str) -> Answer:
        """Ask for the whole range in steps."""
        said = self.points(expression)
        return _answer(said, lambda series: series["values"])

    def points(self, expression: str, *, step_seconds: float = STEP_SECONDS) -> dict[str, Any]:
        """Ask for the whole range; the answer as it came."""
        return self._get(
            "query_range",
            query=expression,
            start=str(self.start),
            end=str(self.end),
            step=str(step_seconds),
        )

    def numbers(self, expression: str) -> list[float]:
        """The values of the one series of an expression, minute by minute."""
        (series,) = self.points(expression)["data"]["result"]
        return [float(value) for _, value in series["values"]]

    def label_values(self, label: str, selector: str | None) -> list[str]:
        """The values that a label has on the series of a selector."""
        match = {"match[]": selector} if selector else {}
        between = {"start": str(self.start), "end": str(self.end)}
        values: list[str] = self._get(f"label/{label}/values", **match, **between)["data"]
        return values

    def has_series(self, selector: str) -> bool:
        """Whether a selector met any series in the range."""
        between = {"start": str(self.start), "end": str(self.end)}
        return bool(self._get("series", **{"match[]": selector}, **between)["data"])

    def _get(self, endpoint: str, **parameters: str) -> dict[str, Any]:
        url = f"{self.url}/api/v1/{endpoint}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
                said: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AskError(json.load(error)["error"]) from error
        return said


def _answer(said: dict[str, Any], points_of: Any) -> Answer:
    result = said["data"]["result"]
    if said["data"]["resultType"] == "scalar":
        return Answer(({},), _remarks(said))
    shown = (s["metric"] for s in result if any(_is_number(p) for p in points_of(s)))
    return Answer(tuple(shown), _remarks(said))


def _remarks(said: dict[str, Any]) -> tuple[str, ...]:
    return (*said.get("warnings", ()), *said.get("infos", ()))


def _is_number(point: list[Any]) -> bool:
    return not math.isnan(float(point[1]))
