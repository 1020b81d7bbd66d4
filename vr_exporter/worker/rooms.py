"""What a site's worker works with."""

from __future__ import annotations

from dataclasses import dataclass

from vr_exporter.appliance.client import Appliance
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.tasks import SyncTasks
from vr_exporter.watching.board import Board
from vr_exporter.watching.inventory import Reader
from vr_exporter.watching.site import SiteWatch


@dataclass(frozen=True, slots=True)
class SiteRooms:
    """The rooms of one site; each belongs to it alone, save board and ledger."""

    appliance: Appliance
    reader: Reader
    watch: SiteWatch
    ledger: Ledger
    board: Board
    syncs: SyncTasks
    trigger_appliance: Appliance | None = None

    def close(self) -> None:
        """Log out, also the account that triggers have of their own."""
        self.appliance.close()
        if self.trigger_appliance:
            self.trigger_appliance.close()

    def requests_of_polls(self) -> int:
        """Count what every poll costs: logins are rare and need no room in the interval."""
        return self.appliance.requests_sent - self.appliance.logins_sent
