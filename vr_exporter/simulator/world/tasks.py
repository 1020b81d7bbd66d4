"""Tasks: anybody's, of any kind, and the list in which an appliance keeps them for a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vr_exporter.simulator.world.places import Site
    from vr_exporter.simulator.world.replica import Replica
    from vr_exporter.simulator.world.sync import Sync
    from vr_exporter.simulator.world.texts import Trouble


@dataclass(frozen=True, slots=True)
class TaskKind:
    """What a task is called, how long it takes in a world of speed 1, and the phase it shows."""

    name: str
    description: str
    key: str
    shortest: float
    longest: float
    phase: str | None = None


KINDS = {
    kind.name: kind
    for kind in (
        TaskKind("sync", "Synchronize replication", "hms.task.replication.sync", 0, 0),
        TaskKind("pause", "Pause replication", "hms.task.replication.pause", 4, 15),
        TaskKind("resume", "Resume replication", "hms.task.replication.resume", 5, 25),
        TaskKind(
            *("reconfigure", "Reconfigure replication", "hms.task.replication.reconfigure"),
            *(30, 150, "CONFIGURING"),
        ),
        TaskKind(
            *("configure", "Configure replication", "hms.task.replication.configure", 40, 180),
            phase="CONFIGURING",
        ),
        TaskKind("unconfigure", "Unconfigure replication", "hms.task.replication.remove", 15, 60),
        TaskKind(
            *("move", "Move to another replication server", "hms.task.replication.move", 60, 240),
            phase="MOVING",
        ),
        TaskKind("test", "Test recovery", "hms.task.recovery.test", 60, 300),
        TaskKind("cleanup", "Clean up after test recovery", "hms.task.recovery.cleanup", 20, 60),
        TaskKind("reconnect", "Reconnect replication server", "hms.task.server.reconnect", 5, 30),
    )
}
UNTELLING_KEY = "hms.task.replication.operation.7"
"""A key of a sync that does not name it."""


@dataclass(slots=True, eq=False)
class Task:
    """A task of one appliance; progress is a function of time until it has ended.

    `entity` and `entity_name` are as the appliance tells them. A sync task follows `sync` once
    that runs; the others end at `ends_at`. A `doomed` one ends in ERROR, a sure one never by
    chance; `then` is what success brings.
    """

    id: str
    kind: TaskKind
    site: Site
    user: str
    replica: Replica | None
    entity: str | None
    entity_name: str | None
    queued_at: float
    description_id: str | None = None
    status: str = "QUEUED"
    started_at: float | None = None
    ends_at: float = 0.0
    completed_at: float | None = None
    progress_at_end: int = 0
    sync: Sync | None = None
    trouble: Trouble | None = None
    doomed: Trouble | None = None
    result: str | None = None
    then: Callable[[float], None] | None = None
    is_sure: bool = False

    @property
    def is_finished(self) -> bool:
        """Whether it has ended, well or not."""
        return self.completed_at is not None

    def percent(self, now: float) -> int:
        """Progress; 100 is reached by success alone."""
        if self.is_finished:
            return self.progress_at_end
        if self.started_at is None:
            return 0
        if self.sync is not None:
            return self.sync.percent(now)
        lasts = max(self.ends_at - self.started_at, 1e-3)
        return min(99, int(100 * (now - self.started_at) / lasts))

    def start(self, now: float) -> None:
        """Leave the queue."""
        self.status = "RUNNING"
        self.started_at = round(now, 3)

    def end(self, status: str, now: float, *, trouble: Trouble | None = None) -> None:
        """Be SUCCESS, ERROR or CANCELLED from now on."""
        self.progress_at_end = 100 if status == "SUCCESS" else self.percent(now)
        self.status = status
        self.trouble = trouble
        self.completed_at = round(now, 3)


class TaskList:
    """The recent tasks of one appliance, in the order of queueing."""

    def __init__(self, *, kept_seconds: float) -> None:
        self._kept_seconds = kept_seconds
        self._tasks: list[Task] = []

    def add(self, task: Task, now: float) -> None:
        """Take a new one in, and forget those that are too old."""
        self._tasks = self.recent(now)
        self._tasks.append(task)

    def recent(self, now: float) -> list[Task]:
        """Unfinished ones, and those that ended a short while ago."""
        return [task for task in self._tasks if self._is_kept(task, now)]

    def _is_kept(self, task: Task, now: float) -> bool:
        return task.completed_at is None or task.completed_at + self._kept_seconds > now
