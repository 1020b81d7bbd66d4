"""The dashboards hold Grafana's linter's rules, but for the exceptions that they declare."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.linter import RULES, Complaint, exceptions
from tests.panels import documents, panels_of

Json = dict[str, Any]


def excused(rule: str) -> set[tuple[str, str]]:
    """The panels for which a rule does not hold."""
    entries = exceptions().get(rule, {"entries": []})["entries"]
    return {(entry["dashboard"], entry["panel"]) for entry in entries}


def complaints(rule: str) -> list[Complaint]:
    """What a rule has against our dashboards."""
    return [one for document in documents().values() for one in RULES[rule](document)]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_holds_where_no_exception_stands(rule: str) -> None:
    """Whoever runs the linter with our file of exceptions hears nothing."""
    heard = {(one.dashboard, one.panel) for one in complaints(rule)}
    assert heard == excused(rule)


def test_exceptions_are_of_known_rules_and_have_reasons() -> None:
    """An exception says why it is one."""
    assert set(exceptions()) <= set(RULES)
    assert all(len(one["reason"]) > 20 for one in exceptions().values())


def variable(document: Json, name: str) -> Json:
    """A variable of a dashboard by its name."""
    (found,) = (v for v in document["templating"]["list"] if v["name"] == name)
    named: Json = found
    return named


def first_target(document: Json) -> Json:
    """The first query of a dashboard."""
    target: Json = panels_of(document)[0]["targets"][0]
    return target


def ask(expr: str) -> Callable[[Json], None]:
    """Put another question in the place of the first."""
    return lambda document: first_target(document).update(expr=expr)


S = 'job=~"$job",instance=~"$instance"'
SPOILED: dict[str, Callable[[Json], None]] = {
    "template-datasource-rule": lambda d: variable(d, "datasource").update(name="ds"),
    "template-job-rule": lambda d: variable(d, "job").update(allValue=".*"),
    "template-instance-rule": lambda d: variable(d, "instance").update(multi=False),
    "template-label-promql-rule": lambda d: variable(d, "site").update(query={"query": "up{"}),
    "template-on-time-change-reload-rule": lambda d: variable(d, "site").update(refresh=1),
    "panel-datasource-rule": lambda d: panels_of(d)[0].update(datasource={"uid": "prometheus"}),
    "panel-title-description-rule": lambda d: panels_of(d)[0].update(description=""),
    "panel-units-rule": lambda d: panels_of(d)[0]["fieldConfig"]["defaults"].update(unit="bananas"),
    "panel-no-targets-rule": lambda d: panels_of(d)[0].update(targets=[]),
    "target-promql-rule": ask("sum(vr_up"),
    "target-rate-interval-rule": ask(f"sum(rate(vr_polls_total{{{S}}}[5m]))"),
    "target-job-rule": ask('sum(vr_up{instance=~"$instance"})'),
    "target-instance-rule": ask('sum(vr_up{job=~"$job",instance="a:1"})'),
    "target-counter-agg-rule": ask(f"sum(vr_polls_total{{{S}}})"),
    "uneditable-dashboard": lambda d: d.update(editable=True),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_complains_of_a_dashboard_that_breaks_it(rule: str) -> None:
    """A rule that never complains would hold nothing."""
    document = copy.deepcopy(documents()["vr-exporter"])
    assert not list(RULES[rule](document))
    SPOILED[rule](document)
    assert list(RULES[rule](document))
