"""The bundled rules, their tests and their pages agree with each other and with the catalogue."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import promql_parser as promql
import pytest

from dashboards.rules_page import PAGE, Alert, alerts, page, recorded
from tests.documentation.repository import ROOT
from tests.rules import (
    PROMETHEUS,
    cases,
    selected,
    series_of_the_catalogue,
)

RUNBOOK: Final = (ROOT / "docs/runbooks/alerts.md").read_text(encoding="utf-8")
PARTS: Final = ("**Means.**", "**Confirm.**", "**Do.**", "**Ignore when.**")
KNOWN: Final = series_of_the_catalogue() | PROMETHEUS | {one.name for one in recorded()}
CASES: Final = ("fires", "near miss", "resolves")
ALWAYS_FIRING: Final = "VrDeadman"
FOR_NOBODY: Final = {ALWAYS_FIRING, "VrPairingCatchingUp"}
SEVERITIES: Final = {"critical", "warning", "info"}
COMPONENTS: Final = {
    "rpo": {"rpo"},
    "sync": {"sync"},
    "state": {"state"},
    "site": {"site", "poll"},
    "exporter": {"exporter"},
    "bridge": {"bridge"},
    "deadman": {"deadman"},
}
DASHBOARDS: Final = ("/d/vr-fleet", "/d/vr-replication", "/d/vr-sync-tasks", "/d/vr-exporter")
DETAIL: Final = re.compile(r"vr_replication_|vr_task_oldest|vr_pairing_remote_session|site.*:vr_r")
EVERY: Final = pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)


def section_of(alert: Alert) -> str:
    """What the runbook says of an alert."""
    return RUNBOOK.partition(f"\n### {alert.name}\n")[2].partition("\n##")[0]


def metrics_named_in(text: str) -> set[str]:
    """Words in a text that look like our series; `vr_x_*` stands for several."""
    return set(re.findall(r"(?<![\w/:-])(?:[a-z_]+:)?vr_[a-z_0-9:]+\b(?!\*)", text))


def test_names_are_unique_and_ours() -> None:
    """An alert is known by its name alone."""
    names = [alert.name for alert in alerts()]
    assert [name for name, number in Counter(names).items() if number > 1] == []
    assert all(re.fullmatch(r"Vr[A-Z][A-Za-z]+", name) for name in names)


@EVERY
def test_every_alert_says_what_it_has_to(alert: Alert) -> None:
    """Severity, component, two texts in whole sentences, links to a dashboard and the runbook."""
    severities = {"none"} if alert.name in FOR_NOBODY else SEVERITIES
    assert alert.labels["severity"] in severities
    assert alert.labels["component"] in COMPONENTS[alert.group]
    assert set(alert.annotations) == {"summary", "description", "dashboard_url", "runbook_url"}
    assert not alert.annotations["summary"].endswith(".")
    assert alert.annotations["description"].endswith(".")
    assert alert.annotations["dashboard_url"].partition("?")[0] in DASHBOARDS
    assert alert.annotations["runbook_url"].endswith(f"/runbooks#{alert.anchor}")


@EVERY
def test_what_concerns_one_vm_is_no_page(alert: Alert) -> None:
    """A page is a site, a pairing as a whole, or the watcher itself."""
    is_about_one = "$labels.vm" in alert.annotations["summary"]
    assert not (is_about_one and alert.labels["severity"] == "critical")


@EVERY
def test_alerts_on_detail_outlive_its_being_withheld(alert: Alert) -> None:
    """What a stale site withholds is kept until VrSiteDown has come: nothing resolves unseen."""
    rests_on_detail = any(DETAIL.match(name) for name in selected(alert.expression))
    assert alert.keep == ("20m" if rests_on_detail else alert.keep)


@EVERY
def test_every_alert_has_its_runbook(alert: Alert) -> None:
    """The section stands under the anchor of the alert's link and has its four parts in order."""
    section = section_of(alert)
    places = [section.find(part) for part in PARTS]
    assert -1 not in places, [p for p in PARTS if p not in section]
    assert places == sorted(places)
    ends = [*places[1:], len(section)]
    said = [
        section[at + len(p) : end].strip() for at, p, end in zip(places, PARTS, ends, strict=True)
    ]
    assert all(len(text) > 20 for text in said)
    assert "`" in said[1], "how to confirm it is an expression or a command"


def test_the_runbook_tells_of_no_other_alert() -> None:
    """A section without its alert is left over, and a mention of one leads somewhere."""
    names = {alert.name for alert in alerts()}
    assert set(re.findall(r"^### (.*)$", RUNBOOK, flags=re.MULTILINE)) == names
    assert set(re.findall(r"\bVr[A-Z][A-Za-z]+", RUNBOOK)) <= names


@EVERY
def test_every_metric_of_an_alert_is_in_the_catalogue(alert: Alert) -> None:
    """A rule on a series that nobody shows would never fire."""
    assert selected(alert.expression) - KNOWN == set()
    assert metrics_named_in(section_of(alert)) - KNOWN == set()


def test_expressions_in_the_runbook_can_be_asked() -> None:
    """What is written as an expression is one, and selects what there is."""
    asked = [
        code
        for code in re.findall(r"`([^`\n]+)`", RUNBOOK)
        if metrics_named_in(code) or code.startswith("up{")
    ]
    assert len(asked) > len(alerts()) / 2
    for code in asked:
        promql.parse(code)
        assert selected(code) <= KNOWN, code


def test_every_recorded_series_is_explained_and_used() -> None:
    """Each has its comment; each is read by a rule, but the one that is there to be looked at."""
    read = {name for alert in alerts() for name in selected(alert.expression)}
    read |= {name for one in recorded() for name in selected(one.expression)}
    for one in recorded():
        assert len(one.meaning) > 10, one.name
        assert selected(one.expression) <= KNOWN
    assert {one.name for one in recorded()} - read == {"site:vr_rpo_compliance:ratio"}


def test_the_page_is_fresh() -> None:
    """`python -m dashboards.rules_page` changes nothing."""
    assert page() == PAGE.read_text(encoding="utf-8")


@EVERY
def test_every_alert_has_its_three_cases(alert: Alert) -> None:
    """It fires with its exact texts, stays away from a near miss, and resolves."""
    kinds = CASES[:1] if alert.name == ALWAYS_FIRING else CASES
    for kind in kinds:
        checks = cases()[f"{alert.name} {kind}"]["alert_rule_test"]
        assert {check["alertname"] for check in checks} == {alert.name}
        expected = [check["exp_alerts"] for check in checks]
        texts = [set(one["exp_annotations"]) for alerts_ in expected for one in alerts_]
        assert all(text == set(alert.annotations) for text in texts)
        if kind == "fires":
            assert expected[-1]
            assert cases()[f"{alert.name} {kind}"]["promql_expr_test"]
        if kind == "resolves":
            assert expected[0]
            assert expected[-1] == []


@EVERY
def test_a_near_miss_is_near(alert: Alert) -> None:
    """Beside the series that miss stand those that fire, or the miss proves nothing.

    Of what no second can exist of, the absence of all, the near miss is another fact.
    """
    if alert.name == ALWAYS_FIRING:
        assert f"{alert.name} near miss" not in cases()
        return
    fires, miss = cases()[f"{alert.name} fires"], cases()[f"{alert.name} near miss"]
    series_that_fire = {(one["series"], one["values"]) for one in fires["input_series"]}
    series_that_miss = {(one["series"], one["values"]) for one in miss["input_series"]}
    assert series_that_miss - series_that_fire
    expected = miss["alert_rule_test"][0]["exp_alerts"]
    assert expected == ([] if alert.name == "VrExporterAbsent" else expected[:1])
