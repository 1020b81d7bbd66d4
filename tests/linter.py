"""The rules of Grafana's dashboard-linter, each as the complaints that it has of a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml
from grafana_foundation_sdk.models import units
from promql_parser import MatrixSelector

from tests.panels import FOLDER, Asked, Json, asked_by, panels_of
from tests.queries import RATE_INTERVAL, calls, matchers, parse, selectors

UNITS: Final = frozenset(v for k, v in vars(units).items() if not k.startswith("_"))
DATASOURCES: Final = ("$datasource", "${datasource}")

_DESCRIBED: Final = ("stat", "singlestat", "graph", "table", "timeseries", "gauge")
_QUESTIONS: Final = ("label_values", "label_names", "metrics", "query_result")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a rule has against a dashboard, or one panel or query of it."""

    dashboard: str
    panel: str = ""
    target: int | None = None


Rule = Callable[[Json], Iterator[Complaint]]


def template_datasource(document: Json) -> Iterator[Complaint]:
    """There is one variable for the data source, called so."""
    found = [v for v in _variables(document) if v["type"] == "datasource"]
    names = [v["name"] for v in found]
    labels = [v["label"] for v in found]
    if names != ["datasource"] or labels != ["Data source"] or found[0]["query"] != "prometheus":
        yield Complaint(document["title"])


def template_job(document: Json) -> Iterator[Complaint]:
    """Jobs can be chosen, several or all."""
    yield from _chosen(document, "job", "Job")


def template_instance(document: Json) -> Iterator[Complaint]:
    """Instances can be chosen, several or all."""
    yield from _chosen(document, "instance", "Instance")


def template_label_promql(document: Json) -> Iterator[Complaint]:
    """What a variable asks is a known question about valid PromQL."""
    for variable in _queried(document):
        question, _, rest = variable["query"]["query"].partition("(")
        asked = rest.removesuffix(")")
        if question == "label_values":
            asked = asked.rpartition(",")[0]
        if question not in _QUESTIONS or not _is_promql(asked):
            yield Complaint(document["title"])


def template_on_time_change_reload(document: Json) -> Iterator[Complaint]:
    """Every variable is asked again when the time range moves."""
    for variable in _queried(document):
        if variable["refresh"] != 2:
            yield Complaint(document["title"])


def panel_datasource(document: Json) -> Iterator[Complaint]:
    """Panels, queries, variables and marks ask the data source that is chosen."""
    for panel in panels_of(document):
        for asking in (panel, *panel["targets"]):
            if asking["datasource"]["uid"] not in DATASOURCES:
                yield Complaint(document["title"], panel["title"])
    for asking in (*_queried(document), *document["annotations"]["list"]):
        if asking["datasource"]["uid"] not in DATASOURCES:
            yield Complaint(document["title"])


def panel_title_description(document: Json) -> Iterator[Complaint]:
    """Panels say what they are, and more."""
    for panel in _described(document):
        if not panel["title"] or not panel["description"]:
            yield Complaint(document["title"], panel["title"])


def panel_units(document: Json) -> Iterator[Complaint]:
    """Units are Grafana's, also those of single columns."""
    for panel in _described(document):
        config = panel["fieldConfig"]
        found = [config["defaults"].get("unit")]
        found += [
            one["value"]
            for override in config["overrides"]
            for one in override["properties"]
            if one["id"] == "unit"
        ]
        if not UNITS.issuperset(found):
            yield Complaint(document["title"], panel["title"])


def panel_no_targets(document: Json) -> Iterator[Complaint]:
    """A panel asks something."""
    for panel in panels_of(document):
        if not panel["targets"]:
            yield Complaint(document["title"], panel["title"])


def target_promql(document: Json) -> Iterator[Complaint]:
    """Every query is valid PromQL."""
    yield from _about(document, lambda one: not _is_promql(one.expr))


def target_rate_interval(document: Json) -> Iterator[Complaint]:
    """Rates look at as much time as Grafana says."""
    yield from _about(document, _has_odd_rate)


def target_job(document: Json) -> Iterator[Complaint]:
    """Every selector is of the jobs that are chosen."""
    yield from _about(document, lambda one: _lacks(one, "job"))


def target_instance(document: Json) -> Iterator[Complaint]:
    """Every selector is of the instances that are chosen."""
    yield from _about(document, lambda one: _lacks(one, "instance"))


def target_counter_agg(document: Json) -> Iterator[Complaint]:
    """A counter is only looked at through its growth."""
    yield from _about(document, _has_bare_counter)


def uneditable_dashboard(document: Json) -> Iterator[Complaint]:
    """What is generated is not edited in the browser."""
    if document["editable"]:
        yield Complaint(document["title"])


RULES: Final[dict[str, Rule]] = {
    f"{rule.__name__.replace('_', '-')}-rule".replace("dashboard-rule", "dashboard"): rule
    for rule in (
        template_datasource,
        template_job,
        template_instance,
        template_label_promql,
        template_on_time_change_reload,
        panel_datasource,
        panel_title_description,
        panel_units,
        panel_no_targets,
        target_promql,
        target_rate_interval,
        target_job,
        target_instance,
        target_counter_agg,
        uneditable_dashboard,
    )
}
"""Under the names that the linter gives them."""


def exceptions() -> dict[str, dict[str, Any]]:
    """The file of exceptions: by rule, with a reason and the places."""
    read: dict[str, Any] = yaml.safe_load((FOLDER / ".lint").read_text(encoding="utf-8"))
    return dict(read["exclusions"])


def _variables(document: Json) -> list[Json]:
    return list(document["templating"]["list"])


def _queried(document: Json) -> list[Json]:
    return [v for v in _variables(document) if v["type"] == "query"]


def _chosen(document: Json, name: str, label: str) -> Iterator[Complaint]:
    wanted = {"label": label, "multi": True, "allValue": ".+", "type": "query"}
    found = [v for v in _variables(document) if v["name"] == name]
    if [{key: v[key] for key in wanted} for v in found] != [wanted]:
        yield Complaint(document["title"])


def _described(document: Json) -> list[Json]:
    return [panel for panel in panels_of(document) if panel["type"] in _DESCRIBED]


def _about(document: Json, is_bad: Callable[[Asked], bool]) -> Iterator[Complaint]:
    for one in asked_by(document["uid"], document):
        if is_bad(one):
            yield Complaint(document["title"], one.panel["title"], one.place)


def _is_promql(expr: str) -> bool:
    try:
        parse(expr)
    except ValueError:
        return False
    return True


def _has_odd_rate(one: Asked) -> bool:
    rates = calls(parse(one.expr), "rate", "irate")
    return any(call.args[0].range != RATE_INTERVAL for call in rates)


def _lacks(one: Asked, label: str) -> bool:
    found = [matchers(selector).get(label) for selector in selectors(parse(one.expr))]
    return any(matcher != ("=~", f"${label}") for matcher in found)


def _has_bare_counter(one: Asked) -> bool:
    tree = parse(one.expr)
    grown = [call.args[0] for call in calls(tree, "rate", "irate", "increase")]
    inside = [n.vector_selector for n in grown if isinstance(n, MatrixSelector)]
    return sum(map(_is_counter, selectors(tree))) != sum(map(_is_counter, inside))


def _is_counter(selector: Any) -> bool:
    return str(selector.name).endswith("_total")
