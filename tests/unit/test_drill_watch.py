"""The drill's eye: what it lets pass, and what it blames."""

from __future__ import annotations

from typing import Any

import yaml

from tests.command_line import ROOT
from tests.drill.__main__ import table
from tests.drill.run import Outcome, Row
from tests.drill.stack import Stack, scaled_alertmanager
from tests.drill.watch import Expected, Watch
from tests.real_alertmanager import Webhook

DOWN = {"alertname": "VrSiteDown", "site": "madrid"}
POLLS = {"alertname": "VrPollFailing", "site": "madrid", "reason": "connect"}
SEEN = (Expected("VrSiteDown"), Expected("VrPollFailing", {"reason": "connect"}, is_inhibited=True))


class Held(Stack):
    """An Alertmanager that holds what it is told to."""

    def __init__(self) -> None:
        super().__init__("", Webhook(""))
        self.held: list[dict[str, Any]] = []

    def alerts(self) -> list[dict[str, Any]]:
        return self.held

    def hold(self, *labels: dict[str, str], inhibited: tuple[dict[str, str], ...] = ()) -> None:
        """Let these fire, and those be inhibited."""
        self.held = [{"labels": each, "status": {"inhibitedBy": []}} for each in labels]
        self.held += [{"labels": each, "status": {"inhibitedBy": ["x"]}} for each in inhibited]


def looks(*holds: dict[str, Any], is_cured: bool = False) -> Watch:
    """A watch that expects SEEN and has looked once at each of these."""
    stack = Held()
    watch = Watch(stack)
    watch.begin("fault", SEEN, is_cured=is_cured)
    for hold in holds:
        stack.hold(*hold.get("open", ()), inhibited=hold.get("inhibited", ()))
        watch.look()
    return watch


def test_what_is_expected_passes() -> None:
    """Both are there, one silenced, and then nothing is missing."""
    watch = looks({"open": [DOWN]}, {"open": [DOWN], "inhibited": (POLLS,)})
    assert (watch.missing(), watch.faults) == ([], [])
    assert looks({"open": [DOWN, POLLS]}).missing() == ["VrPollFailing"]


def test_what_nobody_expects_is_blamed() -> None:
    """Also one that differs in a label alone."""
    faults = looks({"open": [DOWN, {**POLLS, "reason": "tls"}]}).faults
    assert faults == ["fault: VrPollFailing madrid tls is not expected"]


def test_an_alert_that_ends_while_its_fault_lasts_is_blamed() -> None:
    """Unless it was silenced before, or the fault is cured; and so is one that returns."""
    (fault,) = looks({"open": [DOWN]}, {}).faults
    assert fault.endswith("resolved in the open while its fault lasted")
    assert looks({"inhibited": (POLLS,)}, {}).faults == []
    assert looks({"open": [DOWN]}, {}, is_cured=True).faults == []
    (fault,) = looks({"open": [DOWN]}, {}, {"open": [DOWN]}, is_cured=True).faults
    assert fault.endswith("came back")


def test_pages_are_groups_that_woke_somebody() -> None:
    """Both ends in one group are one page, a resolved one and another receiver's are none."""
    watch = looks({"open": [DOWN]})
    for receiver, group, is_firing in (
        ("pager", "a", True),
        ("pager", "a", True),
        ("pager", "b", False),
        ("team", "c", True),
    ):
        alert = {"status": "firing" if is_firing else "resolved", "labels": DOWN}
        told = {"receiver": receiver, "groupKey": group, "alerts": [alert]}
        watch.stack.webhook.bodies.append(told)
    assert watch.pages() == 1
    assert watch.told(next(iter(watch.sightings.values()))) == ["pager", "team"]


def test_the_table_says_what_was_not_as_expected() -> None:
    """An alert at many places is one row, and the faults stand below."""
    rows = [Row("fault", f"VrRpoBreached vm-{n}", 30.0 + n, None, "team", 5.0) for n in range(9)]
    lines = list(table([Outcome("cut link", tuple(rows), 2, ("2 pages, not 1",))]))
    assert len(lines) == 3
    assert "VrRpoBreached at 9 places" in lines[1]
    assert lines[2] == "cut link: pages: 2; 2 pages, not 1"


def test_routes_and_inhibitions_are_the_shipped_ones() -> None:
    """Intervals are a sixtieth, receivers are ours by the same names, nothing else differs."""
    text = (ROOT / "deploy/alertmanager.yml").read_text(encoding="utf-8")
    shipped, ours = yaml.safe_load(text), scaled_alertmanager(text, "http://us")
    assert [each["name"] for each in ours["receivers"]] == [e["name"] for e in shipped["receivers"]]
    assert ours["inhibit_rules"] == shipped["inhibit_rules"]
    intervals = {"group_wait", "group_interval", "repeat_interval"}
    for slow, fast in zip(
        [shipped["route"], *shipped["route"].pop("routes")],
        [ours["route"], *ours["route"].pop("routes")],
        strict=True,
    ):
        assert {k: v for k, v in slow.items() if k not in intervals} == {
            k: v for k, v in fast.items() if k not in intervals
        }
        assert slow.keys() == fast.keys()
    assert ours["route"]["group_wait"] == "500ms"
    assert ours["route"]["repeat_interval"] == "240000ms"
    assert ours["global"] == {"resolve_timeout": "5000ms"}
