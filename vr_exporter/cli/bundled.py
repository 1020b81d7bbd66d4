"""Where the bundled dashboards and rules lie: in the wheel, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parents[1]


def folder() -> Path:
    """The folder of the dashboards (`*.json`) and the rules (`rules/*.yml`)."""
    packed = _PACKAGE / "dashboards"
    return packed if packed.is_dir() else _PACKAGE.parent / "dashboards"
