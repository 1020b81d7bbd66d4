"""The settings of starting syncs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from vr_exporter.settings.section import Section, setting
from vr_exporter.settings.values import (
    Cron,
    Days,
    Duration,
    Flow,
    Glob,
    Mode,
    Names,
    Text,
    TimeOfDay,
    Timezone,
    between,
)


class Circuit(Section):
    """When triggers of a site are held after failures."""

    failures: Annotated[int, Field(ge=1, le=100)] = setting(
        "Failed triggers in a row that open the circuit.", "3", default=3
    )
    open_for: Annotated[Duration, between("1s", "1d")] = setting(
        "Time until the first probe.", "10m", default=600.0
    )
    open_max: Annotated[Duration, between("1s", "1w")] = setting(
        "Longest time between probes; it doubles up to here.", "2h", default=7200.0
    )


class Maintenance(Section):
    """A window in which no trigger acts."""

    sites: Names = setting("Sites it holds for. Default: all.", "[madrid]", default=())
    days: Days = setting(
        "Days on which it begins: mon tue wed thu fri sat sun. Default: all.",
        "[sat]",
        default=(),
    )
    begin: TimeOfDay = setting("Begin, as a time of day.", '"22:00"', alias="from")
    end: TimeOfDay = setting("End; before the begin it means the next day.", '"04:00"', alias="to")
    timezone: Timezone = setting("Time zone of both.", "Europe/Madrid", default="UTC")


class Match(Section):
    """Which replications a schedule syncs."""

    site: Text | None = setting("The site. Default: all.", "madrid", default=None)
    pairing: Text | None = setting("The pairing. Default: all.", "berlin", default=None)
    vm: Glob = setting("Pattern of VM names.", '"db-*"', default="*")


class Schedule(Section):
    """Syncs at set times."""

    cron: Cron = setting(
        "Minute, hour, day, month, weekday. On a day on which clocks skip an hour, fixed times "
        "within it (`30 2 * * *`) come right after it; a line with `*` for its minute or hour "
        "(`*/20 2 * * *`) has no slot in it then. What clocks show twice comes once for fixed "
        "times, each time for the others.",
        '"0 2 * * *"',
    )
    timezone: Timezone = setting("Time zone of the cron line.", "Europe/Madrid", default="UTC")
    match: Match = setting("Which replications.", default=Match())
    max_age: Annotated[Duration, between("1s", "4w")] | None = setting(
        "Skip copies that are fresher than this.", "4h", default=None
    )


class Triggers(Section):
    """Starting syncs, whoever wishes for them."""

    mode: Mode = setting(
        "`off`, `dry-run` (say what would be done) or `on`.", "dry-run", default="on"
    )
    cooldown: Annotated[Duration, between("0s", "1d")] = setting(
        "A replication is synced on request at most once in this time.", "10m", default=600.0
    )
    max_running_per_site: Annotated[int, Field(ge=1, le=100)] = setting(
        "Requested syncs that run at once; others wait.", "4", default=4
    )
    max_per_hour: Annotated[int, Field(ge=1, le=10_000)] = setting(
        "Wishes by API and alert together; people and schedules are not counted.",
        "60",
        default=60,
    )
    circuit: Circuit = setting("Hold triggers of a site that fails them.", default=Circuit())
    maintenance: Annotated[tuple[Maintenance, ...], Flow] = setting(
        "Windows in which no trigger acts.", default=()
    )
    schedules: dict[Text, Schedule] = setting("Syncs at set times, by name.", default={})
