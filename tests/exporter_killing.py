"""A `serve` process under load, killed again and again; the simulator counts what it was asked."""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.asking import UNLIMITED
from tests.command_line import PASSWORD, USERNAME, a_world
from tests.lives import Lives, People, Place, ask, now
from tests.prometheus import wait_until
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger import trigger_rows
from vr_exporter.ledger.crash import POINTS
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.messages import SimRequest, SimResponse
from vr_exporter.simulator.options import Account, ApiOptions
from vr_exporter.simulator.server import serve
from vr_exporter.simulator.world import World

SITES: Final = (SiteName("madrid"), SiteName("berlin"))
ANY_MOMENT: Final = "any moment"
FIRST: Final = ("migration.before", "migration.after")
ROUND: Final = (
    "T1.before",
    "T1.after",
    "T2.before",
    "T2.after",
    "POST.before",
    "POST.after",
    "T6.before",
    "T3.before",
    "T6.after",
    "T3.after",
    ANY_MOMENT,
    "T4.before",
    "checkpoint.before",
    "T4.after",
    "checkpoint.after",
    "T7.before",
    ANY_MOMENT,
    "T7.after",
)
"""A life that dies around its POST leaves something for T6 of the next."""

LATER_PASSES: Final = {"T1": 4, "T2": 3, "POST": 3, "T3": 3, "T4": 2}
"""Up to which pass a point is survived; the others are passed once in a short life."""

LONGEST_LIFE_SECONDS: Final = 30.0
LATER_LIFE_SECONDS: Final = 3.0
"""Most points come within two seconds, on a busy machine later, a pass after a second poll in 18:
in the first round it is waited for, after that such a life ends as at any moment."""

LAST_LIFE_SECONDS: Final = 8.0
LAST_LIVES: Final = 30
WISHES_OF_A_LIFE: Final = 6
MOST_WAITING: Final = 12
SPEED: Final = 600.0
"""So fast that hardly a sync outlives the kills."""

TASKS_KEPT_SECONDS: Final = 600.0
NEVER_ASKED: Final = {TriggerState.RESERVED, TriggerState.EXPIRED, TriggerState.SKIPPED}
UNKNOWN: Final = {TriggerState.AMBIGUOUS, TriggerState.UNRESOLVED}


@dataclass(frozen=True, slots=True)
class Post:
    """A sync was asked for, as the appliance saw it."""

    at: float
    replication: str


class CountingApi(Api):
    """An appliance that notes each POST of a sync."""

    def __init__(self, world: World, site: str, posts: list[Post]) -> None:
        account = Account(USERNAME, PASSWORD)
        super().__init__(world, site, ApiOptions(accounts=(account,), quotas=UNLIMITED))
        self._posts = posts

    def answer(self, request: SimRequest) -> SimResponse:
        """Note it before anything comes of it."""
        if request.method == "POST" and request.target.endswith("/actions/sync"):
            self._posts.append(Post(now(), request.target.split("/")[-3]))
        return super().answer(request)


@dataclass
class Fleet:
    """Two appliances, all posts to them, and every task that ended there."""

    world: World
    posts: list[Post] = field(default_factory=list)
    ended: dict[str, set[str]] = field(default_factory=lambda: {site: set() for site in SITES})

    def look(self) -> None:
        """Remember the tasks that ended: the appliances forget them after a while."""
        for site, facts in self.world.truth()["sites"].items():
            self.ended[site] |= {
                task["id"] for task in facts["tasks"] if task["completed_timestamp_seconds"]
            }

    def places(self) -> list[Place]:
        """All replications, each at its source."""
        rows = self.world.truth()["replications"]
        return [Place(row["source_site"], row["ids"][row["source_site"]]) for row in rows]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is found after all kills; `complaints` are breaches of the contract."""

    kills: int
    seconds: float
    died_at: dict[str, int]
    accepted: int
    repeats: int
    posts: int
    doubles: int
    states: dict[str, int]
    unknown_never_sent: int
    complaints: tuple[str, ...]


class Killing:
    """The whole of it. `is_careless` gives rows that were claimed back to the queue at a start."""

    def __init__(self, folder: Path, *, seed: int, is_careless: bool = False) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - chance, repeatable by its seed
        self._parts = ExitStack()
        self.is_careless = is_careless
        world = a_world(
            sites=SITES, replications=400, speed=SPEED, tasks_kept_seconds=TASKS_KEPT_SECONDS
        )
        self.fleet = Fleet(world)
        servers = {str(site): serve(CountingApi(world, site, self.fleet.posts)) for site in SITES}
        for server in servers.values():
            self._parts.callback(server.close)
        triggers = {"cooldown": "0s", "max_running_per_site": 100, "circuit": {"failures": 100}}
        self.lives = Lives(folder, servers, triggers=triggers, program="tests.hasty")
        self.people = People(self.lives.socket, self.fleet.places(), seed)

    def kill(self, number: int) -> str:
        """Let one life run into its death; return where it died."""
        point = (FIRST + ROUND)[number] if number < 2 else ROUND[(number - 2) % len(ROUND)]
        step = point.partition(".")[0]
        passes = self._chance.randint(1, LATER_PASSES.get(step, 1))
        self._give_back()
        if number >= len(FIRST) and self.people.waiting < MOST_WAITING:
            self.people.let(WISHES_OF_A_LIFE)
        self.lives.start("" if point == ANY_MOMENT else f"{point}:{passes}")
        is_random = point == ANY_MOMENT
        longest = LONGEST_LIFE_SECONDS if number < len(FIRST + ROUND) else LATER_LIFE_SECONDS
        seconds = self._chance.uniform(0.1, 2.0) if is_random else longest
        died = self.lives.dies_within(seconds)
        if not died:
            self.lives.kill()
        self.fleet.look()
        return point if died else ANY_MOMENT

    def finish(self) -> None:
        """Let last lives, ended in order, finish all that can be finished."""
        for _ in range(LAST_LIVES):
            self.lives.start()
            wait_until(self._is_answering, "the last life answers")
            is_done = self._settles(LAST_LIFE_SECONDS)
            self.lives.stop()
            if is_done:
                return

    def verdict(self, died_at: Counter[str], seconds: float) -> Verdict:
        """Hold the ledger against what was promised and against what the appliances saw."""
        self.fleet.look()
        rows = {row.key: row for row in all_rows(self.lives.state / "state.db")}
        by_key, strays = posts_by_key(rows.values(), self.fleet.posts)
        doubles = [key for key, count in by_key.items() if count > 1]
        never_sent = [k for k, row in rows.items() if row.state in UNKNOWN and not by_key[k]]
        return Verdict(
            kills=died_at.total(),
            seconds=round(seconds, 1),
            died_at=dict(sorted(died_at.items())),
            accepted=len(self.people.accepted),
            repeats=self.people.repeats,
            posts=len(self.fleet.posts),
            doubles=len(doubles) + len(strays),
            states=dict(Counter(row.state.value for row in rows.values())),
            unknown_never_sent=len(never_sent),
            complaints=(
                *self.people.complaints,
                *(f"{post}: claimed by none, or once more" for post in strays),
                *(f"{key}: posted {by_key[key]} times" for key in doubles),
                *(
                    f"{key}: accepted, and lost"
                    for key, own in self.people.accepted.items()
                    if own not in rows
                ),
                *(["wishes without an answer"] if self.people.waiting else []),
                *complaints_about(rows.values(), by_key),
                *self._miscounts(rows.values()),
                *self.lives.bugs(),
            ),
        )

    def close(self) -> None:
        """Close the appliances."""
        self._parts.close()

    def _settles(self, seconds: float) -> bool:
        pause = threading.Event()
        for _ in range(int(seconds / 0.25)):
            pause.wait(0.25)
            if not self.people.waiting and self._is_settled():
                return True
        return False

    def _is_answering(self) -> bool:
        """Before it does, its end is not an orderly one."""
        self.lives.must_live()
        return ask(self.lives.socket, "GET", "/api/v1/sites")[0] < 500

    def _is_settled(self) -> bool:
        """Whether all have their end, save those that nobody can know yet; all tasks counted."""
        try:
            ambiguous = self._triggers("ambiguous")
            under_way = self._triggers("reserved", "posting", "running", "joined")
            _, page = ask(self.lives.socket, "GET", "/api/v1/sites")
        except OSError:
            return False
        if not all(site["tried"] for site in page["sites"]):
            return False
        unknown = {row["key"] for row in ambiguous if _is_unknowable(row, self.fleet.posts)}
        return len(unknown) == len(ambiguous) and all(r["follows"] in unknown for r in under_way)

    def _triggers(self, *states: str) -> list[dict[str, Any]]:
        query = "&".join(f"state={state}" for state in states)
        _, answer = ask(self.lives.socket, "GET", f"/api/v1/triggers?limit=1000&{query}")
        rows: list[dict[str, Any]] = answer["triggers"]
        return rows

    def _give_back(self) -> None:
        if not self.is_careless:
            return
        path = self.lives.state / "state.db"
        if self.people.accepted:
            with closing(sqlite3.connect(path)) as store, store:
                store.execute("UPDATE trigger SET state = 'reserved' WHERE state = 'posting'")

    def _miscounts(self, rows: Iterable[Trigger]) -> list[str]:
        """Every outcome and every task that ended is counted once, whatever was killed."""
        wanted = Counter((row.target.site, row.origin.value, str(row.outcome)) for row in rows)
        wanted = Counter({each: n for each, n in wanted.items() if each[2] != "None"})
        ledger = Ledger(self.lives.state / "state.db", now=now())
        counted: Counter[tuple[str, ...]] = Counter()
        tasks = {}
        for site in SITES:
            totals = ledger.trigger_totals().get(site, SiteTotals())
            own = totals.counters.get("vr_trigger_requests_total", {})
            counted.update({(site, *labels): int(count) for labels, count in own.items() if count})
            completed = ledger.totals(site).counters.get("vr_tasks_completed_total", {})
            tasks[site] = int(sum(completed.values()))
        ledger.close()
        ended = {site: len(tasks) for site, tasks in self.fleet.ended.items()}
        complaints = [f"outcomes {wanted} are counted as {counted}"] if wanted != counted else []
        return complaints + ([f"{ended} tasks are counted as {tasks}"] if tasks != ended else [])


def _is_unknowable(row: dict[str, Any], posts: list[Post]) -> bool:
    claimed = row["claimed_timestamp_seconds"] or 0.0
    was_sent = any(p.replication == row["replication"] and p.at >= claimed for p in posts)
    return not was_sent


def all_rows(path: Path) -> list[Trigger]:
    """Every trigger in the store of an exporter that has ended."""
    with closing(sqlite3.connect(path)) as store:
        return trigger_rows.youngest(store, 10**9)


def posts_by_key(rows: Iterable[Trigger], posts: Iterable[Post]) -> tuple[Counter[str], list[Post]]:
    """Give each POST to the key that had claimed its replication last; those without one apart.

    One key at a time holds a target from claim to end, so that no other can have sent it.
    """
    claims: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for row in rows:
        if row.claimed_at is not None:
            claims[row.target.replication_id].append((row.claimed_at, row.key))
    by_key: Counter[str] = Counter()
    strays = []
    for post in posts:
        before = [claim for claim in claims[post.replication] if claim[0] <= post.at]
        if before:
            by_key[max(before)[1]] += 1
        else:
            strays.append(post)
    return by_key, strays


def complaints_about(rows: Collection[Trigger], posts: Counter[str]) -> list[str]:
    """Say which rows do not fit what was sent in their name."""
    complaints = []
    tasks: Counter[str] = Counter()
    unknown = {row.key for row in rows if row.state is TriggerState.AMBIGUOUS}
    for row in rows:
        tasks.update([row.task_id] if row.task_id and not row.has_joined else [])
        if not (row.state.is_final or {row.key, row.follows} & unknown):
            complaints.append(f"{row.key}: never ends, {row.state}")
        if posts[row.key] and (row.has_joined or row.state in NEVER_ASKED | UNKNOWN):
            complaints.append(f"{row.key}: posted, but {row.state}")
        if not posts[row.key] and not row.has_joined and row.state not in NEVER_ASKED | UNKNOWN:
            complaints.append(f"{row.key}: never posted, but {row.state} ({row.reason})")
    return complaints + [f"{task}: taken by {n} keys" for task, n in tasks.items() if n > 1]


def figures(verdict: Verdict) -> str:
    """The verdict in a line."""
    lost = sum("accepted, and lost" in each for each in verdict.complaints)
    return (
        f"{verdict.kills} SIGKILLs at {len(verdict.died_at)} points, {verdict.accepted} wishes"
        f" accepted, {verdict.repeats} repeats, {verdict.posts} POSTs: {lost} lost,"
        f" {verdict.doubles} double, {verdict.unknown_never_sent} unknown that were never sent,"
        f" {len(verdict.complaints)} complaints"
    )


def killed(folder: Path, kills: int, seed: int, *, is_careless: bool = False) -> Verdict:
    """Kill so many exporters one after the other, and judge what is left."""
    killing = Killing(folder, seed=seed, is_careless=is_careless)
    began = now()
    died_at: Counter[str] = Counter()
    for number in range(kills):
        died_at[killing.kill(number)] += 1
        if kills > 100 and number % 50 == 49:
            sys.stderr.write(f"{number + 1} kills, {len(killing.fleet.posts)} posts\n")
    if not killing.is_careless:
        killing.finish()
    verdict = killing.verdict(died_at, now() - began)
    killing.close()
    return verdict


def main(arguments: list[str]) -> int:
    """KILLS SEED [--careless]: print the verdict as JSON, then in words; 1 on any complaint."""
    with tempfile.TemporaryDirectory(prefix="vr-") as folder:  # short: a socket lies below it
        verdict = killed(
            Path(folder),
            int(arguments[0]),
            int(arguments[1]),
            is_careless="--careless" in arguments,
        )
    sys.stdout.write(f"{json.dumps(asdict(verdict))}\n{figures(verdict)}\n")
    return 1 if verdict.complaints else 0


ELSEWHERE = {"T5.before", "T5.after", "ALERT.before", "ALERT.after"}
"""Points on the way of alerts: tests/killing.py passes them, these lives have no Alertmanager."""

assert {*FIRST, *ROUND} == {*POINTS, ANY_MOMENT} - ELSEWHERE

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
