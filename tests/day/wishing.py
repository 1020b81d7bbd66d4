"""People, programs and alerts that wish for syncs all day, some of them in vain."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.day.exporter import Exporter
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import PairingId, ReplicationId, SiteName
from vr_exporter.domain.triggers import Origin, Target
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.syncing.targets import Wanted, find
from vr_exporter.syncing.wishes import Wish, random_key

ORIGINS = (Origin.CLI, Origin.API, Origin.ALERT)
PATIENCE_SECONDS = 900.0
EVERY_MINUTES = 6


class Wishing:
    """Wishes for one replication now and then; the kinds take turns, so that each comes often."""

    def __init__(self, exporter: Exporter, *, seed: int = 1) -> None:
        self._exporter = exporter
        self._chance = Random(seed)  # noqa: S311 - which VM is asked for is no secret
        self._turn = 0

    def in_minute(self, minute: int) -> None:
        """Wish, if it is time to."""
        if minute % EVERY_MINUTES == 0 and not self._exporter.is_down:
            self._turn += 1
            self.wish(("OK", "OK", "OK", "SYNC", "PAUSED")[self._turn % 5])
            if self._turn % 10 == 0:
                self.wish_for("vm-that-is-gone")

    def wish(self, status: str, origin: Origin | None = None) -> None:
        """Wish for a replication in some state."""
        names = sorted(row.vm for row in self._rows() if row.status == status)
        if names:
            self.wish_for(self._chance.choice(names), origin)

    def wish_for(self, word: str, origin: Origin | None = None) -> None:
        """Wish for what a word means; what means nothing is turned away and counted."""
        exporter = self._exporter
        origin = origin or ORIGINS[self._turn % len(ORIGINS)]
        found = find(Wanted(words=(word,)), exporter.board.current())
        not_after = exporter.time.now() + PATIENCE_SECONDS
        try:
            for target in found.targets:
                exporter.desk.submit(Wish(random_key(), target, origin, not_after))
            for fault in found.faults:
                nobody = Target(ReplicationId(""), SiteName(""), PairingId(""), vm=word)
                exporter.turn_away(Wish(random_key(), nobody, origin, not_after), fault.skip)
        except StoreFailed:
            return  # the wish is not taken, and whoever wished was told so

    def _rows(self) -> Iterator[Replication]:
        for site in self._exporter.board.current().sites.values():
            for paired in site.pairings:
                for row in paired.replications:
                    if row.replication.direction == "outgoing":
                        yield row.replication
