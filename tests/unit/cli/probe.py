"""A command for tests: reads the settings and prints them masked."""

from __future__ import annotations

from pathlib import Path

import click

from vr_exporter.cli import common
from vr_exporter.settings import effective


@common.command("probe", "vr-exporter probe")
def command(config_file: Path | None) -> None:
    """Read the settings."""
    click.echo(effective(common.load_settings(config_file)), nl=False)
