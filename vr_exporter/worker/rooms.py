"""What a site's worker works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vr_exporter.appliance.client import Appliance
from vr_exporter.domain.alerts import Noticed
from vr_exporter.domain.counts import SiteChanges
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.tasks import SyncTasks
from vr_exporter.watching.board import Board
from vr_exporter.watching.inventory import Reader
from vr_exporter.watching.site import SiteWatch

Notice = Callable[[SiteSnapshot, SiteChanges], Noticed]
"""Says what of a look at a site is news; asked before the look is recorded."""


def nothing_noticed(_site: SiteSnapshot, _changes: SiteChanges) -> Noticed:
    """Nobody wants to hear of it."""
    return Noticed()


@dataclass(frozen=True, slots=True)
class SiteRooms:
    """The rooms of one site; each belongs to it alone, save board, ledger and `notice`."""

    appliance: Appliance
    reader: Reader
    watch: SiteWatch
    ledger: Ledger
    board: Board
    syncs: SyncTasks
    trigger_appliance: Appliance | None = None
    notice: Notice = nothing_noticed

    def close(self) -> None:
        """Log out, also the account that triggers have of their own."""
        self.appliance.close()
        if self.trigger_appliance:
            self.trigger_appliance.close()

    def requests_of_polls(self) -> int:
        """Count what every poll costs: logins are rare and need no room in the interval."""
        return self.appliance.requests_sent - self.appliance.logins_sent
