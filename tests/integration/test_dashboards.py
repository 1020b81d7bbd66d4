"""The dashboards and rules against a real Prometheus that holds stepped days."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.day import dashboards
from tests.day.asking import Asking
from tests.day.day import Plan
from tests.day.days import StoredDay, read_rules, shared, store
from tests.day.facts import alerts_of_one_fact
from tests.day.proof import Proof, Report
from tests.day.quiet import NOTHING, SHIPPED, Quiet
from tests.day.sample import a_dashboard, a_panel
from tests.day.variables import Choice, Choices
from tests.simulated import AN_INSTANT

pytestmark = pytest.mark.xdist_group("stepped-days")

HOURS = 2.5
REPLICATIONS = 48
SHORT_HOURS = 0.25
END = AN_INSTANT // 60 * 60


@dataclass(frozen=True, slots=True)
class Days:
    """A lively day and a bad one, each with a Prometheus on it."""

    lively: StoredDay
    bad: StoredDay
    asking_lively: Asking
    asking_bad: Asking

    def prove(self, *documents: dict[str, Any], quiet: Quiet = NOTHING) -> Report:
        """Run dashboards given as JSON."""
        return self.proof().run([dashboards.read(one, quiet) for one in documents])

    def filled(self, place: str, **values: str) -> str:
        """A query of a shipped dashboard, with All for each variable but those given."""
        for one in dashboards.read_all(quiet=SHIPPED):
            for query in one.queries:
                if query.place == place:
                    chosen = Choices(one, self.asking_lively).all.values
                    return Choice({**chosen, **values}).fill(query.expression)
        raise AssertionError(f"no query at {place}")

    def proof(self) -> Proof:
        """A proof that has not begun."""
        types = {**self.lively.told.types, **self.bad.told.types}
        return Proof(self.asking_lively, self.asking_bad, types)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Days]:
    """Both days, short, ending at the instant of all tests; made once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    together = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    lively, bad = (
        shared(
            Plan(END, hours=HOURS, replications=REPLICATIONS, is_bad=is_bad),
            together / f"stepped-day-{is_bad:d}",
            groups=read_rules(),
            own=tmp_path_factory.mktemp("day"),
        )
        for is_bad in (False, True)
    )
    with lively.serve() as asking_lively, bad.serve() as asking_bad:
        yield Days(lively, bad, asking_lively, asking_bad)


def failures(report: Report) -> list[str]:
    """What was found wrong, in words."""
    return [failure.text for failure in report.failures]


def test_every_query_of_every_dashboard_answers(days: Days) -> None:
    """Panels, variables and annotations hold with All and with each single value."""
    report = days.proof().run(dashboards.read_all(quiet=SHIPPED))
    assert report.failures == []


def test_the_sample_holds(days: Days) -> None:
    """What the tests below break is whole before."""
    report = days.prove(a_dashboard())
    assert report.failures == []
    assert (report.panels, report.queries, report.variables) == (1, 2, 3)


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("sum(vr_upp) or vector(0)", "nothing is ever selected by vr_upp{}"),
        ("sum(rate(vr_up[5m]))", "rate() of vr_up, which is no counter"),
        ("max by (site) (vr_up) == 7", "no data: max by (site) (vr_up) == 7"),
        ('max by (site) (vr_up{site=~"$sight"})', "no variable $sight"),
        ("sum(vr_up", "unclosed left parenthesis"),
        ('{__name__=~"vr_.+"}', "series at once"),
        (
            "vr_replication_rpo_seconds * on (replication) vr_replication_info",
            "many-to-many",
        ),
    ],
)
def test_a_broken_query_is_told(days: Days, expression: str, fault: str) -> None:
    """Each way to break a query is a failure that says so."""
    report = days.prove(a_dashboard(a_panel(expression)))
    assert any(fault in text for text in failures(report)), failures(report)


def test_a_quiet_panel_answers_on_the_bad_day_only(days: Days) -> None:
    """What needs trouble has no data on the lively day, and is proven by the bad one."""
    document = a_dashboard(a_panel("max by (site) (vr_up) == 0", instant=True))
    assert (
        days.prove(
            document, quiet=Quiet({"sample": {"Sites": "needs a site that is down"}})
        ).failures
        == []
    )
    assert len(days.prove(document).failures) == 1


def test_a_metric_that_is_renamed_is_missed(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The proof fails when the exporter writes one metric under another name."""
    plan = Plan(END, hours=SHORT_HOURS, broken="vr_up")
    day = store(plan, tmp_path_factory.mktemp("broken"), groups=[])
    with day.serve() as asking:
        document = dashboards.read(a_dashboard())
        report = Proof(asking, asking, day.told.types).run([document])
    assert any("vr_up" in text for text in failures(report))


@pytest.mark.parametrize("title", ["Replications", "Outside RPO", "In error", "Excused"])
@pytest.mark.parametrize("site", ["madrid", "berlin"])
def test_a_total_is_that_of_one_exporter(days: Days, title: str, site: str) -> None:
    """Of two exporters out of step the total of a site is never more than what one counts."""
    both, one, other = (
        days.asking_lively.numbers(
            days.filled(f"vr-fleet / {title} / A", instance=instance, site=site)
        )
        for instance in (".+", "exporter-1:10843", "exporter-2:10843")
    )
    assert len(both) == HOURS * 60
    assert both == list(map(max, one, other))


def test_fleet_totals_are_those_of_the_world(days: Days) -> None:
    """Two sites see each replication: it is counted once, breaches give or take one poll."""
    truth = days.lively.told.truth
    there = len(truth["replications"])
    counted = days.asking_lively.numbers(days.filled("vr-fleet / Replications / A"))
    assert {there, there - 1} >= set(counted), "one may be away while its VM is configured anew"
    late = days.filled("vr-fleet / Outside RPO / A", instance="exporter-1:10843")
    assert breached(truth) > 1
    assert abs(days.asking_lively.numbers(late)[-1] - breached(truth)) <= 1


def test_recorded_totals_count_each_replication_once(days: Days) -> None:
    """The rules never judge more replications than an exporter has just seen."""
    judged = 'vr_replications_rpo{direction!="incoming",verdict=~"met|late|breached"}'
    seen = f"max by (site) (sum by (site, instance) ({judged}))"
    lately = f"max_over_time(({seen})[3m:1m])"
    assert days.asking_lively.range(f"site:vr_rpo_judged:sum <= {lately}").series
    assert days.asking_lively.range(f"site:vr_rpo_judged:sum > {lately}").series == ()


def test_a_fact_raises_one_alert(days: Days) -> None:
    """Whoever sees it: no replication, site or pairing has two alerts of one name at a time."""
    firing = [one for one in days.bad.raised if one.state == "firing"]
    assert len({one.labels["alertname"] for one in firing}) >= 10
    assert Counter(alerts_of_one_fact(firing)) == {}


def test_the_rules_of_the_bridge_fire_on_what_the_program_shows(days: Days) -> None:
    """An Alertmanager that is away: nobody takes our alerts, and the dead man comes no more."""
    told = {one.labels["alertname"] for one in days.bad.raised if one.state == "firing"}
    assert {"VrBridgeInboundDead", "VrBridgeCannotDeliver", "VrBridgeAlertsDropped"} <= told
    away = "time() - vr_webhook_deadman_timestamp_seconds"
    assert max(days.asking_bad.numbers(f"max({away})")) > 900


def test_recorded_series_are_there(days: Days) -> None:
    """Every recording rule that a day is long enough for has given series, two exporters or not."""
    rules = [rule for group in read_rules() for rule in group["rules"] if "record" in rule]
    missing = [
        rule["record"]
        for rule in rules
        if "[7d]" not in rule["expr"] and not days.asking_bad.has_series(rule["record"])
    ]
    assert missing == []


def breached(truth: dict[str, Any]) -> int:
    """How many replications of the world are past RPO and grace, and expected to sync."""
    excused = {"PAUSED", "INITIAL_FULL_SYNC", "CONFIGURING", "RECOVERING", "RECOVERED"}
    return sum(
        one["rpo_violation_seconds"] > max(0.2 * one["rpo_seconds"], 300)
        and one["status"] not in excused
        and not one["status"].startswith("NOT_ACTIVE")
        for one in truth["replications"]
    )
