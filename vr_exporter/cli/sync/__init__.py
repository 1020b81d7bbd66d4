"""`vr-exporter sync`: start syncs of the named VMs and follow them to their end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vr_exporter.cli import common
from vr_exporter.cli.common import Exit
from vr_exporter.cli.duration import duration

if TYPE_CHECKING:
    from vr_exporter.cli.sync.asking import Wanted
    from vr_exporter.cli.sync.run import Options
    from vr_exporter.settings import Settings


@common.command(
    "sync",
    "vr-exporter sync db-01 db-02",
    "vr-exporter sync --match 'db-*' --max-age 15m --output json",
    "vr-exporter sync --all --dry-run",
    "vr-exporter sync db-01 --server http://exporter:10843 --token-file token",
)
@click.argument("name", nargs=-1, metavar="[NAME]...")
@common.server_options
@common.option("--site", metavar="NAME", help="Look at this site alone.")
@common.option("--pairing", metavar="NAME", help="Look in this pairing alone: its name or id.")
@common.option(
    "--match", multiple=True, metavar="GLOB", help="Every VM whose name fits; repeatable."
)
@common.option("--all", is_flag=True, help="Every VM.")
@common.option(
    "--max-age",
    metavar="DURATION",
    callback=duration("30d"),
    help="Skip copies that are fresher than this; end well only if all are fresh.",
)
@common.option("--no-wait", is_flag=True, help="Leave once the syncs are asked for.")
@common.option("--dry-run", is_flag=True, help="Only say what would be done.")
@common.option("--force", is_flag=True, help="Skip the cool-down, nothing else.")
@common.option(
    "--timeout",
    metavar="DURATION",
    callback=duration("7d"),
    default="2h",
    help="Leave after this long; what runs goes on, what still waits is not begun.",
)
@common.output_option()
def command(config_file: Path | None, name: tuple[str, ...], **flags: Any) -> Exit:
    """Start a sync of the named VMs or replication ids and follow it.

    Speaks with the exporter that runs here or at --server; where none runs it does the work
    itself. A sync that is under way already is joined. Ctrl-C leaves the syncs running.
    Ends with 0 when all are synced, 4 when left early, 5 when one was not done, 6 when the
    outcome of one is unknown.
    """
    from vr_exporter.cli.sync.asking import Wanted

    wanted = Wanted(name, flags["match"], flags["all"], flags["site"], flags["pairing"])
    if not (wanted.names or wanted.is_sweeping):
        raise click.UsageError("nothing to sync: name VMs, or give --match or --all")
    return _run(wanted, _options(config_file, flags))


def _options(config_file: Path | None, flags: dict[str, Any]) -> Options:
    from vr_exporter.cli.sync.asking import Terms
    from vr_exporter.cli.sync.leaving import Again
    from vr_exporter.cli.sync.run import Options

    terms = Terms(flags["timeout"], flags["max_age"], flags["force"], flags["dry_run"])
    again = Again(config_file, flags["server"], flags["token_file"])
    return Options(terms, again, flags["output"], has_to_wait=not flags["no_wait"])


def _run(wanted: Wanted, options: Options) -> Exit:
    """Reach an exporter and do it; SIGTERM ends it as Ctrl-C does."""
    import threading
    import time

    from vr_exporter.cli.plain import survive_any_encoding
    from vr_exporter.cli.reached import Reached
    from vr_exporter.cli.sync.run import Run
    from vr_exporter.domain.clock import Clock

    survive_any_encoding()
    clock = Clock(time.time, time.monotonic, threading.Event().wait)  # noqa: TID251 the one real clock of this command
    again = options.again
    settings = None if again.server else common.load_settings(again.config_file)
    reached = Reached(
        settings,
        server=again.server,
        token_file=again.token_file,
        start=_start,
        wait=clock.wait,
    )
    with _ended_by_sigterm(), reached:
        return Run(reached, wanted, options, clock=clock).run()


def _start(settings: Settings) -> AbstractContextManager[Path]:
    """Its log is for those who serve: here only what is wrong is said."""
    from vr_exporter.app.alone import running
    from vr_exporter.logs import configure

    configure(level="error")
    return running(settings)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
