"""What happens unasked: other people at work, and links that lose bandwidth for a while."""

from __future__ import annotations

from functools import partial

from vr_exporter.simulator.world.actions import Actions
from vr_exporter.simulator.world.agenda import Agenda
from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.churn import Churn
from vr_exporter.simulator.world.link import Link
from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.places import Pairing
from vr_exporter.simulator.world.population import Population
from vr_exporter.simulator.world.replica import Replica
from vr_exporter.simulator.world.tasks import KINDS
from vr_exporter.simulator.world.texts import CONFIGURE_TROUBLES

PEOPLE = ("admin@vsphere.local", "operator@vsphere.local", "srm@vsphere.local")
WORK = {
    "sync": 36,
    "reconfigure": 18,
    "pause": 12,
    "move": 8,
    "test": 6,
    "cleanup": 5,
    "configure": 8,
    "reconnect": 4,
}
"""What people do, by weight."""

PAUSE_BETWEEN_SECONDS = 60.0
SHORTEST_BETWEEN_SECONDS = 3.0
BROWNOUT_EVERY_SECONDS = 7200.0
TRIES = 5


class People:
    """Users who act on a pairing now and then, and its links' bad moments."""

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
        self._newcomers = 0
        self._churn = Churn(agenda, chance, options=options, actions=actions, population=population)

    def begin(self) -> None:
        """Let them begin, at every pairing."""
        for pairing in self._population.pairings.values():
            self._plan_work(pairing)
            for link in pairing.links:
                self._plan_brownout(link)

    def _plan_work(self, pairing: Pairing) -> None:
        wait = self._chance.expovariate(self._options.speed / PAUSE_BETWEEN_SECONDS)
        when = self._agenda.time + max(wait, SHORTEST_BETWEEN_SECONDS)
        self._agenda.at(when, partial(self._work, pairing))

    def _work(self, pairing: Pairing, _: float) -> None:
        self._plan_work(pairing)
        name = self._chance.choices(tuple(WORK), tuple(WORK.values()))[0]
        if pairing.is_down:
            return
        if name == "configure":
            self._configure(pairing)
        elif name == "reconnect":
            self._reconnect(pairing)
        else:
            self._work_on_one(name, pairing)

    def _work_on_one(self, name: str, pairing: Pairing) -> None:
        replica = self._someone(pairing)
        if replica is None:
            return
        self._put(name, replica)
        if name == "pause":
            wait = self._chance.uniform(60.0, 480.0) / self._options.speed
            self._agenda.at(self._agenda.time + wait, partial(self._resume, replica))

    def _put(self, name: str, replica: Replica, *, is_sure: bool = False) -> None:
        self._actions.put(
            KINDS[name],
            site=replica.source,
            user=self._chance.choice(PEOPLE),
            replica=replica,
            is_sure=is_sure,
        )

    def _resume(self, replica: Replica, _: float) -> None:
        if replica.phase == "PAUSED":
            self._put("resume", replica, is_sure=True)

    def _someone(self, pairing: Pairing) -> Replica | None:
        replicas = self._population.of(pairing)
        for _ in range(TRIES if replicas else 0):
            replica = self._chance.choice(replicas)
            if replica.phase == "OK" and replica.sync is None:
                return replica
        return None

    def _reconnect(self, pairing: Pairing) -> None:
        server = self._chance.choice(pairing.first.servers)
        self._actions.put(
            KINDS["reconnect"],
            site=pairing.first,
            user=self._chance.choice(PEOPLE),
            entity=server.id,
            entity_name=server.name,
        )

    def _configure(self, pairing: Pairing) -> None:
        """Protect a VM; the attempt comes to nothing, half of the times in a world with churn."""
        if self._options.churn and self._chance.happens(0.5):
            self._churn.replace_one(pairing, self._chance.choice(PEOPLE))
            return
        self._newcomers += 1
        self._actions.put(
            KINDS["configure"],
            site=pairing.first,
            user=self._chance.choice(PEOPLE),
            entity=f"VirtualMachine:vm-{90_000 + self._newcomers}:{pairing.first.vc_id}",
            entity_name=f"new-{self._newcomers:02d}",
            doomed=self._chance.choice(CONFIGURE_TROUBLES),
        )

    def _plan_brownout(self, link: Link) -> None:
        wait = self._chance.uniform(0.2, 1.8) * BROWNOUT_EVERY_SECONDS / self._options.speed
        self._agenda.at(self._agenda.time + wait, partial(self._dim, link))

    def _dim(self, link: Link, now: float) -> None:
        self._actions.syncing.squeeze(link, self._chance.uniform(0.05, 0.3), now=now)
        lasts = self._chance.uniform(300.0, 900.0) / self._options.speed
        self._agenda.at(now + lasts, partial(self._brighten, link))

    def _brighten(self, link: Link, now: float) -> None:
        self._actions.syncing.squeeze(link, 1.0, now=now)
        self._plan_brownout(link)
