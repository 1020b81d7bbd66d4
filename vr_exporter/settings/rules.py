"""Rules that span sections: what a single value cannot know."""

from __future__ import annotations

from collections.abc import Iterator

from vr_exporter.domain.alerts import RESERVED_LABELS
from vr_exporter.settings.faults import NO_SITE, Fault
from vr_exporter.settings.model import Settings
from vr_exporter.settings.site import SiteSettings


def broken_rules(settings: Settings) -> Iterator[Fault]:
    """Yield every breach, in the order of the file."""
    yield from _sites(settings)
    yield from _triggers(settings)
    yield from _alertmanagers(settings)
    for label in sorted(RESERVED_LABELS & set(settings.alerts.labels)):
        yield Fault(("alerts", "labels", label), "set by the exporter itself (choose another name)")


def _sites(settings: Settings) -> Iterator[Fault]:
    if not settings.sites:
        yield Fault(("sites",), NO_SITE)
    seen: dict[str, str] = {}
    for name, site in settings.sites.items():
        first = seen.setdefault(site.url.lower(), name)
        if first != name:
            yield Fault(("sites", name, "url"), f"the address of {first} too (drop one of them)")
        yield from _pairings(name, site)


def _pairings(name: str, site: SiteSettings) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for alias, pairing in site.pairings.items():
        first = seen.setdefault(pairing.remote_vc.lower(), alias)
        if first != alias:
            path = ("sites", name, "pairings", alias, "remote_vc")
            yield Fault(path, f"the vCenter of {first} too (drop one of them)")


def _triggers(settings: Settings) -> Iterator[Fault]:
    triggers = settings.triggers
    if triggers.circuit.open_max < triggers.circuit.open_for:
        yield Fault(("triggers", "circuit", "open_max"), "shorter than open_for (raise it)")
    for number, window in enumerate(triggers.maintenance):
        here = ("triggers", "maintenance", number)
        for site in window.sites:
            if site not in settings.sites:
                yield Fault((*here, "sites"), _no_such_site(settings))
        if window.begin == window.end:
            yield Fault((*here, "to"), "the same as from (a whole day is 00:00 to 23:59)")
    for name, schedule in triggers.schedules.items():
        if schedule.match.site is not None and schedule.match.site not in settings.sites:
            path = ("triggers", "schedules", name, "match")
            yield Fault((*path, "site"), _no_such_site(settings))


def _no_such_site(settings: Settings) -> str:
    return f"no such site (configured: {', '.join(settings.sites)})"


def _alertmanagers(settings: Settings) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, member in enumerate(settings.alertmanagers):
        if member.receiver in seen:
            what = "another member has this name (give each its own name)"
            yield Fault(("alertmanagers", number, "name"), what)
        seen.add(member.receiver)
