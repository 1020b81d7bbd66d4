"""One running sync: what it has to move and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vr_exporter.simulator.world.link import Link
    from vr_exporter.simulator.world.replica import Replica
    from vr_exporter.simulator.world.tasks import Task
    from vr_exporter.simulator.world.texts import Trouble

SyncKind = Literal["delta", "full", "initial"]

CHECKSUM_LEAD = 1.15
"""How far the checksum of a full sync runs ahead of the transfer."""


@dataclass(slots=True, eq=False)
class Sync:
    """A sync from its first byte to its last; progress is a function of time, never stored.

    `checksum_bytes` is 0 for a delta, which compares nothing. `breaks_at` is the share of the
    transfer at which it is to fail with `trouble`.
    """

    replica: Replica
    link: Link
    kind: SyncKind
    began_at: float
    transfer_bytes: int
    checksum_bytes: int = 0
    trouble: Trouble | None = None
    breaks_at: float = 1.0
    tasks: list[Task] = field(default_factory=list)
    served_at_start: float = 0.0
    moved_bytes: int | None = None
    """What it had moved when it left the link; None while it runs."""

    @property
    def is_over(self) -> bool:
        """Whether it has left the link, well or not."""
        return self.moved_bytes is not None

    @property
    def bytes_to_move(self) -> float:
        """Bytes until it ends, one way or the other."""
        return self.transfer_bytes * self.breaks_at

    def transferred_bytes(self, now: float) -> int:
        """Bytes sent so far."""
        if self.moved_bytes is not None:
            return self.moved_bytes
        sent = self.link.served(now) - self.served_at_start
        return int(min(max(round(sent), 0), self.bytes_to_move))

    def percent(self, now: float) -> int:
        """Progress as people see it; 100 is reached by ending only."""
        return min(99, 100 * self.transferred_bytes(now) // max(self.transfer_bytes, 1))

    def checksum_compared_bytes(self, now: float) -> int:
        """Bytes compared so far; runs ahead of the transfer."""
        return int(self.checksum_bytes * self._compared_share(now))

    def transfer_known_bytes(self, now: float) -> int:
        """Bytes to send so far known: in a full sync this grows with the checksum."""
        if not self.checksum_bytes:
            return self.transfer_bytes
        known = int(self.transfer_bytes * self._compared_share(now))
        return max(known, self.transferred_bytes(now))

    def _compared_share(self, now: float) -> float:
        done = self.transferred_bytes(now) / max(self.transfer_bytes, 1)
        return min(1.0, done * CHECKSUM_LEAD)
