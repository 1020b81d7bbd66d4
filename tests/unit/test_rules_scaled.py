"""The rules of the drill are the shipped ones, faster: nothing else differs."""

from __future__ import annotations

import re
from typing import Any

import promql_parser as promql
import pytest
import yaml

from dashboards.rules_page import FILES, FOLDER
from tests.rules_scaled import numbers, scaled, scaled_expression, scaled_file, shortened

DURATION = re.compile(r"(?<![\w:.])(\d+)(ms|s|m|h|d|w|y)\b")
IN_SECONDS = {
    "VrSyncStuck": (1800, 30),
    "VrTaskLong": (21600, 360),
    "VrCertificateExpiring": (1209600, 20160),
    "VrClockSkew": (60, 1),
    "VrBridgeCannotDeliver": (300, 5),
    "VrBridgePartialDelivery": (300, 5),
    "VrBridgeInboundDead": (900, 15),
}
"""Every threshold in seconds of the shipped rules, and what it is in the drill."""

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}


def rules_of(text: str) -> list[dict[str, Any]]:
    """Every rule of a file, its group's interval among its fields."""
    content = yaml.safe_load(text)
    return [
        {**rule, "interval": group["interval"], "group": group["name"]}
        for group in content["groups"]
        for rule in group["rules"]
    ]


def masked(text: str) -> tuple[str, list[float]]:
    """A text with every duration blanked, and the durations in seconds."""
    lengths = [float(number) * SECONDS[unit] for number, unit in DURATION.findall(text)]
    return DURATION.sub("TIME", text), lengths


@pytest.mark.parametrize("name", FILES)
def test_nothing_else_changes(name: str) -> None:
    """Durations are a sixtieth, thresholds in seconds are, and all the rest is the same."""
    before = rules_of((FOLDER / name).read_text(encoding="utf-8"))
    after = rules_of(scaled_file(name))
    assert len(before) == len(after)
    for slow, fast in zip(before, after, strict=True):
        for field in ("for", "keep_firing_for", "interval"):
            long, short = masked(slow.get(field, "")), masked(fast.get(field, ""))
            assert long == (short[0], [length * 60 for length in short[1]])
        was, now = IN_SECONDS.get(slow.get("alert", ""), ("", ""))
        (text, ranges), (fast_text, fast_ranges) = masked(slow["expr"]), masked(fast["expr"])
        assert ranges == [length * 60 for length in fast_ranges]
        assert re.sub(rf" {was}\b", f" {now}", text) == fast_text if was else text == fast_text
        assert was == "" or text != fast_text
        kept = set(slow) - {"for", "keep_firing_for", "interval", "expr"}
        assert {field: slow[field] for field in kept} == {field: fast[field] for field in kept}


@pytest.mark.parametrize(
    ("slow", "fast"),
    [
        ("rate(x_total[5m] offset 1h) > 3", "rate(x_total[5s] offset 60s) > 3"),
        ("max_over_time(x[1h:1m])", "max_over_time(x[60s:1s])"),
        ("max by (a5m) (ratio_5m) > 60", "max by (a5m) (ratio_5m) > 60"),
        ('x{a="5m > 60"} > 60', 'x{a="5m > 60"} > 60'),
        ("time() - x > 600", "time() - x > 10"),
        ("600 < (time() - max(x))", "10 < (time() - max(x))"),
        ("x_seconds > 90", "x_seconds > 1.5"),
        ("a_seconds / b_seconds > 0.9", "a_seconds / b_seconds > 0.9"),
        ("count(x_seconds) > 60", "count(x_seconds) > 60"),
        ("topk(60, x_seconds) > 60", "topk(60, x_seconds) > 1"),
        ("x_timestamp_seconds - time() < 1.2e6", "x_timestamp_seconds - time() < 20000"),
        ("60 * x_total > 60", "60 * x_total > 60"),
    ],
)
def test_numbers_are_seconds_by_what_they_are_compared_with(slow: str, fast: str) -> None:
    """A unit comes from a name or from the clock, and a ratio has none."""
    assert scaled_expression(slow) == fast


def test_a_duration_with_a_rest_is_refused() -> None:
    """A drill with rounded times would prove something else."""
    assert (shortened("30s"), shortened("1h30m"), shortened("1d")) == ("500ms", "90s", "1440s")
    with pytest.raises(ValueError, match="without a rest"):
        shortened("50ms")


def test_numbers_stand_in_the_order_of_the_text() -> None:
    """Else a threshold would be taken for its neighbour."""
    found = numbers(promql.parse("1 + topk(2, x) > 3 and (4 * y_seconds) < 5"))
    assert list(found) == [(1, False), (2, False), (3, False), (4, False), (5, True)]


def test_another_factor_is_another_pace() -> None:
    """The factor is the caller's."""
    text = "groups: [{name: g, interval: 1m, rules: [{record: r, expr: 'rate(x[1m])'}]}]"
    assert yaml.safe_load(scaled(text, factor=30))["groups"][0]["interval"] == "2s"
