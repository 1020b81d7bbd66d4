"""The wheel: what is in it, and that anyone can make the same one again."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.documentation.repository import ROOT, modules
from vr_exporter import __version__


def build(folder: Path) -> Path:
    """Make the wheel of these files."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return folder / f"vr_exporter-{__version__}-py3-none-any.whl"


def test_C31_two_builds_of_one_state_are_the_same_bytes(tmp_path: Path) -> None:
    """Whoever has the sources can check a wheel by its hash."""
    first, second = build(tmp_path / "first"), build(tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()


def test_the_wheel_holds_program_licence_and_dashboards(tmp_path: Path) -> None:
    """Every module, the folder of dashboards and the licence; no test."""
    with zipfile.ZipFile(build(tmp_path)) as wheel:
        names = set(wheel.namelist())
    assert {str(p.relative_to(ROOT)) for p in modules("vr_exporter")} <= names
    assert "vr_exporter/dashboards/README.md" in names
    assert f"vr_exporter-{__version__}.dist-info/licenses/LICENSE" in names
    assert not [name for name in names if name.startswith("tests")]


def test_the_wheel_starts(tmp_path: Path) -> None:
    """Unpacked away from the sources, it knows its version."""
    with zipfile.ZipFile(build(tmp_path)) as wheel:
        wheel.extractall(tmp_path / "unpacked")
    said = subprocess.run(
        [sys.executable, "-m", "vr_exporter", "--version"],
        cwd=tmp_path / "unpacked",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == f"vr-exporter {__version__}"
