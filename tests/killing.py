"""A ledger under load, killed again and again; what it promised and posted survives in files."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.builders import NOW
from tests.ledgers import BROKEN_CLAIM, MADRID, Failure, Faults, a_row, step
from tests.lines import Lines
from tests.telling import Telling
from vr_exporter.domain.counts import Add, SiteChanges
from vr_exporter.domain.names import TaskId
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger import crash, store, trigger_rows
from vr_exporter.ledger.crash import arm
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.ledger.steps import IllegalStep
from vr_exporter.ledger.store import StoreFailed

TARGETS: Final = 12
WORKERS: Final = 3
LONGEST_LIFE_SECONDS: Final = 60.0
"""Every point comes up in time, on a slow machine later: no life is to end before its own."""

LONGEST_LIFE_OF_CONTROL_SECONDS: Final = 2.0
"""A ledger that is broken does not come to every point."""

LOG_BYTES: Final = 100_000
"""So small that lives of a moment see checkpoints."""

BEAT_SECONDS: Final = 0.002
POINTS: Final = tuple(point for point in crash.POINTS if not point.startswith("migration"))
COMPLETED: Final = "vr_tasks_completed_total"


def now() -> float:
    """A clock that all lives have in common."""
    return NOW + time.perf_counter()


class Life:
    """One process: people wish, workers ask, answers come or are lost, some commits fail.

    It takes the folder and opens the ledger, as the exporter does.
    """

    def __init__(self, folder: Path, *, seed: int, fails: bool = True) -> None:
        self.promises = Lines(folder / "promises")
        self.posts = Lines(folder / "posts")
        self.state = StateFolder(folder)
        self.state.hold()
        self._random = random.Random(seed)  # noqa: S311 - chance, repeatable by its seed
        faults = Faults()
        self.ledger = Ledger(self.state.path / "state.db", now=now(), connect=faults.connect)
        self.telling = Telling(folder, self.ledger, now=now)
        if fails:
            faults.commits = _Sometimes(self._random)

    def run(self) -> None:
        """Work in several threads until the kill, or until there is nobody left to kill it."""
        killer = os.getppid()
        for number in range(WORKERS):
            threading.Thread(target=self._work_on, args=(number,), daemon=True).start()
        threading.Thread(target=self._guarded, args=(self.telling.work_on,), daemon=True).start()
        while os.getppid() == killer:
            self.wish()
            threading.Event().wait(BEAT_SECONDS)
        os._exit(1)

    def _work_on(self, number: int) -> None:
        self._guarded(lambda: self._work_for_ever(number))

    def _work_for_ever(self, number: int) -> None:
        while True:
            self.work(follows=number == 0)
            if number == 0:
                self.ledger.prune(now=now())
            threading.Event().wait(BEAT_SECONDS)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a life that ends by itself is a failure
            traceback.print_exc()
            os._exit(1)

    def wish(self) -> None:
        """Promise a wish once the ledger has it; a few are in a hurry."""
        key = f"{self._random.getrandbits(64):016x}"
        patience = 0.02 if self._random.random() < 0.1 else 600.0
        target = f"GID-{self._random.randrange(TARGETS)}"
        wish = a_row(key, replication=target, asked_at=now(), not_after=now() + patience)
        with suppress(StoreFailed):
            self.ledger.reserve(wish, now=now())
            self.promises.add(key)

    def work(self, *, follows: bool = True) -> None:
        """Offer everything that is unfinished to the claim, as a careless queue would.

        Of several workers one follows what was asked: a site has one that counts.
        """
        if not self.ledger.is_up:
            self.ledger.probe()
        for trigger in self.ledger.triggers(unfinished=True):
            with suppress(StoreFailed, IllegalStep):
                if self.ledger.claim(trigger.key, now=now()):
                    self._post(trigger)
                elif follows:
                    self._go_on(trigger)

    def _post(self, trigger: Trigger) -> None:
        crash.crash("POST.before")
        self.posts.add(f"{trigger.key} {trigger.target.replication_id}")
        crash.crash("POST.after")
        claimed = self.ledger.trigger(trigger.key)
        assert claimed is not None
        answers = (TriggerState.RUNNING,) * 4 + (TriggerState.AMBIGUOUS, TriggerState.REFUSED)
        self.ledger.settle(step(claimed, self._random.choice(answers)), now=now())

    def _go_on(self, trigger: Trigger) -> None:
        if trigger.state is TriggerState.AMBIGUOUS:
            self._reconcile(trigger)
        elif trigger.state is TriggerState.RUNNING:
            self._end(trigger)
        elif trigger.state is TriggerState.RESERVED and trigger.not_after <= now():
            late = step(trigger, TriggerState.EXPIRED, reason="expired", ended_at=now())
            self.ledger.settle(late, now=now())

    def _reconcile(self, trigger: Trigger) -> None:
        posted = {line.split()[0] for line in self.posts.read()}
        found = TriggerState.RUNNING if trigger.key in posted else TriggerState.UNRESOLVED
        self.ledger.settle(step(trigger, found, ended_at=None), now=now())

    def _end(self, trigger: Trigger) -> None:
        task = (TaskId(f"task-{trigger.key}"), trigger.asked_at)
        seen = self.ledger.seen_tasks(MADRID)
        is_new = seen is None or not seen.has(task, trigger.asked_at)
        additions = (Add(COMPLETED, ("sync",)),) if is_new else ()
        changes = SiteChanges(additions, ended_tasks={task: trigger.asked_at} if is_new else {})
        ended = step(trigger, TriggerState.SUCCEEDED, ended_at=now())
        self.ledger.record(MADRID, changes, [ended], self.telling.noticed(trigger.key))
        self.telling.promise(trigger.key)


class _Sometimes(list[Failure]):
    """Commits that fail, about one in fifty, half of them only in name (K2, K5, K8)."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    def __bool__(self) -> bool:
        return self._chance.random() < 0.02

    def pop(self, _index: object = -1) -> Failure:
        return self._chance.choice(("lost", "kept"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is found after all kills; `complaints` are breaches of the contract."""

    kills: int
    died_at: dict[str, int]
    promised: int
    posted: int
    doubles: int
    states: dict[str, int]
    complaints: tuple[str, ...]


def kill_once(folder: Path, number: int, chance: random.Random, longest: float) -> str:
    """Let one life run into its death: at a point, or at any moment; return where it died."""
    point = POINTS[number // 4 * 3 % len(POINTS) - number % 4] if number % 4 else ""
    fuse = f"{point}:{chance.randint(1, 4)}" if point else ""
    pid = os.fork()
    if pid == 0:
        _live(folder, number, fuse)
    patience = longest if point else chance.uniform(0.01, 0.15)
    return point if _dies_by_itself(pid, patience) and point else "any moment"


def _live(folder: Path, seed: int, fuse: str) -> None:
    try:
        store.LONGEST_LOG_BYTES = LOG_BYTES  # type: ignore[misc]
        arm(fuse)
        Life(folder, seed=seed).run()
    except BaseException:  # noqa: BLE001 - as above
        traceback.print_exc()
        os._exit(1)


def _dies_by_itself(pid: int, seconds: float) -> bool:
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            if not os.WIFSIGNALED(status):
                raise RuntimeError(f"a life ended by itself with status {status}")
            return True
        threading.Event().wait(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return False


def judge(folder: Path, *, kills: int, died_at: dict[str, int]) -> Verdict:
    """Let a last life finish all that is unfinished, then hold the ledger against the files."""
    life = Life(folder, seed=0, fails=False)
    life.ledger.probe()
    for _ in range(50):
        if not life.ledger.triggers(unfinished=True):
            break
        life.work()
    verdict = _verdict(life, kills, died_at)
    life.ledger.close()
    life.state.release()
    return verdict


def _verdict(life: Life, kills: int, died_at: dict[str, int]) -> Verdict:
    promised = life.promises.read()
    posts = Counter(line.split()[0] for line in life.posts.read())
    doubles = [key for key, count in posts.items() if count > 1]
    rows = {key: life.ledger.trigger(key) for key in {*promised, *posts}}
    return Verdict(
        kills=kills,
        died_at=died_at,
        promised=len(promised),
        posted=len(posts),
        doubles=len(doubles),
        states=dict(Counter(row.state.value for row in rows.values() if row)),
        complaints=(
            *(f"{key}: posted {posts[key]} times" for key in doubles),
            *(f"{key}: lost" for key, row in rows.items() if row is None),
            *_complaints(posts, {key: row for key, row in rows.items() if row}),
            *_miscounts(life.ledger),
            *life.telling.complaints(),
        ),
    )


def _complaints(posts: Counter[str], rows: dict[str, Trigger]) -> list[str]:
    never_posted = {TriggerState.RESERVED, TriggerState.EXPIRED, TriggerState.SKIPPED}
    complaints = []
    for key, row in rows.items():
        if not row.state.is_final:
            complaints.append(f"{key}: never ends, {row.state}")
        if row.has_joined:
            if key in posts:
                complaints.append(f"{key}: joined, and posted")
        elif key in posts and row.state in {*never_posted, TriggerState.UNRESOLVED}:
            complaints.append(f"{key}: posted, but {row.state}")
        elif key not in posts and row.state not in {*never_posted, TriggerState.UNRESOLVED}:
            complaints.append(f"{key}: never posted, but {row.state}")
    return complaints


def _miscounts(ledger: Ledger) -> list[str]:
    """Every row is counted once by its outcome, every task that ended once."""
    rows = all_rows(ledger)
    wanted = Counter((row.origin.value, str(row.outcome)) for row in rows)
    counters = ledger.totals(MADRID).counters
    counted = counters.get("vr_trigger_requests_total", {})
    ended = sum(row.state is TriggerState.SUCCEEDED and not row.has_joined for row in rows)
    complaints = []
    if dict(wanted) != dict(counted):
        complaints.append(f"outcomes {dict(wanted)} are counted as {dict(counted)}")
    if counters.get(COMPLETED, {}).get(("sync",), 0) != ended:
        complaints.append(f"{ended} tasks are counted as {counters.get(COMPLETED)}")
    return complaints


def all_rows(ledger: Ledger) -> list[Trigger]:
    """Every trigger in the store, also those that memory no longer holds."""

    def look(connection: sqlite3.Connection) -> list[Trigger]:
        return trigger_rows.youngest(connection, 10**9)

    return ledger._store.read(look)


def figures(verdict: Verdict) -> str:
    """The verdict in a line."""
    lost = sum(each.endswith(": lost") for each in verdict.complaints)
    return (
        f"{verdict.kills} SIGKILLs at {len(verdict.died_at)} points, {verdict.promised} wishes"
        f" promised, {verdict.posted} POSTs: {lost} lost, {verdict.doubles} double,"
        f" {len(verdict.complaints)} complaints"
    )


def main(arguments: list[str]) -> int:
    """KILLS SEED [--broken-claim]: print the verdict as JSON, then in words; 1 on any complaint.

    Run by itself, since it forks.
    """
    kills, seed = int(arguments[0]), int(arguments[1])
    longest = LONGEST_LIFE_SECONDS
    if "--broken-claim" in arguments:
        longest = LONGEST_LIFE_OF_CONTROL_SECONDS
        trigger_rows._CLAIM = BROKEN_CLAIM  # type: ignore[misc]
    chance = random.Random(seed)  # noqa: S311 - as above
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        died_at = Counter(kill_once(folder, number, chance, longest) for number in range(kills))
        verdict = judge(folder, kills=kills, died_at=dict(sorted(died_at.items())))
    fields = {name: getattr(verdict, name) for name in Verdict.__slots__}
    sys.stdout.write(f"{json.dumps(fields)}\n{figures(verdict)}\n")
    return 1 if verdict.complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
