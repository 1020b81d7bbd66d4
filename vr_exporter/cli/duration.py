"""Durations on the command line, as the settings write them."""

from __future__ import annotations

from collections.abc import Callable

import click


def duration(longest: str) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    """Make the callback of a flag that takes `30s`, `15m` or `1h30m`: it is read into seconds."""

    def read(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
        from vr_exporter.settings.values import parse_duration

        if text is None:
            return None
        try:
            seconds = parse_duration(text)
        except ValueError as error:
            raise click.BadParameter(str(error), context, parameter) from None
        if not 0 < seconds <= parse_duration(longest):
            said = f"out of range (more than nothing, at most {longest})"
            raise click.BadParameter(said, context, parameter)
        return seconds

    return read
