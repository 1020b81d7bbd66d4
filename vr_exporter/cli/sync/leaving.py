"""What is said when a command ends before its syncs do."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from vr_exporter.cli.plain import shown
from vr_exporter.cli.sync.asking import Wanted
from vr_exporter.cli.sync.standing import Standing
from vr_exporter.domain.triggers import TriggerState

_NAMED = 6


@dataclass(frozen=True, slots=True)
class Again:
    """How the same exporter is found again, for command lines that people copy."""

    config_file: Path | None = None
    server: str | None = None
    token_file: Path | None = None

    def command(self, *words: str) -> str:
        """A command line that can be typed as it is."""
        flags = (
            ("--config.file", None if self.server else self.config_file),
            ("--server", self.server),
            ("--token-file", self.token_file if self.server else None),
        )
        more = [part for flag, value in flags if value for part in (flag, str(value))]
        return shlex.join(["vr-exporter", *words, *more])


def words_of_leaving(
    why: str, standings: Iterable[Standing], *, wanted: Wanted, again: Again, is_alone: bool
) -> Iterator[str]:
    """What goes on, what waits, what was never asked, and how to look at it again."""
    every = list(standings)
    waiting = [each for each in every if each.state is TriggerState.RESERVED]
    going = [each for each in every if each.goes_on and each not in waiting]
    unasked = [each for each in every if not each.is_over and not each.goes_on]
    parts = [
        _counted(going, "goes on", "go on"),
        _counted(waiting, "is queued", "are queued"),
        _counted(unasked, "was not asked for", "were not asked for"),
    ]
    yield shown(f"{why}: {'; '.join(filter(None, parts)) or 'nothing goes on'}")
    if waiting and is_alone:
        yield "what is queued is asked for when an exporter or a sync runs here again in time"
    if going or waiting:
        yield f"look:   {again.command('state', 'show')}"
    if going or waiting or unasked:
        yield f"follow: {again.command('sync', *_selection(wanted))}"


def _counted(standings: list[Standing], one: str, many: str) -> str:
    if not standings:
        return ""
    names = [each.target.label for each in standings[:_NAMED]]
    more = len(standings) - len(names)
    listed = ", ".join([*names, f"{more} more"] if more else names)
    return f"{len(standings)} {one if len(standings) == 1 else many} ({listed})"


def _selection(wanted: Wanted) -> Iterator[str]:
    """The same words once more: what runs is joined, what has ended is cooling down."""
    yield from wanted.names
    for pattern in wanted.patterns:
        yield from ("--match", pattern)
    if wanted.is_all:
        yield "--all"
    for flag, value in (("--site", wanted.site), ("--pairing", wanted.pairing)):
        if value is not None:
            yield from (flag, value)
