"""The reference of the commands in Markdown: `python -m vr_exporter.cli.reference`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from vr_exporter.cli import COMMANDS, main
from vr_exporter.cli.common import Exit

_INTRODUCTION = """\
# Commands

<!-- Made by `python -m vr_exporter.cli.reference`; a test holds this file to the program. -->

`vr-exporter COMMAND`, or `python -m vr_exporter COMMAND`; without a command it prints its help.
Every flag has an environment variable: `--web.listen-address` is `VR_WEB_LISTEN_ADDRESS`. A flag
wins over its variable; a flag that may be repeated takes several values from its variable, parted
by blanks. Every command takes `--config.file`.

Names of commands and flags complete in the shell after `eval "$(_VR_EXPORTER_COMPLETE=bash_source
vr-exporter)"`; write `zsh_source` or `fish_source` for these shells.

## Exit codes

| code | means |
|---|---|
"""

EXIT_MEANINGS = {
    Exit.DONE: "done",
    Exit.BUG: "a bug of ours",
    Exit.USAGE: "bad usage or settings, before any site was asked",
    Exit.STATE: "the state store cannot be used",
    Exit.STOPPED: "stopped by a timeout or Ctrl-C while tasks go on",
    Exit.REFUSED: "a site or a sync did not do what was asked",
    Exit.UNKNOWN: "the outcome of a sync is unknown",
}


def commands_reference() -> str:
    """Write the whole page."""
    codes = [f"| {code.value} | {meaning} |" for code, meaning in EXIT_MEANINGS.items()]
    return "\n".join([_INTRODUCTION + "\n".join(codes), "", *_entries()])


def _entries() -> Iterator[str]:
    group = click.Context(main, info_name="vr-exporter")
    for name, listed in COMMANDS.items():
        command = main.get_command(group, name)
        if command is None:
            continue
        context = click.Context(command, info_name=name, parent=group)
        yield "\n".join([f"## `vr-exporter {name}`", "", *_text(command.help or listed.help), ""])
        yield "\n".join([*_flags(command, context), *_example(command)])


def _text(help_text: str) -> list[str]:
    """The paragraphs of a help; those that click keeps as they stand are shown as code."""
    lines: list[str] = []
    for paragraph in inspect.cleandoc(help_text).split("\n\n"):
        body = paragraph.strip("\n").splitlines()
        is_kept = body[:1] == ["\b"]
        lines += ["```", *body[1:], "```", ""] if is_kept else [*body, ""]
    return lines[:-1]


def _flags(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in parameter.opts:
            yield f"- `{record[0]}`: {' '.join(record[1].split())}"
    yield ""


def _example(command: click.Command) -> list[str]:
    lines = str(command.epilog).splitlines()[2:]
    return ["```sh", *(line.strip() for line in lines), "```", ""]


if __name__ == "__main__":
    click.echo(commands_reference(), nl=False)
