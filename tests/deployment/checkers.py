"""Programs that judge the files in deploy/, and files as a container would see them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests import tools


def said(name: str, *arguments: str | Path) -> str:
    """What a checker printed; one that finds fault fails the test with its words."""
    judged = judge(name, *arguments)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    return judged.stdout


def judge(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a checker, whatever it says."""
    command = [str(tools.tool(name)), *map(str, arguments)]
    environment = tools.environment()
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def read(file: Path) -> Any:
    """The one document in a YAML file."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def moved(file: Path, folder: Path, **places: str | Path) -> Path:
    """Copy a file, the paths in it moved: each name in `places` stands for /etc/NAME there."""
    text = file.read_text(encoding="utf-8")
    for name, place in places.items():
        text = text.replace(f"/etc/{name}/", f"{place}/")
    copy = folder / file.name
    copy.write_text(text, encoding="utf-8")
    return copy
