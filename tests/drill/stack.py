"""A real Prometheus with the shortened rules, a real Alertmanager, and who hears of alerts."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.command_line import ROOT
from tests.prometheus import Prometheus, fetch, prometheus, wait_until
from tests.real_alertmanager import Webhook, a_webhook, an_alertmanager
from tests.rules_scaled import FACTOR, FILES, scaled_file
from tests.tools import tool

ALERTMANAGER: Final = ROOT / "deploy/alertmanager.yml"
INTERVAL_SECONDS: Final = 1
"""Scrapes and evaluations: a minute as in deploy/prometheus.yml, shortened."""

BEFORE_FIRST_LOOK_SECONDS: Final = 3.0
_FLAGS: Final = (
    "--query.lookback-delta=5s",
    "--rules.alert.resend-delay=1s",
    "--web.enable-lifecycle",
)
"""The first two are five minutes and one minute by default."""

_TIMES: Final = {"resolve_timeout", "group_wait", "group_interval", "repeat_interval"}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert in a notification, the how many-th: who was told, in which group, and what."""

    number: int
    receiver: str
    group: str
    is_firing: bool
    labels: dict[str, str]


@dataclass(frozen=True)
class Stack:
    """Alertmanager as it is asked, and what it told."""

    url: str
    webhook: Webhook

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert that fires now, inhibited ones too."""
        found: list[dict[str, Any]] = json.loads(fetch(f"{self.url}/api/v2/alerts"))
        return found

    def notices(self) -> list[Notice]:
        """All that anybody was told, in order."""
        return [
            Notice(
                number,
                body["receiver"],
                body["groupKey"],
                alert["status"] == "firing",
                alert["labels"],
            )
            for number, body in enumerate(list(self.webhook.bodies))
            for alert in body["alerts"]
        ]


@contextmanager
def a_stack(folder: Path, page: str) -> Iterator[Stack]:
    """Scrape this page, and let its alerts go their shipped ways to our receiver."""
    with a_webhook() as webhook:
        content = scaled_alertmanager(ALERTMANAGER.read_text(encoding="utf-8"), webhook.url)
        place = folder / "alertmanager"
        with (
            an_alertmanager(place, webhook, content=content) as teller,
            a_judge(folder, page, [teller.url]),
        ):
            yield Stack(teller.url, webhook)


@contextmanager
def a_judge(
    folder: Path,
    page: str,
    tellers: Sequence[str],
    *,
    rule_file: Callable[[str], str] = scaled_file,
) -> Iterator[Prometheus]:
    """Scrape this page, judge it by the shortened rules, and tell every Alertmanager.

    Prometheus looks for its targets, and for Alertmanager, every five seconds of real time from
    its start on. So the rules are loaded shortly before its first look: from the start on they
    would have missed an exporter for five of their minutes, and after it told nobody for as long.
    """
    rules = folder / "rules"
    rules.mkdir()
    targets = [url.removeprefix("http://") for url in tellers]
    more = {
        "rule_files": [f"{rules}/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": targets}]}]},
    }
    jobs = {"vr-exporter": page}
    program = tool("prometheus")
    interval = f"{INTERVAL_SECONDS}s"
    with prometheus(program, folder, jobs, interval=interval, more=more, flags=_FLAGS) as judge:
        threading.Event().wait(BEFORE_FIRST_LOOK_SECONDS)
        for name in FILES:
            (rules / name).write_text(rule_file(name), encoding="utf-8")
        reload = urllib.request.Request(f"{judge.url}/-/reload", method="POST")  # noqa: S310 - our own
        urllib.request.urlopen(reload, timeout=10).close()  # noqa: S310 - as above
        wait_until(lambda: set(judge.query("vr_up").values()) == {1.0}, "the sites are watched")
        yield judge


def scaled_alertmanager(text: str, url: str, *, factor: int = FACTOR) -> dict[str, Any]:
    """The routes and inhibitions of a configuration, faster, with all receivers at this address."""
    content: dict[str, Any] = _scaled(yaml.safe_load(text), factor)
    content["receivers"] = [
        {"name": each["name"], "webhook_configs": [{"url": url}]} for each in content["receivers"]
    ]
    return content


def _scaled(part: Any, factor: int) -> Any:
    if isinstance(part, dict):
        return {
            key: _shortened(value, factor) if key in _TIMES else _scaled(value, factor)
            for key, value in part.items()
        }
    return [_scaled(each, factor) for each in part] if isinstance(part, list) else part


def _shortened(duration: str, factor: int) -> str:
    """To the millisecond, unlike the rules: 10s is no whole number of them."""
    return f"{round(int(duration[:-1]) * _UNITS[duration[-1]] * 1000 / factor)}ms"
