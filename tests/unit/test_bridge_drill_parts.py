"""The bridge's drill: its configuration is the shipped one, and its relay changes stamps alone."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.bridge_drill.relay import NOBODY, Passed, hurried
from tests.bridge_drill.scene import BRIDGE, REPEAT, shipped
from tests.bridged import NEVER, a_body, an_alert, stamp
from tests.drill.hurry import HurriedTime
from tests.drill.stack import ALERTMANAGER
from tests.simulated import AN_INSTANT

SHIPPED = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))


def test_the_receiver_of_the_bridge_is_the_shipped_one() -> None:
    """Address and token are ours; it follows no redirect and leaves no alert out, as shipped."""
    content = shipped("http://people/", "http://relay/am-1", Path("/token"))
    (theirs,) = (each for each in SHIPPED["receivers"] if each["name"] == BRIDGE)
    (ours,) = (each for each in content["receivers"] if each["name"] == BRIDGE)
    hook = theirs["webhook_configs"][0] | {"url": "http://relay/am-1"}
    hook["http_config"]["authorization"]["credentials_file"] = "/token"
    assert ours["webhook_configs"] == [hook]
    assert content["inhibit_rules"] == SHIPPED["inhibit_rules"]


def test_only_syncs_are_asked_for_more_often_than_shipped() -> None:
    """The dead man keeps its pace, a sixtieth of the shipped one; so do people."""
    routes = shipped("http://people/", "http://relay/", Path("/token"))["route"]["routes"]
    repeats = [route.get("repeat_interval") for route in routes]
    assert repeats == ["5000ms", REPEAT, None, "60000ms", "60000ms", None]


def test_stamps_are_turned_into_those_of_the_hurried_clock() -> None:
    """A start a second ago was a minute ago there; what never ends does so nowhere."""
    time = HurriedTime(AN_INSTANT)
    sent = json.loads(a_body([an_alert(AN_INSTANT + 1.5)]))
    (alert,) = hurried(sent, time)["alerts"]
    assert alert == sent["alerts"][0] | {"startsAt": stamp(AN_INSTANT + 90), "endsAt": NEVER}


def test_a_verdict_says_what_was_taken_and_why_not() -> None:
    """No answer is told apart from an answer that there is nothing to do."""
    alerts = (("VrRpoBreached", "firing"),)
    taken = Passed(0.0, "am-1", alerts, 202, taken=1, refused={"storm": 2})
    assert taken.verdict == "202: taken 1, storm 2"
    assert Passed(0.0, "am-1", alerts, 200).verdict == "200: nothing to do"
    assert Passed(0.0, "am-1", alerts, NOBODY).verdict == "nobody answers"
