"""`vr-exporter check`: is every site set up well, and if not, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vr_exporter.cli import common
from vr_exporter.cli.common import Exit

if TYPE_CHECKING:
    from vr_exporter.cli.check.report import Finding
    from vr_exporter.settings import Settings

Line = tuple[str, "Finding"]


@common.command(
    "check",
    "vr-exporter check --config.file vr.yml",
    "vr-exporter check --self",
    "vr-exporter check --print-role > roles.ps1",
)
@common.option("--offline", is_flag=True, help="Check the settings alone, asking no site.")
@common.option("--self", is_flag=True, help="Is the exporter on this machine healthy?")
@common.option(
    "--print-role",
    is_flag=True,
    help="Print a PowerCLI script that makes the least-privilege roles.",
)
@common.option("--site", multiple=True, metavar="NAME", help="Check this site; repeatable.")
@common.option(
    "--web.listen-address",
    multiple=True,
    default=[":10843"],
    metavar="ADDRESS",
    help="Where `--self` finds the exporter, as `serve` has it; else its socket is asked.",
)
def command(config_file: Path | None, **flags: Any) -> Exit:
    """Tell of every site what works, what does not, and what to do about it.

    Where the settings name Alertmanagers, their configuration is read and judged as well: does an
    alert reach the webhook, are its times above and below ours, does the dead man come.
    """
    if flags["print_role"]:
        from vr_exporter.cli.check.roles import script

        click.echo(script(), nl=False)
        return Exit.DONE
    if flags["self"]:
        return _check_self(config_file, flags["web_listen_address"])
    settings = common.load_settings(config_file)
    names = _chosen(settings, flags["site"])
    lines = _offline(settings, names) if flags["offline"] else _online(settings, names)
    has_all = not (flags["offline"] or flags["site"])
    receivers = [member.receiver for member in settings.alertmanagers if has_all]
    if receivers:
        lines = chain(lines, _alertmanagers(settings))
    return _show(lines, site_width=max(map(len, [*names, *receivers])))


def _check_self(config_file: Path | None, addresses: tuple[str, ...]) -> Exit:
    from vr_exporter.cli.check.alive import health_at, health_through
    from vr_exporter.cli.local import socket_in
    from vr_exporter.cli.plain import shown

    health = health_at(addresses)
    if health is None:
        with suppress(common.CommandError):
            folder = common.load_settings(config_file).state_folder
            health = health_through(socket_in(folder))
    is_healthy, line = health or (False, f"no exporter answers at {', '.join(addresses)}")
    click.echo(shown(line))
    return Exit.DONE if is_healthy else Exit.REFUSED


def _chosen(settings: Settings, wanted: tuple[str, ...]) -> list[str]:
    for name in wanted:
        if name not in settings.sites:
            known = ", ".join(settings.sites)
            raise common.CommandError(Exit.USAGE, f"--site: no such site {name} (known: {known})")
    return [name for name in settings.sites if not wanted or name in wanted]


def _offline(settings: Settings, names: Iterable[str]) -> Iterator[Line]:
    from vr_exporter.cli.check.accounts import settings_of

    for name in names:
        for finding in settings_of(name, settings.sites[name]):
            yield name, finding


def _online(settings: Settings, names: Iterable[str]) -> Iterator[Line]:
    from vr_exporter.cli.check.run import checks

    yield from checks(settings, names)


def _alertmanagers(settings: Settings) -> Iterator[Line]:
    from vr_exporter.cli.check.alertmanagers import checks

    yield from checks(settings)


def _show(lines: Iterable[Line], *, site_width: int) -> Exit:
    """Print each line as it comes; a mark has colour on a terminal."""
    from vr_exporter.cli.check.report import exit_code, parts_of
    from vr_exporter.cli.plain import survive_any_encoding

    survive_any_encoding()
    findings = []
    for name, finding in lines:
        findings.append(finding)
        site, mark, subject, rest = parts_of(name, finding, site_width=site_width)
        marked = click.style(mark, fg=finding.mark.colour, bold=True)
        click.echo(f"{site}  {marked}  {subject}  {rest}")
    return exit_code(findings)
