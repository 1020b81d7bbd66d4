"""`vr-exporter status`: sites or replications as a running exporter or the appliances see them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from vr_exporter.cli import common
from vr_exporter.cli.common import Exit

if TYPE_CHECKING:
    from vr_exporter.cli.remote import Source

Output = Literal["table", "json", "csv"]


@common.command(
    "status",
    "vr-exporter status",
    "vr-exporter status --replications --late",
    "vr-exporter status --server http://exporter:10843 --replications --match 'db-*' --output csv",
)
@common.server_options
@common.option("--site", multiple=True, metavar="NAME", help="This site alone; repeatable.")
@common.option("--replications", is_flag=True, help="List replications, the worst first.")
@common.option("--late", is_flag=True, help="Those alone that are past their RPO.")
@common.option(
    "--match",
    multiple=True,
    metavar="GLOB",
    help="Those alone whose VM fits, or whose id it is; repeatable.",
)
@common.output_option("csv")
def command(
    *,
    config_file: Path | None,
    server: str | None,
    token_file: Path | None,
    site: tuple[str, ...],
    match: tuple[str, ...],
    output: Output,
    replications: bool,
    late: bool,
) -> Exit:
    """Show sites or replications; asks a running exporter if there is one, else the appliances.

    Ends with 5 when a site is down.
    """
    from vr_exporter.cli.plain import survive_any_encoding
    from vr_exporter.cli.status.sources import source

    survive_any_encoding()
    lists_replications = replications or late or bool(match)
    parameters = _parameters(site, match, late=late)
    with source(config_file, server=server, token_file=token_file, sites=site) as asked:
        sites = asked.get("/api/v1/sites", [("site", name) for name in site])
        listed = asked.get("/api/v1/replications", parameters)
        if output == "table":
            click.echo(f"from {asked.name}", err=True)
    if lists_replications:
        _show_replications(asked, listed, output)
    else:
        _show_sites(asked, sites, listed, output)
    return Exit.DONE if all(each["up"] for each in sites["sites"]) else Exit.REFUSED


def _parameters(
    sites: tuple[str, ...], patterns: tuple[str, ...], *, late: bool
) -> list[tuple[str, str]]:
    return [
        *(("site", name) for name in sites),
        *(("match", pattern) for pattern in patterns),
        *([("late", "true")] if late else []),
    ]


def _show_sites(asked: Source, sites: Any, listed: Any, output: Output) -> None:
    from vr_exporter.cli.status import show
    from vr_exporter.cli.status.rows import SITE_COLUMNS, with_syncing

    now = sites["generated_timestamp_seconds"]
    rows = with_syncing(sites["sites"], listed["replications"])
    if output == "json":
        show.as_json(asked.name, "sites", rows, now=now)
    elif output == "csv":
        show.as_csv(rows, columns=show.SITE_FIELDS)
    else:
        show.print_table(SITE_COLUMNS, rows, now=now)


def _show_replications(asked: Source, listed: Any, output: Output) -> None:
    from vr_exporter.cli.status import show
    from vr_exporter.cli.status.rows import REPLICATION_COLUMNS, by_urgency

    now = listed["generated_timestamp_seconds"]
    rows = sorted(listed["replications"], key=by_urgency)
    if output == "json":
        show.as_json(asked.name, "replications", rows, now=now)
    elif output == "csv":
        show.as_csv(rows, columns=show.REPLICATION_FIELDS)
    else:
        show.print_table(REPLICATION_COLUMNS, rows, now=now)
