"""Replications of triggers read anew, as few requests as that takes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.appliance.syncs import MOST_IDS, Syncs
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import Target, Trigger
from vr_exporter.syncing.posting import PairingOf


@dataclass(frozen=True, slots=True)
class Rereading:
    """Reads by the session that may look; what cannot be read is left out."""

    reads: Syncs
    pairing_of: PairingOf

    def rows(self, triggers: Iterable[Trigger]) -> dict[ReplicationId, Replication]:
        """Read the replications of some triggers, one request for each pairing."""
        by_pairing: dict[str, list[Target]] = {}
        for trigger in triggers:
            by_pairing.setdefault(trigger.target.pairing_id, []).append(trigger.target)
        rows: dict[ReplicationId, Replication] = {}
        for targets in by_pairing.values():
            for first in range(0, len(targets), MOST_IDS):
                some = self._read(targets[first : first + MOST_IDS])
                rows.update({row.id: row for row in some})
        return rows

    def _read(self, targets: list[Target]) -> tuple[Replication, ...]:
        pairing = self.pairing_of(targets[0])
        local = pairing.local_vc_id if pairing else ""
        ids = [target.replication_id for target in targets]
        with suppress(ApplianceError), self.reads.step():
            return self.reads.replications(targets[0].pairing_id, ids, local_vc_id=local)
        return ()
