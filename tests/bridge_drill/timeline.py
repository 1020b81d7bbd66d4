"""What is seen of one episode, from the breach to the end of the alert, each thing once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.bridge_drill.relay import Passed
from tests.bridge_drill.scene import ALERT, Scene
from tests.command_line import USERNAME
from tests.drill.watch import DEADMAN
from tests.prometheus import fetch
from tests.rules_scaled import FACTOR

LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that happened at a moment of the machine's clock."""

    at: float
    what: str


@dataclass
class Timeline:
    """Looks again and again; `others` are alerts that fired beside the one that is meant."""

    scene: Scene
    since: float = field(default_factory=time.time)  # noqa: TID251 - the drill lives in real time
    seen: dict[str, Seen] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def until(self, holds: Callable[[], bool], *, patience: float) -> bool:
        """Look until something holds; False when it did not in so many seconds."""
        rest = threading.Event()
        end = _now() + patience
        while _now() < end:
            self.look()
            if holds():
                return True
            rest.wait(LOOK_SECONDS)
        return False

    def has(self, *whats: str) -> bool:
        """Whether all this was seen."""
        return all(what in self.seen for what in whats)

    def note(self, what: str, at: float | None = None) -> None:
        """Keep when something was seen first."""
        if what not in self.seen:
            self.seen[what] = Seen(_now() if at is None else at, what)

    def look(self) -> None:
        """Take in what is so now."""
        self._look_at_prometheus()
        self._look_at_the_appliance()
        for word in dict.fromkeys(self.scene.people.told(ALERT)):
            self.note(f"people are told: {word}")
        if any(each.tells(ALERT, "resolved") for each in self.scene.relay.passed):
            self.note("bridge is told: resolved")

    def lines(self) -> Iterator[str]:
        """The table: seconds since the start, minutes as the rules count them."""
        rows = [*self.seen.values(), *self._webhooks(), *self._verdicts()]
        for row in sorted(rows, key=lambda row: row.at):
            since = row.at - self.since
            yield f"{since:7.2f} s {since * FACTOR / 60:7.1f} min  {row.what}"

    def asking(self) -> list[Passed]:
        """The webhooks in which the alert fires."""
        return [each for each in self.scene.relay.passed if each.tells(ALERT, "firing")]

    def _look_at_prometheus(self) -> None:
        answer = json.loads(fetch(f"{self.scene.judge.url}/api/v1/alerts"))
        states = {}
        for alert in answer["data"]["alerts"]:
            name = alert["labels"]["alertname"]
            if name == ALERT:
                states[alert["labels"]["replication"]] = alert["state"]
            elif alert["state"] == "firing" and name != DEADMAN:
                self.others.add(name)
                self.note(f"{name} firing")
        if state := states.pop(self.scene.replica.id, ""):
            self.note(f"alert {state}")
        elif self.has("alert firing"):
            self.note("alert resolved")
        self.others |= {f"{ALERT} of {name}" for name in states}
        breached = f'max(vr_replication_rpo_breached{{vm="{self.scene.replica.name}"}})'
        values = set(self.scene.judge.query(breached).values())
        if values == {1.0}:
            self.note("RPO is breached")
        elif values == {0.0} and self.has("RPO is breached"):
            self.note("RPO is met")

    def _look_at_the_appliance(self) -> None:
        scene, world = self.scene, self.scene.field.world
        with world.lock:
            world.advance()
            tasks = [
                task
                for site in scene.field.apis
                for task in world.actions.recent(world.site(site), world.time)
                if task.replica is scene.replica and task.user == USERNAME
            ]
        for number, task in enumerate(tasks, 1):
            self.note(
                f"POST {number}: sync asked for at {task.site.name}", self._rest(task.queued_at)
            )
            if task.completed_at is not None:
                self.note(f"task {number} ended: {task.status}", self._rest(task.completed_at))

    def _webhooks(self) -> Iterator[Seen]:
        """One line for webhooks that follow each other with the same word."""
        said: tuple[str, ...] = ()
        first = number = 0
        run: list[Passed] = []
        for each in self.scene.relay.passed:
            words = self._words(each)
            if not words:
                continue
            number += 1
            if words != said and run:
                yield _line(run, said, first)
                run = []
            if not run:
                first, said = number, words
            run.append(each)
        if run:
            yield _line(run, said, first)

    def _words(self, passed: Passed) -> tuple[str, ...]:
        states = [state for name, state in passed.alerts if name == ALERT]
        return (passed.sender, states[0], passed.verdict) if states else ()

    def _verdicts(self) -> Iterator[Seen]:
        said = ""
        for row in self.scene.audit():
            words = f"ledger: {row['what']} {row['result']}".rstrip()
            if words != said:
                yield Seen(self._rest(row["timestamp_seconds"]), words)
            said = words

    def _rest(self, moment: float) -> float:
        return self.scene.field.time.at_rest(moment)


def _line(run: list[Passed], said: tuple[str, ...], first: int) -> Seen:
    sender, state, verdict = said
    last = first + len(run) - 1
    numbers = f"webhook {first}" if len(run) == 1 else f"webhooks {first} to {last}"
    return Seen(run[0].at, f"{numbers} from {sender}, {state}: {verdict}")


def _now() -> float:
    return time.time()  # noqa: TID251 - as above
