"""`vr-exporter rules`: the bundled Prometheus rules, with the user's job and runbook filled in."""

from __future__ import annotations

from pathlib import Path

import click

from vr_exporter.cli import common
from vr_exporter.cli.bundled import runbook_option, write

FILES = {"plain": "vr-rules.yml", "crd": "vr-prometheusrule.yml"}
"""The file that `--output` writes, by format."""


@common.command(
    "rules",
    "vr-exporter rules > /etc/prometheus/vr-rules.yml",
    "vr-exporter rules --job 'vr-.+' --runbook-url https://wiki.example/vr --output rules/",
    "vr-exporter rules --group rpo,site,exporter,bridge,deadman --format crd | kubectl apply -f -",
    reads_settings=False,
)
@common.option(
    "--job",
    default="vr-exporter",
    metavar="REGEX",
    help="The job under which Prometheus scrapes the exporter, as its rules match it.",
)
@runbook_option
@common.option(
    "--group",
    default="rpo,sync,state,site,exporter",
    metavar="GROUPS",
    help="Groups of alerts, separated by commas: also bridge and deadman, for users of the alert"
    " bridge. The recording rules that they read come with them.",
)
@common.option(
    "--format",
    type=click.Choice(list(FILES)),
    default="plain",
    help="A rule file for Prometheus, or a PrometheusRule object for its operator.",
)
@common.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=f"Write {' or '.join(FILES.values())} into this folder instead of printing it.",
)
def command(job: str, runbook_url: str, group: str, format: str, output: Path | None) -> None:  # noqa: A002 -- click names it after the flag
    """Print or write the bundled Prometheus rules."""
    from vr_exporter.cli.rules import asked, files

    wanted = asked.Asked(
        job=asked.job_of(job),
        runbook_url=asked.runbook_url_of(runbook_url),
        groups=asked.groups_of(group, files.alert_groups()),
    )
    text = files.rule_file(wanted) if format == "plain" else files.prometheus_rule(wanted)
    if output is None:
        click.echo(text, nl=False)
    else:
        write(output / FILES[format], text)
