"""A link between two sites: limited bandwidth, shared fairly by the syncs that run over it."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vr_exporter.simulator.world.sync import Sync

PER_SYNC_BYTES_PER_SECOND = 12.5e6
"""One sync alone gets no more than 100 Mbit/s (times the speed of the world)."""

LEAST_CAPACITY_BYTES_PER_SECOND = 125e6
"""A link is never narrower than 1 Gbit/s (times the speed of the world)."""


class Link:
    """One direction of a pairing.

    All running syncs move at one pace, so a single number tells how far each is: the bytes that
    the link has served to anyone who was there all the time. A sync ends when that number
    reaches the mark it was given on joining; joining and leaving cost no walk over the others.
    """

    __slots__ = (
        "_marks",
        "_order",
        "_served",
        "_since",
        "bytes_done",
        "capacity",
        "running",
        "share",
        "share_since",
        "speed",
        "version",
    )

    def __init__(self, *, speed: float, now: float) -> None:
        self.capacity = LEAST_CAPACITY_BYTES_PER_SECOND
        self.share = 1.0
        """The part of the capacity that is there now: less in a brownout."""
        self.share_since = now
        self.speed = speed
        self.running = 0
        self.version = 0
        self.bytes_done = 0
        """Bytes of all syncs that have left the link, good or bad."""
        self._served = 0.0
        self._since = now
        self._order = 0
        self._marks: list[tuple[float, int, Sync]] = []

    @property
    def pace(self) -> float:
        """Bytes per second that each running sync moves now."""
        fair = self.capacity * self.share / max(self.running, 1)
        return min(fair, PER_SYNC_BYTES_PER_SECOND) * self.speed

    def served(self, now: float) -> float:
        """Bytes served to anyone present since the link was idle last."""
        if not self.running:
            return self._served
        return self._served + self.pace * (now - self._since)

    def join(self, sync: Sync, now: float) -> None:
        """Start moving the sync's bytes."""
        self._settle(now)
        sync.served_at_start = self._served
        self.running += 1
        self._order += 1
        heappush(self._marks, (self._served + sync.bytes_to_move, self._order, sync))

    def leave(self, sync: Sync, now: float) -> None:
        """Stop moving the sync's bytes before its end."""
        self._settle(now)
        self._drop(sync, now)

    def squeeze(self, share: float, now: float) -> None:
        """Give the syncs another part of the capacity from now on."""
        self._settle(now)
        self.share, self.share_since = share, now

    def next_end(self) -> float | None:
        """When the next sync will have moved all its bytes, if nothing changes."""
        while self._marks and self._marks[0][2].is_over:
            heappop(self._marks)
        if not self._marks or not self.pace:
            return None
        return self._since + max(self._marks[0][0] - self._served, 0.0) / self.pace

    def take_ended(self, now: float) -> Sync:
        """The sync whose end `next_end` foretold."""
        mark, _, sync = heappop(self._marks)
        self._served, self._since = mark, now
        self._drop(sync, now)
        return sync

    def _settle(self, now: float) -> None:
        self._served, self._since = self.served(now), now
        self.version += 1

    def _drop(self, sync: Sync, now: float) -> None:
        sync.moved_bytes = sync.transferred_bytes(now)
        self.bytes_done += sync.moved_bytes
        self.running -= 1
        self.version += 1
        if not self.running:
            self._served = 0.0
            self._marks.clear()
