"""What the dashboards ask: of series that exist, each fact once, in units that fit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import pytest
import yaml
from promql_parser import AggregateExpr, BinaryExpr, Call, MatrixSelector, VectorSelector

from tests.panels import FOLDER, Asked, asked, documents
from tests.queries import (
    aggregations,
    calls,
    is_pick,
    kept_labels,
    matchers,
    parse,
    result_labels,
    selectors,
    unfolded,
)
from vr_exporter.metrics.catalogue import TABLES
from vr_exporter.metrics.own_families import TABLES as OWN_TABLES

SCRAPED: Final = frozenset({"job", "instance"})
OUTSIDE: Final = {
    "up": SCRAPED,
    "scrape_duration_seconds": SCRAPED,
    "scrape_samples_scraped": SCRAPED,
    "process_cpu_seconds_total": SCRAPED,
    "process_max_fds": SCRAPED,
    "process_open_fds": SCRAPED,
    "process_resident_memory_bytes": SCRAPED,
    "process_start_time_seconds": SCRAPED,
    "ALERTS": frozenset(
        [
            "alertname",
            "alertstate",
            "severity",
            "component",
            "site",
            "pairing",
            "replication",
            "vm",
            "instance",
        ]
    ),
}
"""What Prometheus and the client library add."""

ADDS_UP: Final = re.compile(
    r"vr_(api|polls?|store|log|secret|exporter|alerts?|webhooks?)_|process_|up$"
)
"""What each exporter does of its own: the work of two adds up."""

MARKS: Final = [
    (f"{uid}: {mark['name']}", str(mark["expr"]))
    for uid, document in documents().items()
    for mark in document["annotations"]["list"]
]
PANELS: Final = [(one.name, one.expr) for one in asked()]
ALL: Final = PANELS + MARKS


@cache
def families() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Every family of the exporter: its kind and labels."""
    found = {
        family.name: (family.kind, frozenset({*(family.on or table.labels), *family.labels}))
        for table in TABLES
        for family in table.families
    }
    return found | {
        family.name: (family.kind, frozenset({*table.labels, *family.labels}))
        for table in OWN_TABLES
        for family in table.families
    }


@cache
def recorded() -> frozenset[str]:
    """The series that our rules record."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob("rules/*.yml")]
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    return frozenset(rule["record"] for g in groups for rule in g["rules"] if "record" in rule)


def labels_of(metric: str) -> frozenset[str] | None:
    """The labels that a series may have; None if there is no such series."""
    known = families()
    stem = metric.removesuffix("_bucket")
    if metric in known and known[metric][0] != "histogram":
        return known[metric][1] | SCRAPED
    if stem != metric and known.get(stem, ("", None))[0] == "histogram":
        return known[stem][1] | SCRAPED | {"le"}
    if metric in recorded():
        return frozenset(metric.partition(":")[0].split("_"))
    return OUTSIDE.get(metric)


def ids(pairs: list[tuple[str, str]]) -> list[str]:
    """The names of the tests."""
    return [name for name, _ in pairs]


@pytest.mark.parametrize("expr", [expr for _, expr in ALL], ids=ids(ALL))
def test_every_series_exists_with_the_labels_that_are_asked_for(expr: str) -> None:
    """A renamed metric or label breaks the build, not a night."""
    for selector in selectors(parse(expr)):
        labels = labels_of(str(selector.name))
        assert labels is not None, f"no such series: {selector.name}"
        assert set(matchers(selector)) <= labels, selector.name


@pytest.mark.parametrize("expr", [expr for _, expr in ALL], ids=ids(ALL))
def test_results_are_grouped_by_labels_that_the_series_have(expr: str) -> None:
    """A label that no series has would be empty in every legend and every row."""
    for aggregation in aggregations(parse(expr), "sum", "max", "min", "count", "avg"):
        below = [labels_of(str(s.name)) or frozenset() for s in selectors(aggregation.expr)]
        assert set(kept_labels(aggregation)) <= frozenset().union(*below)


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.name)
def test_no_panel_shows_the_series_of_each_exporter(one: Asked) -> None:
    """Two exporters that watch one site make no second line, and `merge` finds rows to join."""
    labels = result_labels(parse(one.expr))
    assert labels is not None
    assert "instance" not in labels or one.uid == "vr-exporter"
    assert not any(selector.name is None for selector in selectors(parse(one.expr)))


@pytest.mark.parametrize("expr", [expr for _, expr in ALL], ids=ids(ALL))
def test_a_fact_that_two_exporters_tell_is_counted_once(expr: str) -> None:
    """A sum over facts of an appliance is of one exporter, or of the larger of what they say."""
    for aggregation in aggregations(parse(expr), "sum", "count", "avg"):
        if "instance" not in kept_labels(aggregation):
            for selector in unfolded(aggregation.expr, ("max", "min")):
                name = str(selector.name)
                assert ADDS_UP.match(name) or name in recorded(), name


@pytest.mark.parametrize("expr", [expr for _, expr in ALL], ids=ids(ALL))
def test_exporters_that_are_out_of_step_do_not_count_one_replication_in_two_states(
    expr: str,
) -> None:
    """The larger count of each state, added up, would be more than there are."""
    for outer in aggregations(parse(expr), "sum", "count"):
        for inner in aggregations(outer.expr, "max", "min"):
            assert not {"status", "verdict"} & set(kept_labels(inner))


@pytest.mark.parametrize("expr", [expr for _, expr in PANELS], ids=ids(PANELS))
def test_counts_of_replications_say_which_end_they_are_of(expr: str) -> None:
    """A replication between two watched sites is counted by both: one end has to be chosen."""
    for selector in selectors(parse(expr)):
        name = str(selector.name)
        labels = labels_of(name) or frozenset()
        if "direction" in labels and "replication" not in labels:
            assert "direction" in matchers(selector), name


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.name)
def test_the_largest_are_picked_once(one: Asked) -> None:
    """Over a range each step picks its own few, which makes many: picks are of now only."""
    assert one.target["instant"] or not is_pick(parse(one.expr))


@pytest.mark.parametrize("expr", [expr for _, expr in ALL], ids=ids(ALL))
def test_growth_is_that_of_counters(expr: str) -> None:
    """The rate of a gauge is a number without a meaning, and so is the slope of a counter."""
    for call in calls(parse(expr), "rate", "increase", "irate"):
        (selector,) = selectors(call.args[0])
        assert re.search(r"_(total|bucket|sum|count)$", str(selector.name))
    for call in calls(parse(expr), "deriv", "delta", "sum_over_time"):
        (selector,) = selectors(call.args[0])
        assert not str(selector.name).endswith("_total")


LEFT_OUT: Final = {
    "vr_alert_clock_skew_seconds": "the cause of an end that came late, once one did",
    "vr_alert_post_duration_seconds": "a receiver that is slow shows in what waits for it",
    "vr_alert_queue_oldest_timestamp_seconds": "the rules of the bridge watch it",
    "vr_alerts_active": "Alertmanager shows them with their names",
    "vr_api_throttled_until_timestamp_seconds": "throttles are shown as they come",
    "vr_pairing_info": "ids, for joins",
    "vr_poll_last_attempt_timestamp_seconds": "what counts is the last good one",
    "vr_polls_total": "those that failed or were skipped are shown",
    "vr_replication_recovery_state": "on the status page; nearly always absent",
    "vr_replications_removed_total": "a fall shows in the replications by status",
    "vr_webhook_alerts_total": "what came of them is shown, by outcome and reason",
    "vr_webhook_deadman_timestamp_seconds": "the rules of the bridge watch it",
    "vr_syncs_observed_bytes_total": "vr_transferred_bytes_total shows them as they move",
    "vr_task_progress_regressions_total": "for reports of bugs",
}
"""Families that no panel shows, with the reason."""


def unit_of(node: Any) -> set[str] | None:
    """The units that fit a result, as far as names of metrics tell."""
    if isinstance(node, VectorSelector | MatrixSelector):
        name = str((node.vector_selector if isinstance(node, MatrixSelector) else node).name)
        endings = {"_ratio": "percentunit", "_bytes": "bytes", "_seconds": "s"}
        stem = re.sub(r"_(total|bucket|sum)$", "", name)
        found = {unit for ending, unit in endings.items() if stem.endswith(ending)}
        return found or {"short", "none"}
    if isinstance(node, Call):
        return unit_of_call(node)
    if isinstance(node, BinaryExpr):
        if str(node.op) == "-" and isinstance(node.lhs, Call) and node.lhs.func.name == "time":
            return {"s"}
        return None if str(node.op) in ("/", "*", "-") else unit_of(node.lhs)
    if isinstance(node, AggregateExpr) and str(node.op) == "count":
        return {"short", "none"}
    return unit_of(node.expr) if hasattr(node, "expr") else None


def unit_of_call(call: Any) -> set[str] | None:
    """The units that fit what a function gives."""
    if call.func.name == "histogram_quantile":
        return {"s"}
    if call.func.name == "deriv":
        return None
    if call.func.name == "rate":
        inside = unit_of(call.args[0])
        rates = {"bytes": {"binBps"}, "s": {"short"}}
        return rates.get(next(iter(inside or {""})), {"reqps", "wps", "cps"})
    return unit_of(call.args[0]) if call.args else None


@pytest.mark.parametrize("one", asked(), ids=lambda one: one.name)
def test_units_follow_from_the_names_of_metrics(one: Asked) -> None:
    """What is in seconds is shown as time, what is in bytes as bytes."""
    if one.unit is None or one.panel["type"] == "heatmap":
        return
    fitting = unit_of(parse(one.expr))
    assert fitting is None or one.unit in fitting, fitting


def test_a_metric_has_one_unit_on_all_dashboards() -> None:
    """The same number does not look different a click further."""
    found = defaultdict[tuple[str, bool], set[str]](set)
    for one in asked():
        tree = parse(one.expr)
        names = {str(selector.name) for selector in selectors(tree)}
        if len(names) == 1 and one.unit and unit_of(tree):
            is_rate = bool(calls(tree, "rate", "deriv")) or "time()" in one.expr
            found[names.pop(), is_rate].add({"none": "short"}.get(one.unit, one.unit))
    assert {metric: units for metric, units in found.items() if len(units) > 1} == {}


def test_every_family_is_shown_somewhere_or_left_out_for_a_reason() -> None:
    """What is exposed and never looked at is either missing here or not worth its bytes."""
    shown = {
        str(selector.name).removesuffix("_bucket")
        for _, expr in ALL
        for selector in selectors(parse(expr))
    }
    assert set(families()) - shown == set(LEFT_OUT)
