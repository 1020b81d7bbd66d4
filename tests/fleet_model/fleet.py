"""The exporter's parts beside two simulated appliances, and the model that watches them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.bridged import Bridged, a_body
from tests.fleet_model.brought import read_by
from tests.fleet_model.mischief import Mischief
from tests.fleet_model.page import Mismatch, Pages, Sample
from tests.fleet_model.shown import samples
from tests.fleet_model.site import SiteModel, Turn
from tests.fleet_model.told import ToldApi, Truths
from tests.fleet_model.wishes import Wishes
from tests.pages import text_of
from tests.simulated import ManualClock
from tests.watched import ACCOUNT, Site, Watched
from vr_exporter.app.triggers import Housekeeping
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.names import PairingId, ReplicationId, SiteName
from vr_exporter.domain.triggers import Origin, Target, Trigger
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.options import ApiOptions
from vr_exporter.simulator.world import World, WorldOptions
from vr_exporter.syncing.desk import Verdict
from vr_exporter.syncing.schedules import Schedule
from vr_exporter.syncing.targets import Directory, Wanted, find
from vr_exporter.syncing.wishes import Wish, random_key
from vr_exporter.watching.board import Board

SITES = ("madrid", "berlin")
SCHEDULES = (Schedule("databases", "*/20 * * * *", wanted=Wanted(patterns=("db-*",))),)
PAGES = 1.6
"""So many pages hold the replications: each list has more than one."""

STRICT_EVERY = 20
"""At one step of so many the strict parsers of prometheus_client bear our quick one out."""

OWN_KEPT_SECONDS = 1.0
"""The exporter's own counters on a page may be so old."""


class Clock(ManualClock):
    """Keeps no list of waits: a day has very many."""

    def wait(self, seconds: float) -> bool:
        """Let the time pass at once."""
        self.advance(seconds)
        return False


class Exporter(Watched):
    """The parts of an exporter with a bridge and schedules; its appliances remember."""

    def __init__(self, world: World, time: Clock, *, page_size: int) -> None:
        options = ApiOptions(accounts=(ACCOUNT,))
        truths = Truths(world)
        self._apis = {name: ToldApi(world, name, options, truths=truths) for name in SITES}
        super().__init__(sites=SITES, time=time, inhabits=world, page_size=page_size)
        self.begin()

    def begin(self) -> None:
        """What comes after the parts of a process are made."""
        self.door = Bridged(
            self,
            triggers={"max_per_hour": 30, "cooldown": "5m", "max_running_per_site": 4},
            cooldown="10m",
        )
        self.due = dict.fromkeys(self.sites, self.time.monotonic())

    def _api(self, name: str) -> Api:
        return self._apis[name]

    def api(self, name: str) -> ToldApi:
        """The appliance of a site."""
        return self._apis[name]

    def _new_board(self) -> Board:
        """Render what changed when the page is asked for."""
        self._changed: set[SiteName | None] = set()
        return Board(on_change=lambda _, site: self._changed.add(site))

    def pages(self) -> tuple[str, str]:
        """The page in both of its forms."""
        while self._changed:
            self.page.put(self.board.current(), changed=self._changed.pop())
        self.page.put_unsited(self.ledger.trigger_totals().get(SiteName(""), SiteTotals()))
        return text_of(self.page), text_of(self.page, openmetrics=False)


class Fleet:
    """A fleet that lives under mischief, step by step, each page compared with the model."""

    def __init__(self, *, seed: int, replications: int, step_seconds: float) -> None:
        self._chance = Random(seed)  # noqa: S311 - chance, repeatable by its seed
        self._step = step_seconds
        self.time = Clock()
        options = WorldOptions(sites=SITES, replications=replications, seed=seed, churn=True)
        self.world = World(options, now=self.time.now)
        self.exporter = Exporter(self.world, self.time, page_size=int(replications / PAGES))
        self.models = {name: SiteModel(name, self.world.site(name).vc_id) for name in SITES}
        self.wishes = Wishes(self._row)
        self.mischief = Mischief(self.world, self.exporter.sites, self._chance)
        self.seen = Pages()
        self.steps = self.restarts = self.polls = self.failed = 0
        self.last_poll: dict[str, list[str]] = {}
        self._failures: dict[str, Counter[str]] = {name: Counter() for name in SITES}
        self._began = self.time.now()
        self._begin()

    @property
    def lived_seconds(self) -> float:
        """How long the fleet has lived."""
        return self.time.now() - self._began

    @property
    def failures(self) -> dict[str, Counter[str]]:
        """Why polls failed, by site."""
        return self._failures

    @property
    def evils(self) -> int:
        """How many faults were begun."""
        return self.mischief.begun.total()

    @property
    def kinds(self) -> int:
        """Of how many kinds they were."""
        return len(self.mischief.begun)

    @property
    def troubles(self) -> str:
        """What is wrong at each site now."""
        return self.mischief.names()

    @property
    def syncs(self) -> int:
        """Syncs seen to end, at both ends."""
        return sum(model.syncs.total() for model in self.models.values())

    @property
    def tasks(self) -> int:
        """Tasks seen to end."""
        return sum(model.tasks.completed.total() for model in self.models.values())

    def close(self) -> None:
        """End the process of the exporter."""
        for site in self.exporter.sites.values():
            site.appliance.close()
        self.exporter.ledger.close()
        self.exporter.folder.cleanup()

    def turn(self) -> list[Mismatch]:
        """Live one step, and compare."""
        self.steps += 1
        before = self.time.now()
        self.mischief.turn(before)
        if self._chance.random() < 0.006:
            self._restart()
        self._wish()
        self._housekeeping.tick()
        for name, site in self.exporter.sites.items():
            self._serve(name, site)
        for name, site in self.exporter.sites.items():
            site.worker.serve()
            self._age(name, site)
        found = self._compare()
        self.time.advance(max(OWN_KEPT_SECONDS, before + self._step - self.time.now()))
        return found

    def _begin(self) -> None:
        exporter = self.exporter
        self._housekeeping = Housekeeping(
            exporter.ledger,
            Directory(exporter.board.current),
            submit=self._submit,
            schedules=lambda: SCHEDULES,
            clock=self.time.clock(),
        )

    def _row(self, key: str) -> Trigger | None:
        return self.exporter.ledger.trigger(key)

    def _submit(self, wish: Wish) -> Verdict:
        verdict = self.exporter.desk.submit(wish)
        self.wishes.told(verdict)
        return verdict

    def _serve(self, name: str, site: Site) -> None:
        worker, model = site.worker, self.models[name]
        worker.serve()
        self._age(name, site)
        if self.time.monotonic() < self.exporter.due[name]:
            return
        began = self.time.monotonic()
        worker.poll()
        told = self.exporter.api(name).take()
        self.wishes.posted(name, told)
        after = self.time.now() - read_by(told, self.time.now())
        turn = Turn(began, self.time.monotonic() - after, self.time.now() - after)
        poll = model.polled(told, turn)
        self.last_poll[name] = [f"{began:.2f} to {turn.ended:.2f}: {poll.reasons}", *map(str, told)]
        self.polls += 1
        self.failed += bool(poll.reasons)
        self._failures[name].update(poll.reasons)
        self._plan(name, site)

    def _age(self, name: str, site: Site) -> None:
        site.worker.shown.age()
        self._hear(name)
        self.models[name].age(self.time.monotonic())

    def _plan(self, name: str, site: Site) -> None:
        """Let the worker say when it polls next; the model counts what was passed over."""
        model, now = self.models[name], self.time.monotonic()
        due = self.exporter.due[name] + model.interval
        while due <= now:
            model.skipped += 1
            due += model.interval
        self.exporter.due[name] = site.worker._next_due(self.exporter.due[name])

    def _hear(self, name: str) -> None:
        told = self.exporter.api(name).take()
        self.wishes.posted(name, told)
        self.models[name].hear(told, self.time.monotonic())

    def _restart(self) -> None:
        self.restarts += 1
        passwords = {name: site.password for name, site in self.exporter.sites.items()}
        self.exporter.restart()
        for name, site in self.exporter.sites.items():
            site.password = passwords[name]
            self.exporter.api(name).take()
            self.models[name].restart()
        self.exporter.begin()
        self.seen.restart()
        self._begin()

    def _wish(self) -> None:
        chance = self._chance
        if chance.random() < 0.06:
            self._wish_for(self._a_name(), chance.choice((Origin.CLI, Origin.API)))
        if chance.random() < 0.01:
            self._wish_for("vm-that-is-gone", Origin.CLI)
        if chance.random() < 0.06:
            self._alert()

    def _a_name(self) -> str:
        return self._chance.choice(sorted(replica.name for replica in self.world.population))

    def _wish_for(self, word: str, origin: Origin) -> None:
        found = find(Wanted(words=(word,)), self.exporter.board.current())
        not_after = self.time.now() + 900
        for target in found.targets:
            self._submit(Wish(random_key(), target, origin, not_after))
        for fault in found.faults:
            nobody = Target(ReplicationId(""), SiteName(""), PairingId(""), vm=word)
            wish = Wish(random_key(), nobody, origin, not_after)
            self.wishes.told(self.exporter.desk.turn_away(wish, fault.skip))

    def _alert(self) -> None:
        """Let Alertmanager post what is breached, or something that fits nothing."""
        door = self.exporter.door
        rows = door.breached(site="madrid")
        alerts: list[Any] = [door.an_alert(row) for row in rows[:3]]
        if self._chance.random() < 0.3:
            alerts = [{**alert, "status": "resolved"} for alert in alerts]
        if alerts:
            for verdict in door.bridge.take(a_body(alerts)).verdicts:
                self.wishes.told(verdict)

    def _compare(self) -> list[Mismatch]:
        self.wishes.settle()
        faults = [Mismatch("a wish", "what its POST allows", each) for each in self.wishes.faults]
        self.wishes.faults.clear()
        openmetrics, text = self.exporter.pages()
        is_strict = self.steps % STRICT_EVERY == 1
        return faults + self.seen.check(openmetrics, text, self._expected(), is_strict=is_strict)

    def _expected(self) -> Iterator[Sample]:
        for model in self.models.values():
            yield from samples(model, self.time.monotonic())
        yield from self.wishes.samples(SITES)
