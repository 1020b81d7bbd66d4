"""`vr-exporter routes`: the reference of the HTTP routes, made from the table that answers them."""

from __future__ import annotations

import click

from vr_exporter.cli import common


@common.command("routes", "vr-exporter routes > routes.md", reads_settings=False)
def command() -> None:
    """Print every HTTP route with its parameters, and the JSON objects of the API."""
    from vr_exporter.web.reference import routes_reference

    click.echo(routes_reference(), nl=False)
