"""`vr-exporter settings`: the reference of the settings, made from the model that reads them."""

from __future__ import annotations

import click

from vr_exporter.cli import common


@common.command("settings", "vr-exporter settings > settings.md", reads_settings=False)
def command() -> None:
    """Print every setting with its type, default, environment variable and an example."""
    from vr_exporter.settings.reference import reference

    click.echo(reference(), nl=False)
