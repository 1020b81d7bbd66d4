"""The sites at work: begun together, exchanged at a reload, ended in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from vr_exporter.app.sites import Site
from vr_exporter.domain.names import SiteName
from vr_exporter.settings import Settings

LOGOUT_SECONDS = 3.2
"""With the last answers and log lines an end takes less than five seconds (fault-matrix B8)."""


class MakeSite(Protocol):
    """Makes a site from the settings; its thread does not run yet."""

    def __call__(self, name: SiteName, settings: Settings) -> Site:
        """Make it."""


class Fleet:
    """The sites of the settings that hold. Changed by one thread at a time, read by many.

    Those that are to end leave it first: nobody waits for a sign of life from one that logs out.
    """

    def __init__(self, make: MakeSite, *, monotonic: Callable[[], float]) -> None:
        self._make = make
        self._monotonic = monotonic
        self._sites: dict[SiteName, Site] = {}

    def __iter__(self) -> Iterator[Site]:
        return iter(list(self._sites.values()))

    def __len__(self) -> int:
        return len(self._sites)

    def complete(self, settings: Settings, *, is_started: bool) -> None:
        """Make the sites that are not there yet, and start them if told to."""
        known = self._sites
        new = {name: self._make(name, settings) for name in names_of(settings) if name not in known}
        if is_started:
            for site in new.values():
                site.start()
        self._sites = {name: new.get(name) or known[name] for name in names_of(settings)}

    def start(self) -> None:
        """Let every site begin to poll."""
        for site in self:
            site.start()

    def part_from(self, settings: Settings) -> tuple[SiteName, ...]:
        """End the sites that these settings change or no longer have; name the latter."""
        staying = {
            name: site
            for name, site in self._sites.items()
            if name in settings.sites and site.has_same_settings(settings)
        }
        leaving = [site for name, site in self._sites.items() if name not in staying]
        self._sites = staying
        self._end(leaving)
        return tuple(site.name for site in leaving if site.name not in settings.sites)

    def end(self) -> list[SiteName]:
        """Let every site log out; name those that did not end in time."""
        return self._end(list(self))

    def nudge(self, name: SiteName) -> None:
        """Wake the worker of a site, if there is one."""
        if site := self._sites.get(name):
            site.nudge()

    def silent(self) -> list[SiteName]:
        """Name the sites whose worker should have shown a sign of life by now."""
        now = self._monotonic()
        return [site.name for site in self if site.has_died or site.worker.due_by < now]

    def _end(self, ending: list[Site]) -> list[SiteName]:
        for site in ending:
            site.tell_to_stop()
        deadline = self._monotonic() + LOGOUT_SECONDS
        return [
            site.name for site in ending if not site.join(max(0.0, deadline - self._monotonic()))
        ]


def names_of(settings: Settings) -> list[SiteName]:
    """Name the configured sites, in the order of the file."""
    return [SiteName(name) for name in settings.sites]
