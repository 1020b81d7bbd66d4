"""The example settings in deploy/: the program takes them once their secrets are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documentation.repository import ROOT
from vr_exporter.settings import load


@pytest.mark.parametrize(
    ("example", "secrets"),
    [
        ("systemd/config.yml", "/run/credentials/vr-exporter.service"),
        ("kubernetes/overlays/example/config.yml", "/run/secrets/vr-exporter"),
    ],
)
def test_the_example_settings_are_valid(example: str, secrets: str, tmp_path: Path) -> None:
    """Two sites, each with a secret of its own name in the folder where the deployment puts it."""
    for site in ("madrid", "berlin"):
        (tmp_path / site).write_text("canary", encoding="utf-8")
    text = (ROOT / "deploy" / example).read_text(encoding="utf-8")
    assert secrets in text
    copy = tmp_path / "config.yml"
    copy.write_text(text.replace(secrets, str(tmp_path)), encoding="utf-8")
    assert sorted(load(copy, environ={}).sites) == ["berlin", "madrid"]
