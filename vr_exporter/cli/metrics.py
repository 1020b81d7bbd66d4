"""`vr-exporter metrics`: the reference of the metrics, made from the tables of the page."""

from __future__ import annotations

import click

from vr_exporter.cli import common


@common.command("metrics", "vr-exporter metrics > metrics.md", reads_settings=False)
def command() -> None:
    """Print every metric family with its kind, labels and meaning."""
    from vr_exporter.metrics.reference import metrics_reference

    click.echo(metrics_reference(), nl=False)
