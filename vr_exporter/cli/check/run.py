"""All sites checked one after another, with what they share, and logged out at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vr_exporter.cli.alone import shared_for
from vr_exporter.cli.check.report import Finding
from vr_exporter.cli.check.site import SiteCheck
from vr_exporter.domain.names import SiteName
from vr_exporter.settings import Settings


def checks(settings: Settings, names: Iterable[str]) -> Iterator[tuple[str, Finding]]:
    """Each finding with its site, as soon as it is made.

    Before a far end is entered without an account of its own, every configured site has shown
    itself, since the account may be another site's.
    """
    shared = shared_for(settings)
    every = {name: SiteCheck(SiteName(name), settings, shared) for name in settings.sites}
    try:
        for name in names:
            for finding in every[name].opening():
                yield name, finding
            if settings.sites[name].remote is None:
                for peer in every.values():
                    peer.opening()
            for finding in every[name].reading():
                yield name, finding
    finally:
        for check in every.values():
            check.close()
