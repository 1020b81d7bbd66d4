"""The world: one clock, one agenda of things to come, all sites."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any

from vr_exporter.simulator.world.actions import Actions
from vr_exporter.simulator.world.agenda import Agenda
from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.founding import found
from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.people import People
from vr_exporter.simulator.world.places import Site, make_places
from vr_exporter.simulator.world.population import Population
from vr_exporter.simulator.world.replica import SYNCING_PHASES, Replica
from vr_exporter.simulator.world.texts import LASTING_TROUBLE, REMOTE_DOWN
from vr_exporter.simulator.world.truth import tell_truth
from vr_exporter.simulator.world.view import SiteView

LIVED_BEFORE_SECONDS = 1800.0
"""A world is founded this long ago and has lived since, so that it is in full swing at once."""


class World:
    """Lives up to `now()` (wall clock, seconds) whenever it is looked at.

    Only acts on the agenda change anything, at moments that do not depend on when somebody
    looks: the same seed and the same asks at the same times give the same world, in however many
    steps it is advanced. Views, truth and the methods here may be used from several threads;
    whoever makes one answer of several reads holds `lock` meanwhile.
    """

    def __init__(self, options: WorldOptions, *, now: Callable[[], float]) -> None:
        self.options = options
        self.lock = RLock()
        self._now = now
        founded_at = now() - LIVED_BEFORE_SECONDS
        self.agenda = Agenda(founded_at)
        self.chance = Chance(f"{options.seed} places")
        pairings = make_places(options, chance=self.chance, now=founded_at)
        self._sites = {site.name: site for p in pairings for site in (p.first, p.second)}
        self.population = Population(pairings)
        self.actions = Actions(
            self.agenda, self.chance, options=options, sites=tuple(self._sites.values())
        )
        self._begin(founded_at)

    @property
    def sites(self) -> tuple[str, ...]:
        """Names of all sites, the first as in the options."""
        return tuple(self._sites)

    @property
    def now(self) -> Callable[[], float]:
        """The wall clock by which the world lives."""
        return self._now

    def site(self, name: str) -> Site:
        """A site with its servers, open to change."""
        return self._sites[name]

    @property
    def time(self) -> float:
        """The moment up to which the world has lived, seconds since 1970."""
        return self.agenda.time

    def advance(self) -> None:
        """Live up to now; a clock set back changes nothing."""
        with self.lock:
            self.agenda.live_up_to(self._now())

    def view(self, site: str) -> SiteView:
        """What the appliance of a site sees."""
        return SiteView(self, self._sites[site])

    def truth(self) -> dict[str, Any]:
        """Everything, ready for JSON, in seconds and bytes, apart from the API's shapes."""
        with self.lock:
            self.advance()
            return tell_truth(
                self.population,
                sites=tuple(self._sites.values()),
                actions=self.actions,
                now=self.time,
            )

    def find(self, name_or_id: str) -> Replica:
        """The first replication of that name, id or VM id; KeyError when there is none."""
        for replica in self.population:
            if name_or_id in (replica.id, replica.target_id, replica.name, replica.vm_id):
                return replica
        raise KeyError(name_or_id)

    def set_down(self, site: str, down: bool = True) -> None:  # noqa: FBT001, FBT002 - a switch
        """Take a site away, or bring it back: nothing moves to or from it, syncs break off."""
        with self.lock:
            self.advance()
            place = self._sites[site]
            if place.is_down != down:
                place.is_down, place.down_since = down, self.time
                self._feel_change_of(place)

    def pause(self, replica: Replica) -> None:
        """Pause at once, without a task."""
        with self.lock:
            self.advance()
            self.actions.pause(replica, self.time)

    def resume(self, replica: Replica) -> None:
        """Resume at once, without a task."""
        with self.lock:
            self.advance()
            self.actions.resume(replica, self.time)

    def make_fail(self, replica: Replica, failing: bool = True) -> None:  # noqa: FBT001, FBT002
        """Let every sync break off, the error shown at once; or let them succeed, one tried now."""
        with self.lock:
            self.advance()
            replica.failing = failing
            if replica.sync is not None and failing:
                self.actions.syncing.abort(replica, LASTING_TROUBLE, now=self.time)
            elif failing:
                self.actions.syncing.fail(replica, LASTING_TROUBLE, now=self.time)
            elif replica.can_sync:
                self.actions.syncing.plan(replica, self.time)
            self.advance()

    def change(self, replica: Replica, **fields: Any) -> None:
        """Set fields of a replication; another RPO changes when it syncs next."""
        with self.lock:
            self.advance()
            for name, value in fields.items():
                setattr(replica, name, value)
            if "rpo_seconds" in fields and replica.can_sync:
                self.actions.syncing.plan_by_rpo(replica)
            if fields.keys() & {"id", "target_id"}:
                self.population.relist()

    def _begin(self, founded_at: float) -> None:
        found(self.population, self.options, chance=self.chance, now=founded_at)
        for replica in self.population:
            if replica.phase in SYNCING_PHASES:
                self.actions.syncing.plan_by_rpo(replica)
        if not self.options.calm:
            People(
                self.agenda,
                self.chance,
                options=self.options,
                actions=self.actions,
                population=self.population,
            ).begin()
        self.advance()

    def _feel_change_of(self, site: Site) -> None:
        for replica in self.population:
            if not replica.pairing.joins(site):
                continue
            if replica.sync is not None and replica.pairing.is_down:
                self.actions.syncing.abort(replica, REMOTE_DOWN, now=self.time)
            elif replica.group_error is REMOTE_DOWN and replica.can_sync:
                self.actions.syncing.plan(replica, self.time + self.chance.uniform(1.0, 20.0))
