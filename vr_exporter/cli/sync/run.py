"""One `sync` from the words to the exit code."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import click

from vr_exporter.cli.common import CommandError, Exit, console
from vr_exporter.cli.plain import span
from vr_exporter.cli.reached import Reached
from vr_exporter.cli.sync import output
from vr_exporter.cli.sync.asking import Asking, Found, Terms, Wanted, ask_all
from vr_exporter.cli.sync.following import Following, Round, Screen, are_begun, are_over
from vr_exporter.cli.sync.leaving import Again, words_of_leaving
from vr_exporter.cli.sync.lines import Lines, Silence
from vr_exporter.cli.sync.standing import Standing, exit_of
from vr_exporter.domain.clock import Clock


@dataclass(frozen=True, slots=True)
class Options:
    """What the flags say beside the words. `has_to_wait`: the end of the syncs is to be seen."""

    terms: Terms
    again: Again
    output: Literal["table", "json"] = "table"
    has_to_wait: bool = True


class Run:
    """Resolves, asks, follows and tells; to be run once."""

    def __init__(self, reached: Reached, wanted: Wanted, options: Options, *, clock: Clock) -> None:
        self._reached = reached
        self._wanted = wanted
        self._options = options
        self._clock = clock
        self._asking = Asking(reached, wait=clock.wait)
        self._until = clock.monotonic() + options.terms.timeout_seconds
        self._why_left = ""

    def run(self) -> Exit:
        """Do it all; Ctrl-C before a wish is made ends with nothing begun."""
        found = self._found()
        wishes = Round({})
        for target in found.targets:
            wishes.put(Standing(target, secrets.token_hex(16)))
        try:
            with self._screen() as screen:
                self._ask_and_follow(wishes, screen)
        except KeyboardInterrupt:
            self._why_left = "stopped"
        return self._told(wishes.every, found)

    def _found(self) -> Found:
        """What is meant; one bad word and nothing is begun."""
        found = self._asking.resolve(
            self._wanted, patience_seconds=self._options.terms.timeout_seconds
        )
        if found.faults:
            rest = "; nothing was asked for" if found.targets else ""
            raise CommandError(Exit.REFUSED, *(fault + rest for fault in found.faults))
        if not found.targets:
            why = "; ".join(found.unread)
            raise CommandError(Exit.REFUSED, f"nothing to sync{': ' if why else ''}{why}")
        if self._wanted.is_sweeping:
            for line in found.unread:
                click.echo(f"left out: {line}", err=True)
        return found

    def _ask_and_follow(self, wishes: Round, screen: Screen) -> None:
        def put(standing: Standing) -> None:
            wishes.put(standing)
            screen.show(wishes)

        screen.show(wishes)
        ask_all(self._asking, wishes.every, self._options.terms, put)
        is_enough = self._is_enough()
        following = Following(
            self._reached,
            wishes,
            screen,
            wait=self._clock.wait,
            monotonic=self._clock.monotonic,
        )
        if not following.run(is_enough, until=self._until):
            self._why_left = f"stopped after {span(self._options.terms.timeout_seconds)}"

    def _is_enough(self) -> Callable[[Round], bool]:
        """An exporter of our own takes with it what still waits for its turn."""
        if self._options.has_to_wait:
            return are_over
        return are_begun if self._reached.is_alone else lambda _wishes: True

    @contextmanager
    def _screen(self) -> Iterator[Screen]:
        """Bars on a terminal, lines in a pipe, nothing for programs."""
        if self._options.output == "json":
            yield Silence()
            return
        if not sys.stdout.isatty():
            yield Lines(click.echo)
            return
        from vr_exporter.cli.sync.bars import Bars

        with Bars(console()) as bars:
            yield bars

    def _told(self, standings: list[Standing], found: Found) -> Exit:
        """Say how it ended, on stderr what goes on without us."""
        code = self._code(standings, found)
        wants_fresh = self._options.terms.max_age_seconds is not None
        if self._options.output == "json":
            output.as_json(
                self._reached.exporter.name, standings, code=code, wants_fresh=wants_fresh
            )
        else:
            output.as_table(standings, wants_fresh=wants_fresh)
        is_left = any(each.goes_on for each in standings)
        if self._why_left or is_left:
            for line in words_of_leaving(
                self._why_left or "left",
                standings,
                wanted=self._wanted,
                again=self._options.again,
                is_alone=self._reached.is_alone,
            ):
                click.echo(line, err=True)
        return code

    def _code(self, standings: list[Standing], found: Found) -> Exit:
        """Of all that a sweep should have met, what could not be read counts as not done."""
        code = exit_of(
            standings,
            wants_fresh=self._options.terms.max_age_seconds is not None,
            may_go_on=not self._options.has_to_wait and not self._why_left,
        )
        if self._wanted.is_sweeping and found.unread and code is not Exit.UNKNOWN:
            return Exit.REFUSED
        return code
