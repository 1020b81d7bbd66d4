"""What `check` makes of an Alertmanager's configuration."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.bridged import some_settings
from vr_exporter.cli.check.report import Mark
from vr_exporter.cli.check.routing import judge

WEBHOOK = {
    "url": "http://exporter:10843/api/v1/alertmanager",
    "send_resolved": True,
    "max_alerts": 0,
    "http_config": {"follow_redirects": False},
}
GOOD: dict[str, Any] = {
    "route": {
        "receiver": "team",
        "group_wait": "30s",
        "group_interval": "5m",
        "routes": [
            {
                "matchers": ["alertname = VrDeadman"],
                "receiver": "vr-bridge",
                "group_interval": "1m",
                "repeat_interval": "5m",
            },
            {
                "matchers": ["vr_action = sync", "vr_origin != bridge"],
                "receiver": "vr-bridge",
                "group_interval": "1m",
                "repeat_interval": "30m",
                "continue": True,
            },
            {"receiver": "team"},
        ],
    },
    "receivers": [
        {"name": "team", "webhook_configs": [{"url": "http://pager.example/"}]},
        {"name": "vr-bridge", "webhook_configs": [WEBHOOK]},
    ],
}


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The good configuration with one thing changed; None takes it away."""
    config = deepcopy(GOOD)
    place: Any = config
    for key in path[:-1]:
        place = place[key]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return config


def test_a_configuration_like_the_shipped_example_has_no_fault() -> None:
    """Every finding says ok."""
    found = list(judge(GOOD, some_settings(["madrid"])))
    assert {each.mark for each in found} == {Mark.OK}


HOOK = ("receivers", 1, "webhook_configs", 0)
FAULTS: dict[str, tuple[dict[str, Any], Mark, str]] = {
    "send_resolved": (changed(*HOOK, "send_resolved", to=False), Mark.WARN, "send_resolved: true"),
    "max_alerts": (changed(*HOOK, "max_alerts", to=50), Mark.WARN, "max_alerts: 0"),
    "redirects": (changed(*HOOK, "http_config", to=None), Mark.NOTE, "follow_redirects: false"),
    "no webhook": (changed(*HOOK, "url", to="http://x/other"), Mark.FAIL, "/api/v1/alertmanager"),
    "no route": (changed("route", "routes", 1, to=None), Mark.FAIL, "vr_action = sync"),
    "repeat": (
        changed("route", "routes", 1, "repeat_interval", to="5m"),
        Mark.WARN,
        "repeat_interval: 30m",
    ),
    "group interval": (
        changed("route", "routes", 1, "group_interval", to="1h"),
        Mark.WARN,
        "group_interval: 1m",
    ),
    "min_hold": (changed("route", "group_interval", to="10m"), Mark.WARN, "min_hold: above 10m"),
    "no deadman": (changed("route", "routes", 0, to=None), Mark.WARN, "alertname = VrDeadman"),
    "slow deadman": (
        changed("route", "routes", 0, "repeat_interval", to="1h"),
        Mark.WARN,
        "repeat_interval: 5m",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_does_not_fit_is_said_with_its_remedy_in_one_line(name: str) -> None:
    """One finding for one fault, which says what to change."""
    config, mark, remedy = FAULTS[name]
    found = [each for each in judge(config, some_settings(["madrid"])) if each.mark is not Mark.OK]
    assert [each.mark for each in found] == [mark]
    assert remedy in found[0].remedy


def test_a_hidden_address_is_told_by_the_name_of_its_receiver() -> None:
    """Newer Alertmanagers hide every URL."""
    found = list(judge(changed(*HOOK, "url", to="<secret>"), some_settings(["madrid"])))
    assert {each.mark for each in found} == {Mark.OK}
