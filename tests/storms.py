"""Very many wishes at once, on a clock moved by hand, sampled each second of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.watched import INTERVAL, Watched
from vr_exporter.domain.triggers import Trigger
from vr_exporter.syncing.desk import Verdict

UNFINISHED = ("QUEUED", "RUNNING")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the simulator had to do at one moment; `now` is in seconds since 1970."""

    now: float
    running: int


class Storm:
    """A site polled on its grid by a worker whose triggers are served in between, as in its loop.

    `samples` holds each second that passed, whoever let it pass. `polled_at` are the ends of
    polls, `waited_most` is the longest stretch that serving triggers kept the worker from polls.
    """

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.samples: list[Sample] = []
        self.polled_at: list[float] = []
        self.waited_most = 0.0
        self.verdicts: list[Verdict] = []
        self._advance = watched.time.advance
        watched.time.advance = self._pass  # type: ignore[method-assign] # seconds are looked at
        self._due = watched.time.monotonic() + INTERVAL

    def ask_all(self, patience_seconds: float = 86400.0) -> None:
        """Wish for a sync of everything there is."""
        shown = self.watched.snapshot().pairings
        not_after = self.watched.time.now() + patience_seconds
        ids = [row.replication.id for paired in shown for row in paired.replications]
        self.verdicts = self.watched.ask(*ids, not_after=not_after)

    def triggers(self) -> Iterator[Trigger]:
        """All of them as they stand."""
        return (self.watched.trigger(verdict) for verdict in self.verdicts)

    def states(self) -> Counter[str]:
        """How many stand where."""
        return Counter(str(trigger.state) for trigger in self.triggers())

    def is_over(self) -> bool:
        """Whether every wish has its end."""
        return not self.watched.ledger.triggers(unfinished=True)

    def rage(self, seconds: float) -> bool:
        """Let the worker do its turns until all is over, at most so long; False if it is not."""
        time = self.watched.time
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()
            if self.is_over():
                return True
        return False

    def turn(self) -> None:
        """One turn of the worker's loop: serve, poll when due, rest."""
        worker, time = self.watched.madrid.worker, self.watched.time
        began = time.monotonic()
        worker.serve()
        self.waited_most = max(self.waited_most, time.monotonic() - began)
        if time.monotonic() >= self._due:
            worker.poll()
            self.polled_at.append(time.now())
            self._due = worker._next_due(self._due)
        time.advance(max(1.0, min(worker.serving.seconds_to_look(), self._due - time.monotonic())))

    def _pass(self, seconds: float) -> None:
        while seconds > 0:
            step = min(seconds, 1.0)
            self._advance(step)
            self._sample()
            seconds -= step

    def _sample(self) -> None:
        world = self.watched.world
        world.advance()
        tasks = world.actions.recent(world.site("madrid"), world.time)
        running = sum(task.status in UNFINISHED for task in tasks)
        self.samples.append(Sample(world.time, running))
