"""What every command shares: exit codes, flags with their environment variables, output."""

from __future__ import annotations

import difflib
import functools
import logging
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from vr_exporter.cli.plain import shown

if TYPE_CHECKING:
    from rich.console import Console

    from vr_exporter.settings import Settings

Function = TypeVar("Function", bound=Callable[..., Any])


class Exit(IntEnum):
    """The exit codes of every command; of several, 6 before 5 before 4."""

    DONE = 0
    BUG = 1
    USAGE = 2
    STATE = 3
    STOPPED = 4
    REFUSED = 5
    UNKNOWN = 6


class CommandError(Exception):
    """Ends a command with an exit code and what people read on stderr, one line per fault."""

    def __init__(self, exit_code: Exit, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.exit_code = exit_code
        self.lines = lines


class FiniteRange(click.FloatRange):
    """A range of numbers in which there is neither `nan` nor `inf`."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number, or refuse it."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail("not a number that can be counted with", param, ctx)
        return number


def nearest(name: str, known: Iterable[str]) -> str:
    """Say ` (did you mean …?)` when something known is spelled alike, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def no_such_site(name: str, known: Sequence[str]) -> CommandError:
    """Refuse a `--site` that is not configured, with the name nearest to it."""
    sites = ", ".join(known) or "none"
    line = f"--site: no such site {shown(name)}{nearest(name, known)} (known: {sites})"
    return CommandError(Exit.USAGE, line)


def environment_variable(flag: str) -> str:
    """`--web.listen-address` is VR_WEB_LISTEN_ADDRESS."""
    return "VR_" + flag.partition("/")[0].strip("-").upper().replace("-", "_").replace(".", "_")


def option(flag: str, **attributes: Any) -> Callable[[Function], Function]:
    """Declare a flag; its environment variable and its parameter's name follow from it."""
    variable = environment_variable(flag)
    shown: dict[str, Any] = {"show_default": True, "show_envvar": True, "envvar": variable}
    return click.option(flag, variable.removeprefix("VR_").lower(), **(shown | attributes))


def example_epilog(*examples: str) -> str:
    """Examples as the end of a help text, each on a line of its own."""
    return "\n".join(["\b", "Example:" if len(examples) == 1 else "Examples:", *_indent(examples)])


def _indent(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def command(
    name: str, *examples: str, reads_settings: bool = True
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command with `--config.file` and, at the end of its help, the examples.

    The function gets `config_file: Path | None`, unless it says that it reads no settings;
    it returns an `Exit` or nothing.
    """

    def wrap(function: Callable[..., Any]) -> click.Command:
        with_file = config_file_option(reads_settings=reads_settings)(function)
        return click.command(name, epilog=example_epilog(*examples))(with_file)

    return wrap


def config_file_option(*, reads_settings: bool = True) -> Callable[[Function], Function]:
    """`--config.file`, which every command takes."""
    unread = "" if reads_settings else " Taken by every command; this one does not read it."
    return option(
        "--config.file",
        type=click.Path(path_type=Path),
        expose_value=reads_settings,
        metavar="FILE",
        help=f"The settings. Default: /etc/vr-exporter/config.yml if it exists.{unread}",
    )


def log_options(function: Function) -> Function:
    """`--log.level` and `--log.format`."""
    level = option(
        "--log.level",
        type=click.Choice(["debug", "info", "warn", "error"]),
        default="info",
        help="Leave out log lines below this level.",
    )
    form = option(
        "--log.format",
        type=click.Choice(["logfmt", "json"]),
        default="logfmt",
        help="How a log line is written.",
    )
    return level(form(function))


def output_option(*more: str) -> Callable[[Function], Function]:
    """`--output`: a table for people, or JSON and what else a command knows for programs."""
    return option(
        "--output",
        type=click.Choice(["table", "json", *more]),
        default="table",
        help="For people, or for programs.",
    )


def server_options(function: Function) -> Function:
    """`--server` and `--token-file`: be a client of a running exporter."""
    server = option("--server", metavar="URL", help="Ask the exporter that runs at this address.")
    token = option(
        "--token-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Where the bearer token of that exporter lies.",
    )
    return server(token(function))


def web_address(flag: str, text: str) -> str:
    """The http or https address that a flag holds; ends the command when it is none."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_address = False
    if not is_address:
        raise no_address(flag)
    if parts.username is not None:
        raise CommandError(Exit.USAGE, f"{flag}: an address holds no credentials (leave them out)")
    return text.rstrip("/")


def no_address(flag: str) -> CommandError:
    """What a flag is told that holds no address; the text may hold a secret and is not repeated."""
    return CommandError(Exit.USAGE, f"{flag}: not an address (write it as http://HOST:10843)")


def load_settings(
    config_file: Path | None, *, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Read the settings of this process, or end the command with one line per fault."""
    from vr_exporter.logs import learn_secret
    from vr_exporter.settings import SettingsError, inline_secrets, load

    try:
        settings = load(config_file, environ=process_environment(), overrides=overrides)
    except SettingsError as error:
        raise CommandError(Exit.USAGE, *error.lines) from None
    for secret in inline_secrets(settings):
        learn_secret(secret)
    return settings


@functools.cache
def process_environment() -> Mapping[str, str]:
    """The variables that settings read; those that hold secrets leave the process at once."""
    from vr_exporter.logs import learn_secret
    from vr_exporter.settings import is_secret_variable, take_environment

    taken = take_environment(os.environ)
    for name in filter(is_secret_variable, taken):
        learn_secret(taken[name])
    return taken


def console() -> Console:
    """Where a command prints: coloured on a terminal, plain and unwrapped in a pipe."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def tell_bug(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Say an unforeseen exception in one line; the interpreter then exits with `Exit.BUG`."""
    from vr_exporter.logs import one_line, traceback_text

    click.echo(one_line(f"a bug of ours: {kind.__name__}: {error}"), err=True)
    if _is_debugging():
        click.echo(traceback_text(kind, error, traceback), err=True)


def _is_debugging() -> bool:
    wanted = os.environ.get("VR_LOG_LEVEL") == "debug"
    return wanted or logging.getLogger("vr_exporter").isEnabledFor(logging.DEBUG)
