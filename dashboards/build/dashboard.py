"""A dashboard: rows of panels laid out on Grafana's grid, variables, marks on the time axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dashboards.build.looks import ORANGE, RED
from dashboards.build.panels import DATASOURCE, Panel
from dashboards.build.promql import JOB, SITE

COLUMNS: Final = 24
SCHEMA_VERSION: Final = 39
"""That of Grafana 11.0; later ones bring it up to theirs when they load it."""

TAG: Final = "vr-exporter"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading; they flow from left to right, as wide as they say."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of one among the answers to a query; `shows` finds value and text in each."""

    name: str
    label: str
    query: str
    shows: str = ""

    def json(self) -> Json:
        """As Grafana writes it; asked again whenever the time range moves."""
        return {
            "current": {},
            "datasource": DATASOURCE,
            "definition": self.query,
            "hide": 0,
            "includeAll": False,
            "label": self.label,
            "multi": False,
            "name": self.name,
            "options": [],
            "query": {
                "qryType": _QUERY_TYPES[self.query.partition("(")[0]],
                "query": self.query,
                "refId": f"Variable-{self.name}",
            },
            "refresh": 2,
            "regex": self.shows,
            "skipUrlSync": False,
            "sort": 1,
            "type": "query",
        }


@dataclass(frozen=True, slots=True)
class Filter(Choice):
    """A choice of any number of the values of a label, at first of all."""

    def json(self) -> Json:
        """As a choice of one, but for what *All* needs."""
        return Choice.json(self) | {
            "allValue": ".+",
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "includeAll": True,
            "multi": True,
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """Times marked on every chart, where the expression has a value above 0.

    States are marked where they begin: else a long one lies on all that there is to see.
    """

    name: str
    expr: str
    color: str
    title: str
    text: str = ""
    is_shown: bool = True

    def json(self) -> Json:
        """As Grafana writes it."""
        return {
            "datasource": DATASOURCE,
            "enable": self.is_shown,
            "expr": self.expr,
            "hide": False,
            "iconColor": self.color,
            "name": self.name,
            "step": "60s",
            "textFormat": self.text,
            "titleFormat": self.title,
        }


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One story, its panels in rows; `since` is the range it opens with."""

    uid: str
    title: str
    says: str
    rows: tuple[Row, ...]
    variables: tuple[Choice, ...]
    marks: tuple[Mark, ...] = ()
    since: str = "now-24h"

    def json(self) -> Json:
        """The one form for import, provisioning and sidecars: no `id`, no `__inputs`."""
        return {
            "annotations": {"list": [mark.json() for mark in (*self.marks, _RESTARTS)]},
            "description": self.says,
            "editable": False,
            "fiscalYearStartMonth": 0,
            "graphTooltip": 1,
            "links": [_LINK],
            "panels": list(laid_out(self.rows)),
            "refresh": "1m",
            "schemaVersion": SCHEMA_VERSION,
            "tags": [TAG, "vsphere-replication"],
            "templating": {"list": [_DATASOURCE, *(v.json() for v in self.variables)]},
            "time": {"from": self.since, "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "title": self.title,
            "uid": self.uid,
            "version": 1,
        }


def laid_out(rows: tuple[Row, ...]) -> Iterator[Json]:
    """Headings and panels with ids and places: a line is full where the next panel has no room."""
    number, y = 0, 0
    for row in rows:
        number += 1
        yield _heading(row.title, number, y)
        y, x, line_height = y + 1, 0, 0
        for panel in row.panels:
            number += 1
            if x + panel.width > COLUMNS:
                y, x, line_height = y + line_height, 0, 0
            place = {"h": panel.height, "w": panel.width, "x": x, "y": y}
            yield panel.json() | {"gridPos": place, "id": number}
            x, line_height = x + panel.width, max(line_height, panel.height)
        y += line_height


def _heading(title: str, number: int, y: int) -> Json:
    place = {"h": 1, "w": COLUMNS, "x": 0, "y": y}
    return {
        "collapsed": False,
        "gridPos": place,
        "id": number,
        "panels": [],
        "title": title,
        "type": "row",
    }


def begins(selector: str, holds: str = "{}") -> str:
    """An expression for the five minutes after a selector began to have what `holds` asks for."""
    return f"{holds.format(selector)} unless {holds.format(selector + ' offset 5m')}"


JOB_VARIABLES: Final = (
    Filter("job", "Job", "label_values(vr_exporter_build_info, job)"),
    Filter("instance", "Instance", 'label_values(vr_exporter_build_info{job=~"$job"}, instance)'),
)
PAIRING_VARIABLES: Final = (
    *JOB_VARIABLES,
    Filter("site", "Site", f"label_values(vr_up{{{JOB}}}, site)"),
    Filter("pairing", "Pairing", f"label_values(vr_pairing_up{{{SITE}}}, pairing)"),
)
_QUERY_TYPES: Final = {"label_values": 1, "query_result": 3}
"""Grafana's numbers for the kinds of question."""

_CRITICAL: Final = (
    'ALERTS{alertname=~"Vr.*",alertstate="firing",severity="critical",site=~"$site|"}'
)
SITE_ALERTS: Final = Mark(
    "Critical alerts",
    begins(_CRITICAL),
    RED,
    "{{alertname}}",
    "{{site}} {{pairing}} {{instance}}",
)
_RESTARTS: Final = Mark(
    "Exporter restarts",
    f"changes(process_start_time_seconds{{{JOB}}}[5m]) > 0",
    ORANGE,
    "{{instance}} restarted",
)
_DATASOURCE: Final = {
    "current": {},
    "hide": 0,
    "includeAll": False,
    "label": "Data source",
    "multi": False,
    "name": "datasource",
    "options": [],
    "query": "prometheus",
    "refresh": 1,
    "regex": "",
    "skipUrlSync": False,
    "type": "datasource",
}
_LINK: Final = {
    "asDropdown": False,
    "icon": "external link",
    "includeVars": True,
    "keepTime": True,
    "tags": [TAG],
    "targetBlank": False,
    "title": "vSphere Replication",
    "tooltip": "The other dashboards, with the same choice and time",
    "type": "dashboards",
    "url": "",
}
