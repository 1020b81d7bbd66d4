"""Worlds as the simulator's tests make them: calm unless asked otherwise, time moved by hand."""

from __future__ import annotations

from typing import Any

from tests.simulated import ManualClock
from vr_exporter.simulator.world import Replica, World, WorldOptions


class TimedWorld:
    """A world with its clock and the view of its first site."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.world = World(WorldOptions(**options), now=self.clock.now)
        self.site = self.world.sites[0]
        self.view = self.world.view(self.site)
        self.pairing_id: str = self.view.pairings()[0]["pairing_id"]

    def after(self, seconds: float) -> World:
        """The world so many seconds later."""
        self.clock.advance(seconds)
        self.world.advance()
        return self.world

    def replicas(self) -> list[Replica]:
        """All replications of the first pairing."""
        return list(self.view.replications(self.pairing_id))

    def idle(self) -> Replica:
        """One that rests, with most of its RPO still before it."""
        return next(r for r in self.replicas() if r.can_sync and self._is_fresh(r))

    def row(self, replica: Replica) -> dict[str, Any]:
        """What the first site tells of a replication now."""
        self.world.advance()
        return self.view.row(replica, extended=True)

    def sync(self, replica: Replica) -> dict[str, Any]:
        """Ask for a sync as the API does; the task."""
        replication_id = self.view.id_of(replica)
        return self.view.sync(self.pairing_id, replication_id, user="test@vsphere.local")

    def task(self, task_id: str) -> dict[str, Any]:
        """A task as it is now."""
        return next(task for task in self.view.tasks() if task["id"] == task_id)

    def _is_fresh(self, replica: Replica) -> bool:
        hour = 3600
        age = self.clock.now() - (replica.last_sync_at or 0.0)
        return replica.rpo_seconds >= hour and age < replica.rpo_seconds / 4


def a_calm_world(**options: Any) -> TimedWorld:
    """A small world where nothing happens unasked but syncs by RPO."""
    return TimedWorld(**{"calm": True, "replications": 40} | options)


def a_lively_world(**options: Any) -> TimedWorld:
    """The world as people see it in the demo."""
    return TimedWorld(**{"replications": 300, "speed": 10.0} | options)
