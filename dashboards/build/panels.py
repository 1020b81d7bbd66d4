"""The kinds of panel: what each says, asks and looks like, and how Grafana writes that."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from dashboards.build.looks import PALETTE, PLAIN, Thresholds, Words, mappings
from dashboards.build.runbook import described, links_of

DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
PLUGIN_VERSION: Final = "11.0.0"
REF_IDS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

BAR_STEP: Final = "10m"
"""The least time that a bar or a cell stands for."""

LEGEND_WIDTH: Final = 300
"""Pixels, beside a chart."""

UNSEEN: Final = "nothing is scraped"
"""Where an exporter that works always gives a number."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """One line of a chart, or one set of lines: `legend` names them, `color` if it is one."""

    expr: str
    legend: str = ""
    color: str = ""
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(ABC):
    """What every panel has; `says` is what is good and what to do, `alerts` whose pages help.

    Its points are no nearer to each other than `least_step`.
    """

    title: str
    says: str
    unit: str = "short"
    alerts: tuple[str, ...] = ()
    empty: str = "No data"
    thresholds: Thresholds = PLAIN
    words: Words = field(default_factory=dict)
    lowest: float | None = None
    highest: float | None = None
    decimals: int | None = None
    width: int = 12
    height: int = 8
    least_step: str = ""

    def json(self) -> Json:
        """As Grafana writes it, all but its id and its place."""
        least = {"interval": self.least_step} if self.least_step else {}
        return least | {
            "datasource": DATASOURCE,
            "description": described(self.says, self.alerts),
            "fieldConfig": {"defaults": self.defaults(), "overrides": self.overrides()},
            "links": links_of(self.alerts),
            "options": self.options(),
            "pluginVersion": PLUGIN_VERSION,
            "targets": self.targets(),
            "title": self.title,
            "type": self.kind(),
        }

    def defaults(self) -> Json:
        """What holds for every field."""
        limits = {"min": self.lowest, "max": self.highest, "decimals": self.decimals}
        return {
            "color": {"mode": self.color_mode()},
            "custom": self.custom(),
            "mappings": mappings(self.words),
            "noValue": self.empty,
            "thresholds": self.thresholds.json(),
            "unit": self.unit,
        } | {name: value for name, value in limits.items() if value is not None}

    def color_mode(self) -> str:
        """Where the colour of a value comes from."""
        return "thresholds"

    def custom(self) -> Json:
        """What only this kind of panel knows of a field."""
        return {}

    def overrides(self) -> list[Json]:
        """What holds for single fields."""
        return []

    @abstractmethod
    def kind(self) -> str:
        """Grafana's name of the kind."""

    @abstractmethod
    def options(self) -> Json:
        """What only this kind of panel knows."""

    @abstractmethod
    def targets(self) -> list[Json]:
        """The queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat(Panel):
    """One number of now, large."""

    expr: str
    is_loud: bool = False
    width: int = 4
    height: int = 4

    def kind(self) -> str:
        """A stat."""
        return "stat"

    def options(self) -> Json:
        """The last value, its background coloured where it has to be seen from afar."""
        is_plain = self.thresholds is PLAIN and not self.words
        return {
            "colorMode": "background" if self.is_loud else "none" if is_plain else "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "reduceOptions": _LAST,
            "textMode": "auto",
            "wideLayout": True,
        }

    def targets(self) -> list[Json]:
        """The one question, asked for now."""
        return [target(0, self.expr, is_instant=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Panel):
    """Lines, areas or bars over time; soft limits hold until a value passes them.

    Bars are counts, of ten minutes or more each: their legend adds them up.
    """

    queries: tuple[Query, ...]
    style: Literal["line", "area", "bars", "steps"] = "line"
    is_stacked: bool = False
    soft_lowest: float | None = None
    soft_highest: float | None = None
    has_threshold_lines: bool = False
    has_long_legend: bool = False
    colors: Mapping[str, str] = field(default_factory=dict)

    def kind(self) -> str:
        """A time series."""
        return "timeseries"

    @property
    def is_count(self) -> bool:
        """Whether it shows how many in each step: such sums have a meaning, those of rates none."""
        return self.style == "bars" and self.unit == "short"

    def json(self) -> Json:
        """As every panel, with bars wide enough to be seen."""
        bars = {"interval": BAR_STEP} if self.is_count else {}
        return Panel.json(self) | bars

    def color_mode(self) -> str:
        """One colour per series, in their order: by name Grafana picks dark ones too."""
        return "palette-classic"

    def custom(self) -> Json:
        """How lines are drawn."""
        lines = {"mode": "dashed" if self.has_threshold_lines else "off"}
        soft = {"axisSoftMin": self.soft_lowest, "axisSoftMax": self.soft_highest}
        return {
            "drawStyle": "bars" if self.style == "bars" else "line",
            "fillOpacity": {"line": 0, "steps": 0, "area": 25, "bars": 80}[self.style],
            "lineInterpolation": "stepAfter" if self.style == "steps" else "linear",
            "lineWidth": 1,
            "showPoints": "never" if self.style == "bars" else "auto",
            "spanNulls": False,
            "stacking": {"group": "A", "mode": "normal" if self.is_stacked else "none"},
            "thresholdsStyle": lines,
        } | {name: value for name, value in soft.items() if value is not None}

    def overrides(self) -> list[Json]:
        """The colours of series that are known by name, and which are dashed."""
        known = {query.legend: query.color for query in self.queries if query.color}
        dashed = [
            override(query.legend, [("custom.lineStyle", {"dash": [8, 6], "fill": "dash"})])
            for query in self.queries
            if query.dashed
        ]
        return [
            override(name, [("color", {"fixedColor": color, "mode": "fixed"})])
            for name, color in (known | dict(self.colors)).items()
        ] + dashed

    def options(self) -> Json:
        """A legend with figures, beside the chart where it is long, and one tooltip for all."""
        calc, title = ("sum", "Total") if self.is_count else ("lastNotNull", "Last *")
        width = {"width": LEGEND_WIDTH} if self.has_long_legend else {}
        return {
            "legend": width
            | {
                "calcs": [calc, "max"],
                "displayMode": "table",
                "placement": "right" if self.has_long_legend else "bottom",
                "showLegend": True,
                "sortBy": title,
                "sortDesc": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        }

    def targets(self) -> list[Json]:
        """Each question over the range."""
        return [target(i, query.expr, query.legend) for i, query in enumerate(self.queries)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(Panel):
    """States over time, a bar for each series."""

    queries: tuple[Query, ...]
    unit: str = "none"

    def kind(self) -> str:
        """A state timeline."""
        return "state-timeline"

    def custom(self) -> Json:
        """Solid bars."""
        return {"fillOpacity": 85, "lineWidth": 0, "spanNulls": False}

    def options(self) -> Json:
        """Neighbours of one state are one bar; no words inside, the legend has them."""
        return {
            "alignValue": "left",
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "mergeValues": True,
            "perPage": 20,
            "rowHeight": 0.8,
            "showValue": "never",
            "tooltip": {"mode": "single", "sort": "none"},
        }

    def targets(self) -> list[Json]:
        """Each question over the range."""
        return [target(i, query.expr, query.legend) for i, query in enumerate(self.queries)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap(Panel):
    """How many fell into each bucket of a histogram over time."""

    expr: str
    unit: str = "s"
    least_step: str = BAR_STEP

    def kind(self) -> str:
        """A heatmap."""
        return "heatmap"

    def custom(self) -> Json:
        """A linear axis of buckets."""
        return {"scaleDistribution": {"type": "linear"}}

    def options(self) -> Json:
        """The colours of Cividis, made to be read by all; empty cells stay empty."""
        return {
            "calculate": False,
            "cellGap": 1,
            "cellValues": {"decimals": 0, "unit": "short"},
            "color": {"mode": "scheme", "reverse": False, "scheme": "Cividis", "steps": 64},
            "exemplars": {"color": PALETTE[3]},
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False, "unit": self.unit},
        }

    def targets(self) -> list[Json]:
        """The buckets, each a series named by its upper bound."""
        return [target(0, self.expr, "{{le}}") | {"format": "heatmap"}]


def target(index: int, expr: str, legend: str = "", *, is_instant: bool = False) -> Json:
    """A query as Grafana writes it."""
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "exemplar": False,
        "expr": expr,
        "instant": is_instant,
        "legendFormat": legend or "__auto",
        "range": not is_instant,
        "refId": REF_IDS[index],
    }


def override(name: str, properties: list[tuple[str, Any]]) -> Json:
    """What holds for the field of this name alone."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties],
    }


_LAST: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
