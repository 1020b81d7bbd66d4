"""The committed dashboards are those of the description, and well formed."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.build import DASHBOARDS, text, write
from dashboards.build.looks import STATUS_GROUPS
from dashboards.build.quiet import QUIET, QUIET_MARKS, QUIET_QUERIES
from dashboards.build.runbook import RUNBOOK
from tests.panels import FOLDER, asked, column_titles, documents, panels_of, properties_of
from vr_exporter.domain.inventory import KNOWN_STATUSES, OTHER_STATUS

Json = dict[str, Any]

UIDS = ("vr-exporter", "vr-fleet", "vr-replication", "vr-sync-tasks")
PANELS = [(uid, panel) for uid, document in documents().items() for panel in panels_of(document)]

each_dashboard = pytest.mark.parametrize("uid", UIDS)
each_panel = pytest.mark.parametrize(
    ("uid", "panel"), PANELS, ids=[f"{uid}: {panel['title']}" for uid, panel in PANELS]
)


def test_the_committed_dashboards_are_those_described(tmp_path: Path) -> None:
    """Whoever changes a description runs `python -m dashboards.build`."""
    write(tmp_path)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert made == committed
    assert set(documents()) == set(UIDS)


def test_keys_are_in_order() -> None:
    """A change shows as itself, not as a shuffle."""
    for dashboard in DASHBOARDS:
        written = text(dashboard)
        again = json.dumps(json.loads(written), ensure_ascii=False, indent=2, sort_keys=True)
        assert written == again + "\n"


@each_dashboard
def test_the_head_of_a_dashboard(uid: str) -> None:
    """It can be provisioned and imported, and nobody edits it in the browser."""
    document = documents()[uid]
    assert "id" not in document
    assert "__inputs" not in document
    assert re.fullmatch(r"[a-z-]{1,40}", document["uid"])
    assert document["editable"] is False
    assert document["tags"]
    assert document["description"].endswith(".")
    assert (document["refresh"], document["graphTooltip"]) == ("1m", 1)
    assert 39 <= document["schemaVersion"] <= 42


def test_titles_of_dashboards_differ() -> None:
    """Two of one title in a folder are trouble for provisioning."""
    assert len({document["title"] for document in documents().values()}) == len(UIDS)


@each_dashboard
def test_dashboards_lead_to_each_other_with_choice_and_time(uid: str) -> None:
    """The link by tag takes the variables and the time range along, and every one has the tag."""
    document = documents()[uid]
    (link,) = document["links"]
    assert (link["type"], link["includeVars"], link["keepTime"]) == ("dashboards", True, True)
    assert all(set(link["tags"]) <= set(other["tags"]) for other in documents().values())


def links_in(node: Any) -> list[str]:
    """Every address within a piece of JSON."""
    if isinstance(node, dict):
        own = [node["url"]] if isinstance(node.get("url"), str) and node["url"] else []
        return own + [url for value in node.values() for url in links_in(value)]
    return [url for one in node for url in links_in(one)] if isinstance(node, list) else []


def test_links_to_a_dashboard_take_time_choice_and_row_along() -> None:
    """From an offender to its story, with nothing lost on the way."""
    inner = [url for document in documents().values() for url in links_in(document) if "/d/" in url]
    assert inner
    for url in inner:
        uid = url.removeprefix("/d/").partition("/")[0]
        known = {variable["name"] for variable in documents()[uid]["templating"]["list"]}
        given = set(re.findall(r"\$\{(\w+):queryparam\}", url))
        given |= set(re.findall(r"var-(\w+)=", url))
        assert given == known
        assert "${__url_time_range}" in url


@each_panel
def test_a_row_that_is_linked_has_the_label_that_the_link_takes(uid: str, panel: Json) -> None:
    """A link filled with nothing leads to the wrong replication."""
    del uid
    taken = {name for url in links_in(panel) for name in re.findall(r"__data\.fields\.(\w+)", url)}
    for name in taken:
        assert properties_of(panel, name) == {"custom.hidden": True}
        assert all(re.search(rf"by \([^)]*\b{name}\b", t["expr"]) for t in panel["targets"])


@each_dashboard
def test_ids_are_unique_and_places_do_not_overlap(uid: str) -> None:
    """Every panel lies within 24 columns and on no other."""
    panels = documents()[uid]["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@each_dashboard
def test_lines_of_panels_are_full(uid: str) -> None:
    """No hole at the right, and no ragged lower edge."""
    lines: dict[int, list[Json]] = {}
    for panel in documents()[uid]["panels"]:
        lines.setdefault(panel["gridPos"]["y"], []).append(panel["gridPos"])
    for y, line in lines.items():
        assert sum(place["w"] for place in line) == 24, y
        assert len({place["h"] for place in line}) == 1, y
    ends = [(y, y + line[0]["h"]) for y, line in sorted(lines.items())]
    assert all(end == start for (_, end), (start, _) in pairwise(ends))


@each_dashboard
def test_titles_of_panels_differ(uid: str) -> None:
    """What is quiet is told by its title."""
    titles = [panel["title"] for panel in panels_of(documents()[uid])]
    assert len(set(titles)) == len(titles)


@each_dashboard
def test_variables_are_used_and_what_is_used_is_a_variable(uid: str) -> None:
    """A choice that changes nothing misleads, and so does a name that nobody fills in."""
    document = documents()[uid]
    defined = [variable["name"] for variable in document["templating"]["list"]]
    exprs = [one.expr for one in asked() if one.uid == uid]
    exprs += [mark["expr"] for mark in document["annotations"]["list"]]
    queries = [str(v["query"]) for v in document["templating"]["list"]]
    named = [set(re.findall(r"\$(\w+)", text)) for text in (*exprs, *queries)]
    used = {name for names in named for name in names if not name.startswith("__")}
    assert used | {"datasource"} == set(defined)
    assert len(set(defined)) == len(defined)


@each_dashboard
def test_variables_only_look_at_those_before_them(uid: str) -> None:
    """A choice narrows the ones to its right."""
    seen: set[str] = set()
    for variable in documents()[uid]["templating"]["list"]:
        assert set(re.findall(r"\$(\w+)", str(variable["query"]))) <= seen
        seen.add(variable["name"])


def test_a_vm_is_chosen_by_its_name_and_asked_for_by_its_id() -> None:
    """Grafana shows the group `text` of the expression and fills in the group `value`."""
    (choice,) = (
        v for v in documents()["vr-replication"]["templating"]["list"] if v["name"] == "replication"
    )
    pattern = choice["regex"].strip("/").replace("(?<", "(?P<")
    answer = '{replication="GID-7",vm="db 01 (old)"} 1 1795443000000'
    found = re.search(pattern, answer)
    assert found is not None
    assert found.groupdict() == {"value": "GID-7", "text": "db 01 (old)"}


@each_panel
def test_descriptions_say_something_and_end(uid: str, panel: Json) -> None:
    """What is good and what to do, in sentences."""
    del uid
    assert len(panel["description"]) > 40
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["noValue"]


def alerts() -> set[str]:
    """The names of the alerts that our rules raise."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob("rules/*.yml")]
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    return {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}


def test_panels_lead_to_pages_of_the_runbook_that_exist() -> None:
    """Every link is to an alert of ours, by its name in lower case."""
    anchors = {f"{RUNBOOK}#{name.lower()}" for name in alerts()}
    linked = {url for _, panel in PANELS for url in links_in(panel["links"])}
    written = {
        url for _, panel in PANELS for url in re.findall(r"\]\((.+?)\)", panel["description"])
    }
    assert linked == written
    assert linked <= anchors


def test_every_alert_has_a_panel_that_leads_to_its_page() -> None:
    """Who is woken by an alert finds on a dashboard what it is about."""
    linked = {url for _, panel in PANELS for url in links_in(panel["links"])}
    without = {name for name in alerts() if f"{RUNBOOK}#{name.lower()}" not in linked}
    assert without == WITHOUT_PANEL


WITHOUT_PANEL = {"VrDeadman", "VrPairingCatchingUp"}
"""It fires always; the other one is for Alertmanager alone."""


@each_panel
def test_shares_have_their_limits(uid: str, panel: Json) -> None:
    """An axis of per cent ends where it has to, so that two of them can be compared."""
    del uid
    defaults = panel["fieldConfig"]["defaults"]
    if defaults["unit"] == "percentunit":
        custom = defaults["custom"]
        assert "min" in defaults or "axisSoftMin" in custom
        assert "max" in defaults or "axisSoftMax" in custom


@each_panel
def test_colours_are_of_the_palette(uid: str, panel: Json) -> None:
    """Grafana's own green and red look the same to one man in twelve."""
    del uid
    palette = {"#009E73", "#56B4E9", "#0072B2", "#F0E442", "#E69F00", "#D55E00", "#CC79A7"}
    palette |= {"#999999", "#8B5A2B"}
    named = re.findall(r'"(?:color|fixedColor)": "([^"]+)"', json.dumps(panel))
    assert set(named) <= palette


@each_panel
def test_charts_have_legends_with_figures_and_few_lines(uid: str, panel: Json) -> None:
    """What counts stands in the legend, the largest first, and no line bridges a gap."""
    del uid
    if panel["type"] == "timeseries":
        legend = panel["options"]["legend"]
        assert (legend["displayMode"], legend["sortDesc"]) == ("table", True)
        assert legend["sortBy"] == ("Total" if "sum" in legend["calcs"] else "Last *")
        assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False


@each_panel
def test_what_is_added_up_is_counted_in_steps_that_do_not_overlap(uid: str, panel: Json) -> None:
    """A window wider than the step counts twice; one of a scrape or less counts nothing."""
    del uid
    is_summed = "sum" in panel["options"].get("legend", {}).get("calcs", [])
    windows = re.findall(r"\bincrease\([^\[]+\[([^\]]+)\]", json.dumps(panel["targets"]))
    if is_summed or panel["type"] == "heatmap":
        assert set(windows) == {"$__interval"}
    if "$__interval" in windows:
        assert panel["interval"] == "10m"


@each_panel
def test_no_chart_has_a_line_for_each_replication(uid: str, panel: Json) -> None:
    """With 5,000 of them a legend is no legend: tables pick the largest."""
    del uid
    for target in panel["targets"]:
        is_many = re.search(r"^\S+ by \([^)]*\breplication\b", target["expr"])
        assert not (is_many and target["range"])


@each_panel
def test_tables_join_rows_and_name_every_column(uid: str, panel: Json) -> None:
    """`merge` joins rows by their labels; what has no title is not shown."""
    del uid
    if panel["type"] != "table":
        return
    assert [step["id"] for step in panel["transformations"]] == ["merge", "organize"]
    options = panel["transformations"][1]["options"]
    assert all(options["renameByName"].values())
    for target in panel["targets"]:
        assert (target["format"], target["instant"]) == ("table", True)
    fields = {t for t in column_titles(panel) if t}
    fields |= set(options["renameByName"].values()) | set(options["indexByName"])
    for override in panel["fieldConfig"]["overrides"]:
        assert override["matcher"]["options"] in fields


@each_panel
def test_queries_have_ids_and_ask_for_no_exemplars(uid: str, panel: Json) -> None:
    """A, B, C, as the columns of tables are named after them."""
    del uid
    targets = panel["targets"]
    assert [t["refId"] for t in targets] == list("ABCDEFGHIJKLMNOP"[: len(targets)])
    assert not any(t["exemplar"] for t in targets)


def test_groups_of_states_hold_every_state_once() -> None:
    """No replication is left out of the bands, and none is in two."""
    grouped = [status for group in STATUS_GROUPS for status in group.statuses]
    assert sorted(grouped) == sorted((*KNOWN_STATUSES, OTHER_STATUS))
    assert [group.code for group in STATUS_GROUPS] == list(range(1, len(STATUS_GROUPS) + 1))


def test_what_is_declared_quiet_exists() -> None:
    """A panel that was renamed is not quiet by mistake."""
    titles = {(uid, panel["title"]): len(panel["targets"]) for uid, panel in PANELS}
    assert {(uid, title) for uid, quiet in QUIET.items() for title in quiet} <= set(titles)
    for uid, quiet in QUIET_QUERIES.items():
        for title, places in quiet.items():
            assert max(places) < titles[uid, title]
    marks = {m["name"] for d in documents().values() for m in d["annotations"]["list"]}
    assert set(QUIET_MARKS) <= marks
