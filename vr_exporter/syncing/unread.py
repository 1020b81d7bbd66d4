"""What of a snapshot could not be read last time, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot


def unread_places(snapshot: Snapshot, site: str | None = None) -> tuple[str, ...]:
    """Name each site and pairing whose last reading failed; of one site only, where given."""
    here = _here(snapshot, site)
    return tuple(sentence for shown in here for sentence in _of_site(shown))


def untried_sites(snapshot: Snapshot, site: str | None = None) -> tuple[SiteName, ...]:
    """Name each site whose first reading has not ended yet, well or not."""
    return tuple(shown.site for shown in _here(snapshot, site) if not shown.was_tried)


def _here(snapshot: Snapshot, site: str | None) -> Iterator[SiteSnapshot]:
    return (shown for name, shown in snapshot.sites.items() if site in (None, name))


def _of_site(site: SiteSnapshot) -> Iterator[str]:
    if not site.was_tried:
        yield f"{site.site} has not been read yet"
    elif not site.up:
        yield f"{site.site} could not be read: {site.poll.error or 'no reason given'}"
    else:
        for paired in site.pairings:
            if not paired.up:
                reason = paired.error or "no reason given"
                yield f"pairing {paired.pairing.name} of {site.site} could not be read: {reason}"
