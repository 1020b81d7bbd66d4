"""What bundled dashboards and rules share: where they lie, their runbook, how they leave."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from vr_exporter.cli import common

RUNBOOK: Final = "https://vr-exporter.example/runbooks"
"""What the bundled files have for the address of the runbook."""

_PACKAGE: Final = Path(__file__).resolve().parents[1]

runbook_option = common.option(
    "--runbook-url",
    default=RUNBOOK,
    metavar="URL",
    help="The page of your runbook; # and the alert's name in lower case are appended.",
)


def folder() -> Path:
    """Where `*.json` and `rules/*.yml` lie: in the wheel, or beside a checkout."""
    packed = _PACKAGE / "dashboards"
    return packed if packed.is_dir() else _PACKAGE.parent / "dashboards"


def write(path: Path, text: str) -> None:
    """Write a file into the folder of `--output`, and say where it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        said = f"--output: {path}: {(error.strerror or 'cannot be written').lower()}"
        raise common.CommandError(
            common.Exit.USAGE, f"{said} (name a folder that you may write to)"
        ) from None
    click.echo(path)
