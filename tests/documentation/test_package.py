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


def packed(folder: Path) -> set[str]:
    """Name what the wheel holds."""
    with zipfile.ZipFile(build(folder)) as wheel:
        return set(wheel.namelist())


def test_C31_two_builds_of_one_state_are_the_same_bytes(tmp_path: Path) -> None:
    """Whoever has the sources can check a wheel by its hash."""
    first, second = build(tmp_path / "first"), build(tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()


def test_the_wheel_holds_program_and_licence(tmp_path: Path) -> None:
    """Every module and the licence; no test."""
    names = packed(tmp_path)
    assert {str(p.relative_to(ROOT)) for p in modules("vr_exporter")} <= names
    assert f"vr_exporter-{__version__}.dist-info/licenses/LICENSE" in names
    assert not [name for name in names if name.startswith("tests")]


def test_the_wheel_holds_dashboards_and_rules_and_not_what_builds_them(tmp_path: Path) -> None:
    """The JSON, the rules and the linter's exceptions: no code, no rule test, no cache."""
    folder = ROOT / "dashboards"
    wanted = {folder / "README.md", folder / ".lint"}
    wanted |= {*folder.glob("*.json"), *folder.glob("rules/*.yml")}
    found = {name for name in packed(tmp_path) if name.startswith("vr_exporter/dashboards/")}
    assert found == {f"vr_exporter/{path.relative_to(ROOT)}" for path in wanted}


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
