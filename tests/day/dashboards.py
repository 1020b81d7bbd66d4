"""Dashboards as their JSON says them: panels, queries, variables and annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.command_line import ROOT
from tests.day.quiet import NOTHING, Quiet

FOLDER = ROOT / "dashboards"
GRAFANA_OWN = "-- Grafana --"


@dataclass(frozen=True, slots=True)
class Query:
    """One expression; `place` says where it stands. Only a heatmap may return very many series."""

    place: str
    expression: str
    is_instant: bool = False
    is_quiet: bool = False
    is_heatmap: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a dashboard: from a query, or with its values in its definition.

    `pattern` cuts a value out of each thing found. `all_value` is what *All* stands for, empty:
    every value. One value at a time where neither `is_multi` nor `has_all`.
    """

    name: str
    query: str = ""
    pattern: str = ""
    values: tuple[str, ...] = ()
    is_multi: bool = False
    has_all: bool = False
    all_value: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What of a dashboard asks Prometheus; `panels` counts those that show something."""

    uid: str
    panels: int
    queries: tuple[Query, ...]
    variables: tuple[Variable, ...]


def read_all(folder: Path = FOLDER, *, quiet: Quiet) -> list[Dashboard]:
    """Read every dashboard; `quiet` says what needs a bad day."""
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    return [read(document, quiet) for document in documents]


def read(document: dict[str, Any], quiet: Quiet = NOTHING) -> Dashboard:
    """Read one dashboard in Grafana's classic JSON."""
    uid = document["uid"]
    panels = [panel for panel in _panels(document["panels"]) if panel["type"] != "row"]
    queries = [query for panel in panels for query in _queries(uid, panel, quiet)]
    queries += _annotations(uid, document, quiet)
    variables = [_variable(one) for one in document.get("templating", {}).get("list", [])]
    return Dashboard(uid, len(panels), tuple(queries), tuple(filter(None, variables)))


def _panels(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give every panel, those in collapsed rows too."""
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels") or [])


def _queries(uid: str, panel: dict[str, Any], quiet: Quiet) -> Iterator[Query]:
    title = panel.get("title", "")
    for number, target in enumerate(panel.get("targets") or []):
        yield Query(
            f"{uid} / {title} / {target.get('refId', number)}",
            target["expr"],
            is_instant=bool(target.get("instant")),
            is_quiet=quiet.has(uid, title, number),
            is_heatmap=panel["type"] == "heatmap",
        )


def _annotations(uid: str, document: dict[str, Any], quiet: Quiet) -> Iterator[Query]:
    for one in document.get("annotations", {}).get("list", []):
        expression = one.get("expr") or (one.get("target") or {}).get("expr")
        if expression:
            name = one["name"]
            yield Query(f"{uid} / {name}", expression, is_quiet=name in quiet.marks)


def _variable(one: dict[str, Any]) -> Variable | None:
    """Read a variable; those of data sources and free filters hold nothing to ask."""
    if one["type"] not in {"query", "custom", "interval", "constant", "textbox"}:
        return None
    given = one.get("query", "")
    text = given["query"] if isinstance(given, dict) else given
    is_query = one["type"] == "query"
    return Variable(
        one["name"],
        query=text if is_query else "",
        pattern=one.get("regex") or "",
        values=() if is_query else tuple(value.strip() for value in text.split(",")),
        is_multi=bool(one.get("multi")),
        has_all=bool(one.get("includeAll")),
        all_value=one.get("allValue") or "",
    )
