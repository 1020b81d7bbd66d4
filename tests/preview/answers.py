"""What a dashboard shows of a stored day: each panel's answers, asked for as Grafana asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.day import dashboards
from tests.day.asking import Asking
from tests.day.scrapes import INTERVAL_SECONDS
from tests.day.variables import Choice, Choices, built_in

WIDTH: Final = 1560
HOURS: Final = {"now-24h": 24, "now-12h": 12, "now-6h": 6}
MINUTE: Final = 60.0

_STEPS: Final = (60, 120, 300, 600, 900, 1200, 1800, 3600)
"""Grafana rounds the seconds of a pixel to one of these, each up to halfway to the next."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a dashboard: when, and what is chosen other than the default, by variable."""

    asking: Asking
    chosen: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def sees(self, document: Json, caption: str) -> Json:
        """Everything that the page draws."""
        hours = HOURS[document["time"]["from"]]
        asking = replace(self.asking, start=self.asking.end - hours * 3600)
        choices = Choices(dashboards.read(document), asking)
        choice = Choice({**choices.all.values, **self.chosen})
        panels = [panel for panel in document["panels"] if panel["type"] != "row"]
        return {
            "caption": caption,
            "dashboard": document,
            "marks": [_mark(one, asking, choice) for one in document["annotations"]["list"]],
            "panels": {panel["id"]: answered(panel, asking, choice) for panel in panels},
            "range": {"from": asking.start, "to": asking.end, "text": f"Last {hours} hours"},
            "variables": list(self._variables(document)),
        }

    def _variables(self, document: Json) -> Iterator[Json]:
        for variable in document["templating"]["list"]:
            default = "All" if variable.get("includeAll") else "Prometheus"
            yield {
                "label": variable["label"],
                "text": self.texts.get(variable["name"], default),
            }


def answered(panel: Json, asking: Asking, choice: Choice) -> Json:
    """Give the answers to a panel's queries, in their order, and the times that they share.

    Ranges begin and end at whole steps; what is asked for now is asked for the very end.
    """
    step = step_of(panel, asking.end - asking.start)
    start, end = (moment // step * step for moment in (asking.start, asking.end))
    over = replace(asking, start=start, end=end)
    filled = Choice({**choice.values, **built_in(asking), **_intervals(step)})
    answers = [
        (
            asking.moment(filled.fill(target["expr"]))
            if target["instant"]
            else over.points(filled.fill(target["expr"]), step_seconds=step)
        )["data"]["result"]
        for target in panel["targets"]
    ]
    times = [start + at * step for at in range(round((end - start) / step) + 1)]
    return {"answers": answers, "step": step, "times": times}


def step_of(panel: Json, seconds: float) -> int:
    """How far apart its points are: about a pixel each, no nearer than the scrapes."""
    pixels = WIDTH * panel["gridPos"]["w"] / 24
    rough = seconds / pixels
    following = (*_STEPS[1:], 2 * _STEPS[-1])
    middles = ((one + after) / 2 for one, after in zip(_STEPS, following, strict=True))
    rounded = next(step for step, middle in zip(_STEPS, middles, strict=True) if rough <= middle)
    return max(rounded, _least(panel))


def _least(panel: Json) -> int:
    """The panel's own *Min interval*."""
    given = panel.get("interval") or "1m"
    return int(given[:-1]) * {"s": 1, "m": 60, "h": 3600}[given[-1]]


def _intervals(step: int) -> dict[str, str]:
    rate = max(step + INTERVAL_SECONDS, 4 * INTERVAL_SECONDS)
    return {"__rate_interval": f"{rate:.0f}s", "__interval": f"{step}s"}


def _mark(one: Json, asking: Asking, choice: Choice) -> Json:
    said = asking.points(choice.fill(one["expr"]), step_seconds=MINUTE) if one["enable"] else None
    series = said["data"]["result"] if said else []
    spans = [span for each in series for span in _spans(each["values"])]
    return {"name": one["name"], "color": one["iconColor"], "spans": spans}


def _spans(points: list[list[Any]]) -> list[list[float]]:
    """Neighbours in time are one span; a value of 0 is no event."""
    found: list[list[float]] = []
    for moment, value in points:
        if float(value) == 0:
            continue
        if found and moment - found[-1][1] <= MINUTE:
            found[-1][1] = moment
        else:
            found.append([moment, moment])
    return found
