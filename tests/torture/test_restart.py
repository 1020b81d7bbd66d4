"""`serve` killed and started again while a fleet lives on: no total falls, none counts twice."""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from tests.asking import UNLIMITED
from tests.command_line import served
from tests.lives import Lives, People, Place, ask, now
from tests.ports import free_port
from tests.prometheus import Prometheus, Sample, fetch, prometheus, wait_until
from vr_exporter.simulator.world import World, WorldOptions

RESTARTS = int(os.environ.get("VR_TORTURE_RESTARTS", "6"))
SITES: Final = ("madrid", "berlin")
SPEED: Final = 60.0
WISHES_OF_A_LIFE: Final = 3
LONGEST_GAP_SECONDS: Final = 15.0
"""A site is polled at least so often, kills included."""

DISTURBED_SHARE: Final = 0.2

UNKNOWN: Final = "ambiguous"
TRIGGERS: Final = "vr_trigger_requests_total"
PERSISTENT: Final = (
    "vr_(tasks_completed|tasks_failed|task_errors|task_progress_regressions|trigger_requests"
    "|trigger_skips|syncs_observed|syncs_observed_bytes|replication_rpo_breached_seconds"
    "|replication_synced_bytes)_total"
    "|vr_(task_duration|task_queue_wait|sync_duration|trigger_duration)_seconds_(bucket|count|sum)"
)
"""What outlives a restart (metrics.md 1.3), as Prometheus names it."""

pytestmark = [pytest.mark.xdist_group("restart"), pytest.mark.timeout(600 + 6 * RESTARTS)]


@dataclass
class Clock:
    """The world's clock: the machine's, save while it is held."""

    held_at: float | None = field(default_factory=lambda: round(now(), 3))

    def __call__(self) -> float:
        return round(now(), 3) if self.held_at is None else self.held_at

    def hold(self) -> None:
        """Let time stand still."""
        self.held_at = self()

    def let_go(self) -> None:
        """Let it be now again."""
        self.held_at = None


@dataclass(frozen=True, slots=True)
class Truth:
    """What the world has done since its beginning, by site: tasks that ended, syncs seen there."""

    tasks: dict[str, set[str]]
    syncs: Counter[str]
    bytes: Counter[str]


def truth_of(world: World) -> Truth:
    """The world's own account; each sync is seen at both of its ends."""
    facts = world.truth()
    syncs: Counter[str] = Counter()
    volume: Counter[str] = Counter()
    for row in facts["replications"]:
        for site in (row["source_site"], row["target_site"]):
            syncs[site] += row["syncs_done"]
            volume[site] += row["synced_bytes"]
    tasks = {
        site: {task["id"] for task in one["tasks"] if task["completed_timestamp_seconds"]}
        for site, one in facts["sites"].items()
    }
    return Truth(tasks, syncs, volume)


class Watcher:
    """Looks at a world ten times a second, for syncs that one poll can only see as one.

    `hidden` counts the syncs, at either end, that ended soon after another of the same
    replication: between the two there need not have been a poll.
    """

    def __init__(self, world: World) -> None:
        self.hidden: Counter[str] = Counter()
        self._world = world
        self._done: dict[str, tuple[int, float]] = {}
        self._stop = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look a last time, and end."""
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self._look()

    def _look(self) -> None:
        for row in self._world.truth()["replications"]:
            name, done = row["ids"][row["source_site"]], row["syncs_done"]
            before, at = self._done.setdefault(name, (done, 0.0))
            if done > before:
                lost = done - before - (now() - at > LONGEST_GAP_SECONDS)
                self.hidden.update({row["source_site"]: lost, row["target_site"]: lost})
                self._done[name] = (done, now())


@dataclass(frozen=True, slots=True)
class Lived:
    """What is left after all restarts."""

    series: dict[Sample, list[float]]
    page: dict[Sample, float]
    before: Truth
    after: Truth
    hidden: Counter[str]
    outcomes: Counter[tuple[str, str]]
    complaints: list[str]


@pytest.fixture(scope="module")
def lived(tool: Callable[[str], Path]) -> Iterator[Lived]:
    """Two sites in full swing; the world stands still for the first poll and for the last."""
    clock = Clock()
    options = WorldOptions(sites=SITES, replications=400, speed=SPEED, tasks_kept_seconds=3600)
    world = World(options, now=clock)
    with ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="vr-")))
        servers = {
            site: parts.enter_context(served(world, site=site, quotas=UNLIMITED)) for site in SITES
        }
        target = f"127.0.0.1:{free_port()}"
        triggers = {"cooldown": "0s", "max_running_per_site": 100, "circuit": {"failures": 100}}
        lives = Lives(folder, servers, listen=target, triggers=triggers)
        scraper = parts.enter_context(prometheus(tool("prometheus"), folder, {"vr": target}))
        lives.start()
        parts.callback(lives.kill)
        wait_until(lambda: are_read(lives), "every site was read")
        wait_until(
            lambda: len(scraper.query("vr_up == 1")) == len(SITES), "the first poll was scraped"
        )
        before = truth_of(world)
        people = People(lives.socket, healthy(world), seed=1)
        watcher = Watcher(world)
        clock.let_go()
        restart(lives, people)
        wait_until(lambda: is_enough(ended(before, truth_of(world))), "enough tasks have ended")
        clock.hold()
        lives.kill()
        lives.start()
        wait_until(lambda: are_read(lives) and is_quiet(lives, people), "the last poll")
        watcher.stop()
        rows = [row for row in triggers_of(lives) if row["outcome"]]
        quiet = now()
        wait_until(lambda: scraper.value("min(timestamp(vr_up))") > quiet, "the end was scraped")
        yield Lived(
            series=history(scraper),
            page=scraper.query(f'{{__name__=~"{PERSISTENT}"}}'),
            before=before,
            after=truth_of(world),
            hidden=watcher.hidden,
            outcomes=Counter((row["site"], row["outcome"]) for row in rows),
            complaints=[*people.complaints, *lives.bugs()],
        )


def restart(lives: Lives, people: People) -> None:
    """Kill at any moment from the first listening on, however long that took, and start again."""
    chance = random.Random(1)  # noqa: S311 - chance, repeatable by its seed
    pause = threading.Event()
    for _ in range(RESTARTS):
        people.let(WISHES_OF_A_LIFE)
        wait_until(lambda: is_listening(lives), "it listens")
        pause.wait(chance.uniform(0.0, 2.7))
        lives.kill()
        lives.start()


def ended(before: Truth, after: Truth) -> dict[str, int]:
    """How many tasks have ended in between, by site."""
    return {site: len(after.tasks[site] - before.tasks[site]) for site in SITES}


def is_enough(tasks: dict[str, int]) -> bool:
    """Whether a task missed, or counted twice, would show."""
    return min(tasks.values()) > 0 and sum(tasks.values()) > RESTARTS


def is_listening(lives: Lives) -> bool:
    """Whether the living one answers."""
    status, _ = ask(lives.socket, "GET", "/api/v1/sites")
    return status < 500


def are_read(lives: Lives) -> bool:
    """Whether the living one has polled every site."""
    lives.must_live()
    _, answer = ask(lives.socket, "GET", "/api/v1/sites")
    return len(answer["sites"]) == len(SITES) and all(
        site["tried"] and site["up"] for site in answer["sites"]
    )


def triggers_of(lives: Lives) -> list[dict[str, Any]]:
    """All wishes that were taken."""
    _, answer = ask(lives.socket, "GET", "/api/v1/triggers?limit=1000")
    rows: list[dict[str, Any]] = answer["triggers"]
    return rows


def is_quiet(lives: Lives, people: People) -> bool:
    """Whether every wish has its answer, and its outcome where that can be known so soon."""
    rows = triggers_of(lives)
    return not people.waiting and all(row["outcome"] or row["state"] == UNKNOWN for row in rows)


def healthy(world: World) -> list[Place]:
    """Replications at their sources that can be synced."""
    rows = world.truth()["replications"]
    return [
        Place(row["source_site"], row["ids"][row["source_site"]])
        for row in rows
        if row["status"] == "OK"
    ]


def history(scraper: Prometheus) -> dict[Sample, list[float]]:
    """Every sample of every persistent series, in the order of time."""
    query = urlencode({"query": f'{{__name__=~"{PERSISTENT}"}}[1h]'})
    answer = json.loads(fetch(f"{scraper.url}/api/v1/query?{query}"))
    return {
        (series["metric"]["__name__"], frozenset(series["metric"].items())): [
            float(value) for _, value in series["values"]
        ]
        for series in answer["data"]["result"]
    }


def by_site(page: dict[Sample, float], family: str) -> dict[str, int]:
    """The sum of a counter at each site."""
    sums: Counter[str] = Counter()
    for (name, labels), value in page.items():
        if name == family:
            sums[dict(labels)["site"]] += int(value)
    return dict(sums)


def test_no_counter_that_persists_ever_falls(lived: Lived) -> None:
    """As Prometheus scraped them, each second, over all restarts."""
    falls = {
        sample: values
        for sample, values in lived.series.items()
        if any(after < before for before, after in pairwise(values))
    }
    risen = {name for (name, _), values in lived.series.items() if values[-1] > values[0]}
    assert falls == {}
    assert lived.complaints == []
    assert len(lived.series) > 400
    assert {"vr_tasks_completed_total", "vr_syncs_observed_total", TRIGGERS} <= risen


def test_no_task_is_counted_twice_or_missed(
    lived: Lived, record_property: Callable[[str, object], None]
) -> None:
    """All that ended between the first poll and the last, and what had ended before not at all."""
    tasks = ended(lived.before, lived.after)
    record_property(
        "figure",
        f"{RESTARTS} restarts, {len(lived.series)} series of which none fell, each of"
        f" {sum(tasks.values())} tasks counted once",
    )
    assert by_site(lived.page, "vr_tasks_completed_total") == tasks
    assert by_site(lived.page, "vr_task_duration_seconds_count") == tasks
    assert is_enough(tasks)


def test_no_sync_is_counted_twice_or_missed(
    lived: Lived, record_property: Callable[[str, object], None]
) -> None:
    """Each once; of those that followed each other within a poll's time only one may be seen."""
    counted = by_site(lived.page, "vr_syncs_observed_total")
    done = lived.after.syncs - lived.before.syncs
    for site in SITES:
        assert done[site] - lived.hidden[site] <= counted[site] <= done[site]
        assert lived.hidden[site] < done[site] * DISTURBED_SHARE
        assert done[site] > RESTARTS
    record_property(
        "figure",
        f"{done.total()} syncs, {sum(counted.values())} counted,"
        f" {lived.hidden.total()} hidden between polls",
    )


def test_each_wish_is_counted_once_by_its_outcome(lived: Lived) -> None:
    """Whichever life took it, posted it and saw its end."""
    counted: Counter[tuple[str, str]] = Counter()
    for (name, labels), value in lived.page.items():
        if name == TRIGGERS and value:
            known = dict(labels)
            counted[known.get("site", ""), known["outcome"]] += int(value)
    assert counted == lived.outcomes
    assert counted.total() >= RESTARTS
