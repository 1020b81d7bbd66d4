"""The command line: which commands there are, and how each of them ends.

A command's module is imported when that command is asked for, and not before.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click
from click.shell_completion import shell_complete

from vr_exporter import __version__
from vr_exporter.cli.common import CommandError, Exit, example_epilog, nearest, tell_bug

_PROGRAM = "vr-exporter"
_COMPLETE = "_VR_EXPORTER_COMPLETE"


@dataclass(frozen=True, slots=True)
class Listed:
    """A command as the help lists it; its module holds it under the name `command`."""

    module: str
    help: str


COMMANDS = {
    "serve": Listed("vr_exporter.cli.serve", "Watch every site and answer Prometheus."),
    "demo": Listed("vr_exporter.cli.demo", "Simulator and exporter at once, nothing to set."),
    "simulate": Listed("vr_exporter.cli.simulate", "The simulated appliance alone."),
    "sync": Listed("vr_exporter.cli.sync", "Start syncs and follow them to their end."),
    "status": Listed("vr_exporter.cli.status", "A table of sites or replications."),
    "check": Listed("vr_exporter.cli.check", "Is every site set up well, and if not, what to do."),
    "metrics": Listed("vr_exporter.cli.metrics", "Print the reference of the metrics."),
    "settings": Listed("vr_exporter.cli.settings", "Print the reference of the settings."),
    "routes": Listed("vr_exporter.cli.routes", "Print the reference of the HTTP routes."),
    "rules": Listed("vr_exporter.cli.rules", "Print or write the bundled Prometheus rules."),
    "dashboards": Listed(
        "vr_exporter.cli.dashboards", "List, print or write the Grafana dashboards."
    ),
    "bridge": Listed("vr_exporter.cli.bridge", "What alerts may start, and what came of it."),
    "state": Listed("vr_exporter.cli.state", "What the ledger holds; close what stayed unknown."),
}
"""Every command, in the order of the help."""


class Program(click.Group):
    """The group of all commands; lists them from the table without importing one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        listed = COMMANDS.get(cmd_name)
        if listed is None:
            return None
        command: click.Command = importlib.import_module(listed.module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse an unknown command with the nearest known one."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no such command '{args[0]}'{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.help) for name, listed in COMMANDS.items()])


@click.command(
    _PROGRAM,
    cls=Program,
    invoke_without_command=True,
    epilog=example_epilog("vr-exporter demo"),
)
@click.version_option(__version__, message="vr-exporter %(version)s")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Watch vSphere Replication appliances and tell Prometheus what they do."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(args: Sequence[str]) -> int:
    """Run one command line to its exit code; a fault is said in one line, never as a traceback."""
    sys.excepthook = tell_bug
    try:
        code = _invoke(args)
        sys.stdout.flush()
    except CommandError as error:
        return _fail(error.exit_code, *error.lines)
    except click.UsageError as error:
        return _fail(Exit.USAGE, *_usage_lines(error))
    except click.ClickException as error:
        return _fail(Exit.USAGE, f"{_PROGRAM}: {error.format_message()}")
    except (click.Abort, KeyboardInterrupt):
        return _fail(Exit.STOPPED, "stopped")
    except OSError as error:
        return _unwritten(error)
    return code


def _invoke(args: Sequence[str]) -> int:
    """Answer the shell's question for completions, or run the command.

    click's own entry makes exit code 1 of a reader that goes away; that code means a bug here.
    """
    question = os.environ.get(_COMPLETE)
    if question:
        is_unknown = shell_complete(main, {}, _PROGRAM, _COMPLETE, question)
        return Exit.USAGE if is_unknown else Exit.DONE
    try:
        with main.make_context(_PROGRAM, list(args)) as context:
            return int(main.invoke(context) or Exit.DONE)
    except click.exceptions.Exit as end:
        return end.exit_code


def _unwritten(error: OSError) -> int:
    """End well when the reader of the output went away, badly on a full disk; else it is a bug."""
    if error.errno not in (errno.EPIPE, errno.ENOSPC):
        raise error
    # what the stream still holds would fail a second time at the exit
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return Exit.DONE
    return _fail(Exit.USAGE, "the output cannot be written: no space left (make room)")


def _usage_lines(error: click.UsageError) -> tuple[str, str]:
    path = error.ctx.command_path if error.ctx else _PROGRAM
    return f"{path}: {error.format_message()}", f"Try '{path} --help' for help."


def _fail(code: int, *lines: str) -> int:
    for line in lines:
        click.echo(line, err=True)
    return int(code)
