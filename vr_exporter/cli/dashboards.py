"""`vr-exporter dashboards`: the bundled Grafana dashboards, with the user's runbook filled in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import click

from vr_exporter.cli import common
from vr_exporter.cli.bundled import RUNBOOK, folder, runbook_option, write

_PREFIX: Final = "vr-"


@dataclass(frozen=True, slots=True)
class Bundled:
    """One dashboard as it lies in the package."""

    uid: str
    title: str
    text: str

    @property
    def file_name(self) -> str:
        """The name under which it is written."""
        return f"{self.uid}.json"


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names that the shell offers."""
    del ctx, param
    return [one.uid for one in bundled() if one.uid.startswith(incomplete)]


@common.command(
    "dashboards",
    "vr-exporter dashboards",
    "vr-exporter dashboards fleet > vr-fleet.json",
    "vr-exporter dashboards --output /var/lib/grafana/dashboards",
    reads_settings=False,
)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete)
@runbook_option
@common.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write into this folder: the named dashboards, or all.",
)
def command(names: tuple[str, ...], runbook_url: str, output: Path | None) -> None:
    """List the bundled Grafana dashboards, print the one named, or write them into a folder."""
    from vr_exporter.cli.rules.asked import runbook_url_of

    chosen = [_named(name) for name in dict.fromkeys(names)]
    runbook = runbook_url_of(runbook_url)
    if output is not None:
        for one in chosen or bundled():
            write(output / one.file_name, filled(one, runbook=runbook))
    elif not chosen:
        _list(bundled())
    elif len(chosen) == 1:
        click.echo(filled(chosen[0], runbook=runbook), nl=False)
    else:
        raise common.CommandError(
            common.Exit.USAGE,
            "several dashboards are no one JSON document (name one, or write them with --output)",
        )


@cache
def bundled() -> tuple[Bundled, ...]:
    """Every dashboard of the package, by uid."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder().glob("*.json"))]
    read = [(json.loads(text), text) for text in texts]
    return tuple(Bundled(one["uid"], one["title"], text) for one, text in read)


def filled(dashboard: Bundled, *, runbook: str) -> str:
    """Its JSON with the address of a runbook in the place of ours."""
    written = json.dumps(runbook, ensure_ascii=False)[1:-1]
    return dashboard.text.replace(RUNBOOK, written)


def _named(name: str) -> Bundled:
    """A dashboard by its uid, with or without what all of them begin with."""
    known = {one.uid: one for one in bundled()}
    uid = name.removesuffix(".json")
    found = known.get(uid) or known.get(_PREFIX + uid)
    if found is None:
        hint = common.nearest(uid, known) or common.nearest(_PREFIX + uid, known)
        hint = hint or f" (choose from {', '.join(known)})"
        raise common.CommandError(common.Exit.USAGE, f"no such dashboard '{name}'{hint}")
    return found


def _list(dashboards: Sequence[Bundled]) -> None:
    """Name them, one on a line."""
    width = max(len(one.uid) for one in dashboards)
    for one in dashboards:
        click.echo(f"{one.uid:<{width}}  {one.title}")
