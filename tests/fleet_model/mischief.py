"""What goes wrong, and what lives: all of it chosen by one seeded chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from tests.watched import ACCOUNT
from vr_exporter.simulator.faults import Fault
from vr_exporter.simulator.world import World
from vr_exporter.simulator.world.founding import ids_for
from vr_exporter.simulator.world.replica import Replica

LISTS: Final = "getAllReplications"
TASKS: Final = "getRecentTasksInfo"
SYNC: Final = "syncReplication"


@dataclass(frozen=True, slots=True)
class Evil:
    """A kind of fault of an appliance, and how many minutes it lasts at most."""

    name: str
    kind: str
    minutes: int = 12
    fault: tuple[tuple[str, Any], ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the fault beside its kind."""
        return dict(self.fault)


def _evil(name: str, kind: str, minutes: int = 12, **fault: Any) -> Evil:
    return Evil(name, kind, minutes, tuple(fault.items()))


EVILS: Final = (
    _evil("site down", "site_down", 25),
    _evil("wrong password", "", 20),
    _evil("throttled", "throttled", 8),
    _evil("throttled with a wait", "throttled", 8, value="45"),
    _evil("unavailable", "unavailable", 8, value="5"),
    _evil("slow", "slow", 10, value=2),
    _evil("hanging", "hang", 8),
    _evil("lists hang", "hang_after_head", 8, operation=LISTS),
    _evil("lists drip", "drip", 6, operation=LISTS),
    _evil("torn lists", "truncated", 12, operation=LISTS),
    _evil("torn last page", "truncated", 10, operation=LISTS, skip=1, times=1),
    _evil("torn pairings", "truncated", 8, operation="getVrPairings"),
    _evil("torn tasks", "truncated", 12, operation=TASKS),
    _evil("cut lists", "cut", 8, operation=LISTS),
    _evil("reset lists", "reset", 8, operation=LISTS, rate=0.5),
    _evil("maintenance page", "html_page", 10),
    _evil("proxy error", "html_error", 10),
    _evil("lists fail", "error", 12, operation=LISTS),
    _evil("some fail", "error", 15, rate=0.15),
    _evil("some dropped", "dropped", 15, rate=0.15),
    _evil("tasks unavailable", "bare_error", 12, operation=TASKS, value=500),
    _evil("issues forbidden", "error", 5, operation="getReplicationsIssues", value=403),
    _evil("servers missing", "error", 5, operation="getAllVrServers", value=404),
    _evil("packed lists", "gzip", 8, operation=LISTS),
    _evil("redirected", "redirect", 8),
    _evil("too large", "too_large", 3, operation=TASKS),
    _evil("emptied once", "empty_list", 3, operation=LISTS, times=1),
    _evil("emptied", "empty_list", 4, operation=LISTS),
    _evil("missing rows", "wrong_total", 8, operation=LISTS),
    _evil("doubled rows", "duplicate_rows", 8),
    _evil("shifting pages", "shifting_pages", 8),
    _evil("looping list", "next_loops", 8, operation=LISTS),
    _evil("no list", "no_list", 8, operation=LISTS),
    _evil("object for a list", "object_for_list", 8, operation=LISTS),
    _evil("session lost", "session_expired", 10, times=1),
    _evil("session lost in a list", "session_expired", 10, operation=LISTS, skip=1, times=2),
    _evil("session lost always", "session_expired", 6),
    _evil("clock ahead", "clock_skew", 60, value=420),
    _evil("clock behind", "clock_skew", 60, value=-95),
    _evil("sync answers lost", "sync_lost", 25, operation=SYNC),
    _evil("syncs dropped", "dropped", 25, operation=SYNC),
    _evil("sync errors", "sync_error", 25, operation=SYNC),
    _evil("syncs refused", "error", 25, operation=SYNC, value=400),
    _evil("deep nesting", "deep_nesting", 5, operation="getVrPairingIssues"),
    _evil("link cut", "", 25),
)


class Mischief:
    """Begins and ends evils, one at a time for each site, and moves the fleet about."""

    def __init__(self, world: World, sites: dict[str, Any], chance: Random) -> None:
        self._world = world
        self._sites = sites
        self._chance = chance
        self._until: dict[str, float] = {}
        self.begun: Counter[str] = Counter()
        self._next = dict.fromkeys(sites, 0.0)
        self._queue: list[Evil] = []
        self._guests: list[Replica] = []
        self._paused: list[tuple[float, Replica]] = []
        self._newcomers = 0
        self._going: dict[str, str] = {}

    def turn(self, now: float) -> None:
        """Let end what is over, and begin what is due."""
        for site in self._sites:
            if site in self._until and now >= self._until[site]:
                self._end(site, now)
            elif site not in self._until and now >= self._next[site]:
                self._begin(site, now)
        self._live(now)

    def names(self) -> str:
        """What is wrong now, for a report."""
        return ", ".join(f"{evil} at {site}" for site, evil in self._going.items()) or "nothing"

    def _begin(self, site: str, now: float) -> None:
        if not self._next[site]:
            self._next[site] = now + self._chance.uniform(120, 900)
            return
        if not self._queue:
            self._queue = self._chance.sample(EVILS, len(EVILS))
        evil = self._queue.pop()
        self.begun[evil.name] += 1
        self._going[site] = evil.name
        self._until[site] = now + self._chance.uniform(1, evil.minutes) * 60
        if evil.name == "wrong password":
            self._sites[site].password = "wrong"
            self._sites[site].api.restart()
        elif evil.name == "link cut":
            self._world.set_down(self._other(site))
        else:
            self._sites[site].api.faults.add(Fault(kind=evil.kind, **evil.fields))

    def _end(self, site: str, now: float) -> None:
        del self._until[site], self._going[site]
        self._next[site] = now + self._chance.expovariate(1 / 900)
        self._sites[site].api.faults.clear()
        self._sites[site].password = ACCOUNT.password
        self._world.set_down(self._other(site), False)

    def _other(self, site: str) -> str:
        return next(name for name in self._sites if name != site)

    def _live(self, now: float) -> None:
        """Change the fleet, unless all of it is in trouble, and end what was to last so long."""
        if self._healthy():
            self._change(now)
        for entry in [each for each in self._paused if each[0] <= now]:
            self._paused.remove(entry)
            self._settle(entry[1])

    def _change(self, now: float) -> None:
        """Rename, add, remove, pause, break: about each of them once in an hour or two."""
        chance = self._chance
        if chance.random() < 0.02:
            self._rename()
        if chance.random() < 0.01:
            self._add(now)
        if chance.random() < 0.008 and self._guests:
            self._remove(self._guests.pop(chance.randrange(len(self._guests))))
        if chance.random() < 0.01:
            replica = self._someone()
            self._world.pause(replica)
            self._paused.append((now + chance.uniform(60, 5400), replica))
        if chance.random() < 0.01:
            self._world.make_fail(replica := self._someone())
            self._paused.append((now + chance.uniform(600, 5400), replica))
        if chance.random() < 0.02:
            self._world.change(self._someone(), rpo_seconds=chance.choice((300, 900, 3600)))

    def _settle(self, replica: Replica) -> None:
        if replica.failing:
            self._world.make_fail(replica, False)
        if replica.phase == "PAUSED":
            self._world.resume(replica)

    def _rename(self) -> None:
        self._newcomers += 1
        self._world.change(self._someone(), name=f'vm-{self._newcomers} "renamed" ü\\')

    def _add(self, now: float) -> None:
        self._newcomers += 1
        model = self._someone()
        guest = replace(
            model,
            name=f"guest-{self._newcomers:03d}",
            vm_id=f"VirtualMachine:vm-{50_000 + self._newcomers}:{model.source.vc_id}",
            phase="OK",
            disk_bytes=80 * 10**9,
            last_sync_at=None,
            last_sync_seconds=0,
            last_sync_bytes=0,
            images=None,
            mpit_instances=0,
            mpit_days=0,
            group_error=None,
            syncs_done=0,
            bytes_done=0,
            straggle=0.0,
            failing=False,
            sync=None,
        )
        with self._world.lock:
            self._world.advance()
            ids_for(guest, self._world.options, chance=self._world.chance)
            self._world.population.add(guest)
            self._world.actions.syncing.plan(guest, now + 5.0)
        self._guests.append(guest)

    def _remove(self, guest: Replica) -> None:
        with self._world.lock:
            self._world.advance()
            self._world.actions.syncing.abort(guest, None, now=self._world.time)
            guest.plan += 1
            guest.phase = "REMOVED"
            self._world.population.remove(guest)

    def _healthy(self) -> list[Replica]:
        replicas: Iterable[Replica] = self._world.population
        return [r for r in replicas if r.phase == "OK" and not r.failing and not r.straggle]

    def _someone(self) -> Replica:
        return self._chance.choice(self._healthy() or list(self._world.population))
