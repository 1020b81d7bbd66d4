"""What one site's worker works with: reading, triggers, ledger and board put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vr_exporter.app.reading import Shared, appliance_for, reading_for
from vr_exporter.appliance.client import Appliance
from vr_exporter.domain.events import ClockRead, Event
from vr_exporter.domain.inventory import Pairing
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.triggers import Target
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.metrics.own import OwnMetrics
from vr_exporter.settings import Settings
from vr_exporter.syncing.desk import Desk, Policy
from vr_exporter.syncing.posting import Poster
from vr_exporter.syncing.tasks import SyncTasks
from vr_exporter.worker.rooms import Notice, SiteRooms, nothing_noticed


@dataclass(frozen=True, slots=True)
class Served(Shared):
    """What sites have in common beside that, where they are served."""

    ledger: Ledger
    own: OwnMetrics
    desk: Callable[[], Desk]
    policy: Callable[[], Policy]
    notice: Notice = nothing_noticed


def rooms_for(
    name: SiteName, settings: Settings, shared: Served, *, tell: Callable[[Event], None]
) -> SiteRooms:
    """Make all that a site's worker works with."""
    skew = Skew(tell)
    reading = reading_for(name, settings, shared, tell=skew)
    site = settings.sites[name]
    account = site.trigger_account
    triggering = appliance_for(site, shared, skew, account=account) if account else None
    posting = triggering or reading.appliance
    return SiteRooms(
        reading.appliance,
        reading.reader,
        reading.watch,
        shared.ledger,
        shared.board,
        syncs_for(name, shared, reading.appliance, posting, skew),
        triggering,
        shared.notice,
    )


def syncs_for(
    name: SiteName, shared: Served, reading: Appliance, posting: Appliance, skew: Skew
) -> SyncTasks:
    """Make what serves the triggers of a site."""

    def pairing_of(target: Target) -> Pairing | None:
        site = shared.board.current().sites.get(name)
        known = (each.pairing for each in site.pairings) if site else ()
        return next((each for each in known if each.id == target.pairing_id), None)

    poster = Poster(
        ledger=shared.ledger,
        syncs=posting.syncs,
        reads=reading.syncs,
        policy=shared.policy,
        pairing_of=pairing_of,
        clock=shared.clock,
        tell=skew,
        skew=lambda: skew.seconds,
    )
    return SyncTasks(
        name,
        poster=poster,
        reads=reading.syncs,
        ledger=shared.ledger,
        pairing_of=pairing_of,
        clock=shared.clock,
        max_running=lambda: shared.settings().triggers.max_running_per_site,
        skew=lambda: skew.seconds,
        circuit=lambda: shared.desk().circuit(name),
    )


class Skew:
    """Passes events on, and remembers how far the appliance's clock is from ours."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self.seconds = 0.0

    def __call__(self, event: Event) -> None:
        """Take an event."""
        if isinstance(event, ClockRead):
            self.seconds = event.skew_seconds
        self._tell(event)
