"""The page that previews are drawn with knows all that the dashboards use."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browsers import browser
from tests.panels import documents, panels_of
from tests.preview.drawing import UnknownToPreviewError, draw, page

pytestmark = pytest.mark.xdist_group("previews")

Json = dict[str, Any]

SECONDS = {"from": 0, "to": 3600, "text": "an hour"}
TIMES = [0, 600, 1200]


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    """A page in Chromium; each drawing is added to it."""
    with browser() as chromium, page(chromium) as empty:
        yield empty


def answer(target: Json) -> list[Json]:
    """One series that has every label that the tables and legends of the dashboards show."""
    metric = {"site": "madrid", "le": "60", "vm": "db-01", "replication": "GID-1"}
    if target["instant"]:
        return [{"metric": metric, "value": [1200, "2"]}]
    return [{"metric": metric, "values": [[0, "1"], [600, "NaN"], [1200, "2.5"]]}]


def shown(document: Json) -> Json:
    """A dashboard with an answer to each of its queries."""
    panels = {
        panel["id"]: {
            "answers": [answer(target) for target in panel["targets"]],
            "step": 600,
            "times": TIMES,
        }
        for panel in panels_of(document)
    }
    marks = [{"name": "restarts", "color": "#E69F00", "spans": [[600, 600], [900, 1200]]}]
    return {
        "caption": "",
        "dashboard": document,
        "marks": marks,
        "panels": panels,
        "range": SECONDS,
        "variables": [],
    }


@pytest.mark.parametrize("uid", documents())
def test_each_dashboard_is_drawn_whole(opened: Page, uid: str) -> None:
    """No panel, unit or transformation of it is unknown to the page."""
    document = documents()[uid]
    assert draw(opened, shown(document)) == len(document["panels"])


def first(document: Json, kind: str) -> Json:
    """The first panel of a kind."""
    return next(panel for panel in panels_of(document) if panel["type"] == kind)


def defaults(panel: Json) -> Json:
    """The field configuration of a panel."""
    config: Json = panel["fieldConfig"]["defaults"]
    return config


NEW: dict[str, tuple[str, Callable[[Json], object]]] = {
    "panel type piechart": ("stat", lambda p: p.update(type="piechart")),
    "unit bananas": ("stat", lambda p: defaults(p).update(unit="bananas")),
    "colour mode shades": ("stat", lambda p: defaults(p).update(color={"mode": "shades"})),
    "transformation limit": ("table", lambda p: p["transformations"].append({"id": "limit"})),
    "option sparkles": ("timeseries", lambda p: p["options"].update(sparkles=True)),
    "custom drawStyle: points": (
        "timeseries",
        lambda p: defaults(p)["custom"].update(drawStyle="points"),
    ),
    "colour scheme Rainbow": ("heatmap", lambda p: p["options"]["color"].update(scheme="Rainbow")),
}


@pytest.mark.parametrize("complaint", NEW)
def test_what_is_new_to_the_page_is_said(opened: Page, complaint: str) -> None:
    """A preview that leaves something out would mislead."""
    kind, change = NEW[complaint]
    document = copy.deepcopy(documents()["vr-sync-tasks"])
    change(first(document, kind))
    with pytest.raises(UnknownToPreviewError, match=complaint):
        draw(opened, shown(document))


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("s", 100, "1.67 mins"),
        ("s", 1000, "16.7 mins"),
        ("s", 0.0125, "12.5 ms"),
        ("s", 129_600, "1.50 days"),
        ("percentunit", 0.995, "99.5%"),
        ("bytes", 1536, "1.50 KiB"),
        ("binBps", 5 * 1024**2, "5 MiB/s"),
        ("short", 1234, "1.23 K"),
        ("reqps", 1.5, "1.50 req/s"),
        ("none", 60, "60"),
    ],
)
def test_numbers_read_as_in_grafana(opened: Page, unit: str, value: float, text: str) -> None:
    """Three leading digits, and whole numbers as they are."""
    asked = "async ([unit, value]) => (await import('./units.js')).UNITS[unit](value)"
    assert opened.evaluate(asked, [unit, value]) == text
