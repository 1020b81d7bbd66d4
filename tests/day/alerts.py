"""The alerts that rules would have raised over a day, worked out as Prometheus does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser

from tests.day.asking import STEP_SECONDS, AskError, Asking, Labels


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert in one state at one moment; `labels` hold `alertname` and those of the rule."""

    moment: float
    state: str
    labels: Labels


def raised(groups: Iterable[dict[str, Any]], asking: Asking) -> list[Raised]:
    """Evaluate every alert once a minute, with its `for` and `keep_firing_for`."""
    return [
        found
        for group in groups
        for rule in group["rules"]
        if "alert" in rule
        for found in _of_rule(rule, asking)
    ]


def store(alerts: Iterable[Raised], path: Path) -> None:
    """Write them as the series `ALERTS`, which Prometheus keeps of its rules."""
    lines = [
        f"ALERTS{_braced({**one.labels, 'alertstate': one.state})} 1 {one.moment:.0f}\n"
        for one in sorted(alerts, key=lambda one: one.moment)
    ]
    path.write_text("".join(("# TYPE ALERTS gauge\n", *lines, "# EOF\n")), encoding="utf-8")


def _of_rule(rule: dict[str, Any], asking: Asking) -> Iterator[Raised]:
    moments: dict[tuple[tuple[str, str], ...], set[float]] = {}
    for series in asking.points(rule["expr"])["data"]["result"]:
        labels = tuple(sorted(kv for kv in series["metric"].items() if kv[0] != "__name__"))
        found = {float(moment) for moment, _ in series["values"]}
        if found & moments.setdefault(labels, set()):
            raise AskError(f"{rule['alert']}: two series of {dict(labels)} at one moment")
        moments[labels] |= found
    for labels, found in moments.items():
        told = {**dict(labels), **rule.get("labels", {}), "alertname": rule["alert"]}
        for moment, state in _states(found, rule, asking):
            yield Raised(moment, state, told)


def _states(
    moments: set[float], rule: dict[str, Any], asking: Asking
) -> Iterator[tuple[float, str]]:
    """Walk along the minutes: pending, firing after `for`, kept for `keep_firing_for`."""
    wait, keep = _seconds(rule, "for"), _seconds(rule, "keep_firing_for")
    since = last = None
    moment = asking.start
    while moment <= asking.end:
        if moment in moments:
            since, last = moment if since is None else since, moment
        elif last is None or since is None or last - since < wait or moment - last >= keep:
            since = last = None
        if since is not None:
            yield moment, "firing" if moment - since >= wait else "pending"
        moment += STEP_SECONDS


def _seconds(rule: dict[str, Any], key: str) -> float:
    given = rule.get(key)
    return promql_parser.parse_duration(given).total_seconds() if given else 0.0


def _braced(labels: Labels) -> str:
    quoted = {name: json.dumps(value, ensure_ascii=False) for name, value in labels.items()}
    return f"{{{','.join(f'{name}={value}' for name, value in quoted.items())}}}"
