from __future__ import annotations

from typing import Any

import promql_parser as promql
import pytest
import yaml

from tests.rules import selected
from vr_exporter.cli.rules.asked import Asked
from vr_exporter.cli.rules.files import alert_groups, groups, prometheus_rule, rule_file

ALL = alert_groups()
RUNBOOK = "https://wiki.example/vr"


def asked(*names: str, job: str = "vr-exporter") -> Asked:
    """What a user asks for."""
    return Asked(job=job, runbook_url=RUNBOOK, groups=names or ALL)


def rules_of(content: Any) -> list[dict[str, Any]]:
    """Every rule of a document."""
    return [rule for group in content["groups"] for rule in group["rules"]]


def jobs_in(rules: list[dict[str, Any]]) -> list[str]:
    """What selectors match the label `job` with, as the parser reads it."""
    parts = [part for rule in rules for part in _parts(promql.parse(rule["expr"]))]
    selectors = [part for part in parts if isinstance(part, promql.VectorSelector)]
    return [m.value for one in selectors for m in one.matchers.matchers if m.name == "job"]


def _parts(expression: Any) -> list[Any]:
    inner = ("lhs", "rhs", "expr", "vector_selector")
    below = [getattr(expression, name) for name in inner if hasattr(expression, name)]
    below += list(getattr(expression, "args", ()))
    return [expression, *(part for one in below for part in _parts(one))]


def test_the_groups_are_those_of_the_files() -> None:
    """Each alert group can be asked for by its name."""
    assert ALL == ("rpo", "sync", "state", "site", "exporter", "bridge", "deadman")
    assert [group.name for group in groups() if group.records] == ["recording", "baseline"]


@pytest.mark.parametrize("job", ["vr-.+", 'a"b', r"a\.b|c", "x: y #z", r"\\", "ü", "a{2}", "'"])
def test_a_job_reaches_the_selectors_as_it_was_written(job: str) -> None:
    """Quotes, backslashes and what YAML would make of it change nothing."""
    text = rule_file(asked(job=job))
    assert jobs_in(rules_of(yaml.safe_load(text))) == [job] * 3
    assert yaml.safe_load(prometheus_rule(asked(job=job)))["spec"] == yaml.safe_load(text)


def test_every_alert_points_to_the_runbook_asked_for() -> None:
    """With its own anchor."""
    for rule in rules_of(yaml.safe_load(rule_file(asked()))):
        if "alert" in rule:
            assert rule["annotations"]["runbook_url"] == f"{RUNBOOK}#{rule['alert'].lower()}"


@pytest.mark.parametrize("group", ALL)
def test_a_group_brings_the_series_that_it_reads(group: str) -> None:
    """And no others: what is printed stands by itself."""
    rules = rules_of(yaml.safe_load(rule_file(asked(group))))
    made = {rule["record"] for rule in rules if "record" in rule}
    read = {name for rule in rules for name in selected(rule["expr"]) if ":" in name}
    assert read <= made
    names = [part["name"] for part in yaml.safe_load(rule_file(asked(group)))["groups"]]
    assert names[-1] == f"vr-{group}"
    assert set(names[:-1]) <= {"vr-recording", "vr-baseline"}


def test_comments_reach_the_user() -> None:
    """The files are cut, not dumped."""
    assert "# A pairing that" not in rule_file(asked())
    for form in (rule_file, prometheus_rule):
        assert "# The only alert that may ask the bridge for a sync" in form(asked())
