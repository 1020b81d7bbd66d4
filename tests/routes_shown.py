"""`python -m tests.routes_shown`: who hears of each shipped alert, by the shipped example.

amtool answers, for each alert of the rules and each that the bridge itself sends.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Final

from dashboards.rules_page import alerts
from tests.command_line import ROOT
from tests.rules import cases
from tests.tools import environment, tool
from vr_exporter.domain.alerts import TEST_ALERT, Event, event_alert

EXAMPLES: Final = (ROOT / "deploy/alertmanager.yml", ROOT / "deploy/compose/alertmanager.yml")
CONFIG: Final = EXAMPLES[0]
ANY: Final = "*"
"""Stands for a value that a label takes from the series."""

_EVENT: Final = ("site", "pairing", "replication", "vm")
_MORE: Final = {
    Event.SYNC_FAILED: ("error_class",),
    Event.SYNC_FAILING: ("error_class",),
    Event.TASK_FAILED: ("operation", "error_class"),
    Event.TRIGGER_AMBIGUOUS: (),
    Event.TRIGGER_REFUSED: ("error_class",),
}


@cache
def labels_of() -> dict[str, dict[str, str]]:
    """The labels of each alert; those that its rule, or the bridge, fixes with their values.

    The names come from the case in which it fires, so they are what Prometheus really makes.
    """
    ruled = {
        alert.name: {
            name: alert.labels.get(name, ANY)
            for name in cases()[f"{alert.name} fires"]["alert_rule_test"][0]["exp_alerts"][0][
                "exp_labels"
            ]
        }
        | {**alert.labels, "alertname": alert.name}
        for alert in alerts()
    }
    return ruled | sent_by_the_bridge()


def sent_by_the_bridge() -> dict[str, dict[str, str]]:
    """The labels of each event, and of the alert that `bridge test-alert` sends."""
    names = {event.value: (*_EVENT, *more) for event, more in _MORE.items()} | {TEST_ALERT: ()}
    return {
        name: dict(event_alert(name, dict.fromkeys(labels, ANY), annotations={}).labels)
        for name, labels in names.items()
    }


def amtool(*arguments: str) -> str:
    """What amtool says; RuntimeError where it finds a fault."""
    command = [str(tool("amtool")), *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr or done.stdout)
    return done.stdout


def receivers_of(labels: dict[str, str], *, config: Path = CONFIG) -> str:
    """Who hears of an alert with these labels, as `amtool config routes test` says."""
    given = [f"{name}={'x' if value == ANY else value}" for name, value in labels.items()]
    return amtool("config", "routes", "test", f"--config.file={config}", *given).strip()


def table() -> Iterator[str]:
    """One line for each alert."""
    found = labels_of()
    with ThreadPoolExecutor(4) as pool:
        receivers = pool.map(receivers_of, found.values())
        for (name, labels), told in zip(found.items(), receivers, strict=True):
            by = "bridge" if "vr_origin" in labels else labels["component"]
            yield f"{name:<28} {by:<9} {labels['severity']:<9} {told}"


def main() -> int:
    """Check the examples, then print the table."""
    try:
        for example in EXAMPLES:
            amtool("check-config", str(example))
            sys.stdout.write(f"amtool check-config {example.relative_to(ROOT)}: SUCCESS\n")
        sys.stdout.writelines(f"{line}\n" for line in table())
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
