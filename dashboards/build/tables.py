"""Tables: rows that several questions about one thing are joined to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from dashboards.build.looks import BLUE, PLAIN, Thresholds, Words, mappings
from dashboards.build.panels import REF_IDS, Json, Panel, override, target

ONE_REPLICATION: Final = "vr-replication"
LEAST_WIDTH: Final = 80
"""Pixels; Grafana's own 150 pushes columns out of sight."""


@dataclass(frozen=True, slots=True)
class Column:
    """A value of each row; one without a title only brings the labels of its series.

    A `width` in pixels is fixed; the other columns share what is left.
    """

    expr: str
    title: str = ""
    unit: str = "short"
    thresholds: Thresholds = PLAIN
    words: Words = field(default_factory=dict)
    is_bar: bool = False
    highest: float = 1
    width: int = 0


@dataclass(frozen=True, slots=True)
class Label:
    """A label shown as a column under a title; `link` is where its cells lead."""

    name: str
    title: str
    link: str = ""
    words: Words = field(default_factory=dict)
    width: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """Questions for now, joined by the labels that they share; `hides` are labels for links."""

    labels: tuple[Label, ...]
    columns: tuple[Column, ...]
    hides: tuple[str, ...] = ()
    sort: str = ""
    unit: str = "none"
    height: int = 9

    def kind(self) -> str:
        """A table."""
        return "table"

    def custom(self) -> Json:
        """Cells that people can filter, in columns as narrow as most need."""
        cell = {"type": "auto"}
        return {"align": "auto", "cellOptions": cell, "filterable": True, "minWidth": LEAST_WIDTH}

    def json(self) -> Json:
        """As Grafana writes it, with the steps that join the answers."""
        return Panel.json(self) | {"transformations": [_MERGE, self._organize()]}

    def options(self) -> Json:
        """Sorted by one column, the largest first."""
        order = [{"desc": True, "displayName": self.sort}] if self.sort else []
        return {"cellHeight": "sm", "footer": _NO_FOOTER, "showHeader": True, "sortBy": order}

    def targets(self) -> list[Json]:
        """Each question for now, answered as a table."""
        return [
            target(i, column.expr, is_instant=True) | {"format": "table"}
            for i, column in enumerate(self.columns)
        ]

    def overrides(self) -> list[Json]:
        """Units, colours and links, column by column."""
        values = [_value_override(column) for column in self.columns if column.title]
        special = (label for label in self.labels if label.link or label.words or label.width)
        labels = [_label_override(label) for label in special]
        hidden = [override(name, [("custom.hidden", True)]) for name in self.hides]
        return values + labels + hidden

    def _fields(self) -> list[tuple[str, str]]:
        """The field of each column, in Grafana's naming, with our title."""
        if len(self.columns) == 1:
            return [("Value", self.columns[0].title)]
        return [(f"Value #{REF_IDS[i]}", column.title) for i, column in enumerate(self.columns)]

    def _organize(self) -> Json:
        fields = self._fields()
        order = [label.name for label in self.labels] + [name for name, title in fields if title]
        titles = {label.name: label.title for label in self.labels}
        untitled = {name: True for name, title in fields if not title}
        return {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True} | untitled,
                "indexByName": {name: i for i, name in enumerate([*order, *self.hides])},
                "renameByName": titles | {name: title for name, title in fields if title},
            },
        }


_KEPT: Final = "&".join(
    f"${{{name}:queryparam}}" for name in ("datasource", "job", "instance", "site", "pairing")
)
TO_REPLICATION: Final = (
    f"/d/{ONE_REPLICATION}/?${{__url_time_range}}&{_KEPT}"
    "&var-replication=${__data.fields.replication}"
)
"""The dashboard of the row's replication, with the same sites and the same time."""


def _value_override(column: Column) -> Json:
    properties: list[tuple[str, Any]] = [("unit", column.unit)]
    if column.unit == "short":
        properties.append(("decimals", 0))
    thresholds = _PROGRESS if column.is_bar and column.thresholds is PLAIN else column.thresholds
    if thresholds is not PLAIN:
        properties.append(("thresholds", thresholds.json()))
    if column.words:
        properties.append(("mappings", mappings(column.words)))
    if column.is_bar:
        properties += [("custom.cellOptions", _BAR), ("min", 0), ("max", column.highest)]
    elif column.thresholds is not PLAIN or column.words:
        properties.append(("custom.cellOptions", {"type": "color-text"}))
    if column.width:
        properties.append(("custom.width", column.width))
    return override(column.title, properties)


def _label_override(label: Label) -> Json:
    properties: list[tuple[str, Any]] = []
    if label.link:
        link = {"targetBlank": False, "title": "Open this replication", "url": label.link}
        properties.append(("links", [link]))
    if label.words:
        properties.append(("mappings", mappings(label.words)))
        properties.append(("custom.cellOptions", {"type": "color-text"}))
    if label.width:
        properties.append(("custom.width", label.width))
    return override(label.title, properties)


_PROGRESS: Final = Thresholds(BLUE)
_BAR: Final = {"mode": "basic", "type": "gauge", "valueDisplayMode": "text"}
_MERGE: Final = {"id": "merge", "options": {}}
_NO_FOOTER: Final = {"countRows": False, "fields": "", "reducer": ["sum"], "show": False}
