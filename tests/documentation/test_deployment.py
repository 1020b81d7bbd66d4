"""The files in deploy/: true to the program and accepted by those who read them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.documentation.repository import ROOT
from vr_exporter.settings import load

HARDENING = """
CapabilityBoundingSet=
DynamicUser=yes
LimitCORE=0
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateUsers=yes
ProtectSystem=strict
StateDirectory=vr-exporter
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
"""


def test_C30_the_unit_is_hardened() -> None:
    """The unit keeps every protection that its exposure of 1.2 was measured with."""
    unit = (ROOT / "deploy/vr-exporter.service").read_text(encoding="utf-8").splitlines()
    assert set(HARDENING.split("\n")) <= {*unit, ""}


def test_the_scrape_configuration_is_valid(tool: Callable[[str], Path]) -> None:
    """Prometheus accepts the example as it stands."""
    command = [str(tool("promtool")), "check", "config", str(ROOT / "deploy/prometheus.yml")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_the_example_settings_are_valid(tmp_path: Path) -> None:
    """The example loads once its secrets are there."""
    text = (ROOT / "deploy/config.yml").read_text(encoding="utf-8")
    (tmp_path / "madrid").write_text("canary", encoding="utf-8")
    (tmp_path / "berlin").write_text("canary", encoding="utf-8")
    example = tmp_path / "config.yml"
    credentials = "/run/credentials/vr-exporter.service"
    example.write_text(text.replace(credentials, str(tmp_path)), encoding="utf-8")
    assert sorted(load(example, environ={}).sites) == ["berlin", "madrid"]
