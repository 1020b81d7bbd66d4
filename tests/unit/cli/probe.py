"""A command for tests: reads the settings and prints them masked."""

from __future__ import annotations

from pathlib import Path

import click

from vr_exporter.cli import common
from vr_exporter.settings import effective_values


@common.command("probe", "vr-exporter probe")
def command(config_file: Path | None) -> None:
    """Read the settings."""
    for name, value in effective_values(common.load_settings(config_file)):
        click.echo(f"{name} = {value}")
