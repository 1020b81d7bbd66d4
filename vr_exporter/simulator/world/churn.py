"""Replications that are removed and configured anew, under other ids."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial

from vr_exporter.simulator.world.actions import Actions
from vr_exporter.simulator.world.agenda import Agenda
from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.founding import ids_for
from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.places import Pairing
from vr_exporter.simulator.world.population import Population
from vr_exporter.simulator.world.replica import Image, Replica
from vr_exporter.simulator.world.tasks import KINDS

LARGEST_DISK_BYTES = 60 * 10**9
"""Only small VMs are taken, so that their first sync is a matter of minutes."""


class Churn:
    """One replication at a time: removed by a task, missing for a while, back by another."""

    def __init__(
        self,
        agenda: Agenda,
        chance: Chance,
        *,
        options: WorldOptions,
        actions: Actions,
        population: Population,
    ) -> None:
        self._agenda = agenda
        self._chance = chance
        self._options = options
        self._actions = actions
        self._population = population
        self._is_busy = False

    def replace_one(self, pairing: Pairing, user: str) -> None:
        """Begin with a small healthy VM of the pairing, unless another one is under way."""
        small = [
            replica
            for replica in self._population.of(pairing)
            if replica.phase == "OK" and replica.disk_bytes < LARGEST_DISK_BYTES
        ]
        if self._is_busy or not small:
            return
        replica = self._chance.choice(small)
        self._is_busy = True
        self._actions.put(
            KINDS["unconfigure"],
            site=replica.source,
            user=user,
            replica=replica,
            then=partial(self._removed, replica, user),
            is_sure=True,
        )

    def _removed(self, replica: Replica, user: str, now: float) -> None:
        self._actions.syncing.abort(replica, None, now=now)
        replica.plan += 1
        replica.phase = "REMOVED"
        self._population.remove(replica)
        back = now + self._chance.uniform(30.0, 120.0) / self._options.speed
        self._agenda.at(back, partial(self._configure, replica, user))

    def _configure(self, replica: Replica, user: str, _: float) -> None:
        self._actions.put(
            KINDS["configure"],
            site=replica.source,
            user=user,
            entity=replica.vm_id,
            entity_name=replica.name,
            then=partial(self._arrived, replica),
            is_sure=True,
        )

    def _arrived(self, replica: Replica, now: float) -> None:
        kept: deque[Image] | None = (
            deque(maxlen=replica.images.maxlen) if replica.images is not None else None
        )
        newcomer = replace(
            replica,
            phase="OK",
            last_sync_at=None,
            last_sync_seconds=0,
            last_sync_bytes=0,
            images=kept,
            group_error=None,
            syncs_done=0,
            bytes_done=0,
        )
        ids_for(newcomer, self._options, chance=self._chance)
        self._population.add(newcomer)
        self._actions.syncing.begin(newcomer, now)
        self._is_busy = False
