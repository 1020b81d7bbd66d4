"""deploy/alertmanager.yml: every alert finds its receiver, and every inhibition can happen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from dashboards.rules_page import alerts
from tests.routes_shown import (
    ANY,
    CONFIG,
    EXAMPLES,
    amtool,
    labels_of,
    main,
    receivers_of,
    sent_by_the_bridge,
)
from vr_exporter.domain.alerts import Event
from vr_exporter.domain.snapshot import POLL_FAILURE_REASONS

CONTENT: Final[Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
INHIBITIONS: Final[list[Any]] = CONTENT["inhibit_rules"]
EVERY_INHIBITION: Final = pytest.mark.parametrize(
    "rule", INHIBITIONS, ids=[str(place) for place in range(len(INHIBITIONS))]
)


def may_match(matchers: Iterable[str], labels: Mapping[str, str]) -> bool:
    """Whether an alert with these labels can satisfy all matchers."""
    return all(_may_satisfy(matcher, labels) for matcher in matchers)


def _may_satisfy(matcher: str, labels: Mapping[str, str]) -> bool:
    parts = re.fullmatch(r'(\w+) (=~|!~|!=|=) "?(.*?)"?', matcher)
    assert parts is not None, matcher
    name, operator, wanted = parts.groups()
    value = labels.get(name, "")
    if value == ANY:
        return operator != "=" or wanted != ""
    pattern = wanted if "~" in operator else re.escape(wanted)
    return (re.fullmatch(pattern, value) is not None) is not operator.startswith("!")


def pairs(rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every source and target that the matchers of an inhibition allow."""
    sources = [n for n, labels in labels_of().items() if may_match(rule["source_matchers"], labels)]
    targets = [n for n, labels in labels_of().items() if may_match(rule["target_matchers"], labels)]
    return [(source, target) for source in sources for target in targets]


def inhibited_by(source: str) -> set[str]:
    """Every alert that another silences."""
    return {t for rule in INHIBITIONS for s, t in pairs(rule) if s == source}


def wanted(labels: Mapping[str, str]) -> str:
    """Who is to hear of an alert."""
    if labels["alertname"] == "VrDeadman":
        return "vr-bridge"
    receivers = {"critical": "pager", "info": "log", "none": "log"}
    people = receivers.get(labels["severity"], "team")
    return f"vr-bridge,{people}" if "vr_action" in labels else people


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_alertmanager_accepts_the_example(example: Path) -> None:
    """As it stands."""
    assert "SUCCESS" in amtool("check-config", str(example))


@pytest.mark.parametrize("name", labels_of())
def test_every_alert_finds_its_receiver(name: str) -> None:
    """A page goes to the pager, a wish for a sync to the bridge too, the dead man there alone."""
    assert receivers_of(labels_of()[name]) == wanted(labels_of()[name])


@pytest.mark.parametrize("name", sent_by_the_bridge())
def test_what_the_bridge_sends_never_comes_back_to_it(name: str) -> None:
    """Also where somebody has put the label on it that asks for a sync."""
    assert sent_by_the_bridge()[name]["vr_origin"] == "bridge"
    asking = labels_of()[name] | {"vr_action": "sync"}
    assert "vr-bridge" not in receivers_of(asking).split(",")


def test_the_routes_are_shown_by_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m tests.routes_shown` names every alert, with who hears of it."""
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[-1] for line in lines[len(EXAMPLES) :]}
    assert rows == {name: wanted(labels) for name, labels in labels_of().items()}
    assert {event.value for event in Event} | {"VrDeadman", "VrRpoBreached"} <= set(rows)


@EVERY_INHIBITION
def test_every_inhibition_can_happen(rule: Mapping[str, Any]) -> None:
    """Each source and target that the matchers allow carry every label that must be equal."""
    assert pairs(rule)
    for pair in pairs(rule):
        for label in rule["equal"]:
            assert [name for name in pair if label not in labels_of()[name]] == [], (pair, label)


@EVERY_INHIBITION
def test_every_name_in_an_inhibition_is_an_alert(rule: Mapping[str, Any]) -> None:
    """No branch of a pattern is left over from an alert that is called otherwise."""
    patterns = [m for side in ("source", "target") for m in rule[f"{side}_matchers"]]
    for pattern in (m for m in patterns if m.startswith("alertname")):
        for branch in re.split(r'=~? "?', pattern.rstrip('"'))[1].split("|"):
            assert [name for name in labels_of() if re.fullmatch(branch, name)], branch
    reasons = {m.rpartition(" ")[2] for m in patterns if m.startswith("reason")}
    assert reasons <= set(POLL_FAILURE_REASONS)


def test_no_alerts_silence_each_other() -> None:
    """Two that inhibit each other would both be silent: there is no ring."""
    silences: dict[str, set[str]] = {name: set() for name in labels_of()}
    for rule in INHIBITIONS:
        for source, target in pairs(rule):
            silences[target].add(source)
    assert list(TopologicalSorter(silences).static_order())


def test_a_cut_link_is_one_page() -> None:
    """What is critical and follows from it is silent, or in one group with it."""
    critical = {alert.name for alert in alerts() if alert.labels["severity"] == "critical"}
    of_sites = {alert.name for alert in alerts() if alert.labels["component"] == "site"} & critical
    follows = {"VrRpoSiteWide", "VrRpoBurnFast"}
    assert {a.name for a in alerts() if a.group in {"rpo", "sync", "state"}} & critical == follows
    assert follows <= inhibited_by("VrRemoteSiteDown")
    assert of_sites == {"VrSiteDown", "VrRemoteSiteDown", "VrLocalVcDown"}
    route = next(r for r in CONTENT["route"]["routes"] if "component = site" in r["matchers"])
    assert route["group_by"] == ["component"]


def test_detail_of_a_site_out_of_sight_is_silent() -> None:
    """Whatever rests on withheld detail, and so may end unseen, VrSiteDown silences."""
    kept = {alert.name for alert in alerts() if alert.keep == "20m"}
    assert kept - inhibited_by("VrSiteDown") == set()
