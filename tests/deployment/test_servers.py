"""The examples for Prometheus and Alertmanager in real use: their own checkers take them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.deployment.checkers import judge, moved, read, said
from tests.documentation.repository import ROOT

DEPLOY: Final = ROOT / "deploy"
DASHBOARDS: Final = ROOT / "dashboards"


def test_prometheus_takes_its_example_with_the_rules(tmp_path: Path) -> None:
    """The scrape, the shipped rules and the address of Alertmanager, as Prometheus reads them."""
    example = moved(DEPLOY / "prometheus.yml", tmp_path, prometheus=DASHBOARDS)
    assert "rules found" in said("promtool", "check", "config", example)


def test_prometheus_misses_rules_that_are_not_there(tmp_path: Path) -> None:
    """The check reads the rule files: an example that names a missing one fails."""
    example = moved(DEPLOY / "prometheus.yml", tmp_path, prometheus=tmp_path)
    assert judge("promtool", "check", "config", example).returncode != 0


@pytest.mark.parametrize("example", ["prometheus.yml", "compose/prometheus.yml"])
def test_the_scrape_is_named_as_rules_and_dashboards_expect(example: str) -> None:
    """The rules select a job of this name."""
    scrapes = read(DEPLOY / example)["scrape_configs"]
    assert scrapes[0]["job_name"] == "vr-exporter"
    assert 'job=~"vr-exporter"' in (DASHBOARDS / "rules/vr-rules.yml").read_text(encoding="utf-8")


def test_alertmanager_takes_its_example() -> None:
    """Routes, receivers and inhibitions, as Alertmanager reads them."""
    assert "inhibit rules" in said("amtool", "check-config", DEPLOY / "alertmanager.yml")
