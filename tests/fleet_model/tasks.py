"""The tasks of one site as its lists told them: each that ended counted once, over all lives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from tests.fleet_model.brought import Chain
from tests.fleet_model.told import Truth

Sample = tuple[str, dict[str, str], float]

OPERATIONS: Final = (
    *("sync", "configure", "reconfigure", "unconfigure", "pause", "resume"),
    *("test", "recover", "cleanup", "move", "other"),
)
ENDED: Final = frozenset({"SUCCESS", "ERROR", "CANCELLED"})


def operation_of(task: Truth) -> str:
    """What metrics.md 1.3 calls it."""
    return task["operation"] if task["operation"] in OPERATIONS else "other"


class Tasks:
    """`shown` are those of the last list, None before it; `ended` what was ever seen to end."""

    def __init__(self) -> None:
        self._ended: dict[str, float] | None = None
        self.completed: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.waited: defaultdict[str, float] = defaultdict(float)
        self.regressions = 0
        self.restart()

    def restart(self) -> None:
        """A new process shows nothing before it has read a list; what was counted stays."""
        self.shown: list[Truth] | None = None
        self.documents: dict[str, dict[str, Any]] = {}

    def take(self, chain: Chain, site: str) -> None:
        """Take in a list that was told to its end; the very first counts nothing."""
        told = [self._truth(row, truth, site) for row, truth in chain.rows.values()]
        self.documents = {row["id"]: row for row, _ in chain.rows.values()}
        ended = {task["id"]: task for task in told if task["status"] in ENDED}
        if self._ended is not None:
            for task in ended.values():
                if task["id"] not in self._ended:
                    self._count(task)
        before = {task["id"]: task["progress_ratio"] for task in self.shown or () if _runs(task)}
        self.regressions += sum(
            task["progress_ratio"] < before.get(task["id"], 0.0) for task in told if _runs(task)
        )
        self._ended = {**(self._ended or {}), **dict.fromkeys(ended, chain.at)}
        self._forget(chain.at)
        self.shown = told

    @property
    def has_told(self) -> bool:
        """Whether any life has read a list."""
        return self._ended is not None

    def samples(self, site: str) -> Iterator[Sample]:
        """The totals, which are never withheld."""
        for operation in sorted({"sync", "other", *self.completed}) if self.has_told else ():
            labels = {"site": site, "operation": operation}
            count = float(self.completed[operation])
            yield "vr_tasks_completed_total", labels, count
            yield "sum of vr_tasks_failed_total", labels, float(self.failed[operation])
            for family, seconds in (
                ("vr_task_duration_seconds", self.seconds),
                ("vr_task_queue_wait_seconds", self.waited),
            ):
                yield f"{family}_count", labels, count
                yield f"{family}_sum", labels, seconds[operation]
        if self.has_told:
            yield "vr_task_progress_regressions_total", {"site": site}, float(self.regressions)

    def detail(self, site: str, replications: dict[str, tuple[str, str]]) -> Iterator[Sample]:
        """What runs now; `replications` gives VM id and name by id."""
        running = [task for task in self.shown or () if _runs(task)]
        for operation in OPERATIONS:
            for status in ("queued", "running"):
                labels = {"site": site, "operation": operation, "status": status}
                count = sum(
                    operation_of(task) == operation and task["status"].lower() == status
                    for task in running
                )
                yield "vr_tasks", labels, float(count)
        oldest: dict[str, float] = {}
        for task in running:
            name = operation_of(task)
            oldest[name] = min(_began(task), oldest.get(name, _began(task)))
        for name, began in oldest.items():
            labels = {"site": site, "operation": name}
            yield "vr_task_oldest_timestamp_seconds", labels, began
        youngest: dict[str, Truth] = {}
        for task in sorted(running, key=_began):
            if found := self._replication(task, replications):
                youngest[found] = task
        for found, task in youngest.items():
            labels = {"site": site, "replication": found, "operation": operation_of(task)}
            yield "vr_task_progress_ratio", labels, task["progress_ratio"]

    def _replication(self, task: Truth, replications: dict[str, tuple[str, str]]) -> str:
        document = self.documents[task["id"]]
        entity, name = document["entity"], document["entity_name"]
        if entity in replications:
            return str(entity)
        for place, word in ((0, entity), (1, name)):
            found = [key for key, both in replications.items() if word and both[place] == word]
            if len(found) == 1:
                return found[0]
        return ""

    def _count(self, task: Truth) -> None:
        name = operation_of(task)
        self.completed[name] += 1
        self.failed[name] += task["status"] != "SUCCESS"
        self.seconds[name] += (
            task["completed_timestamp_seconds"] - task["started_timestamp_seconds"]
        )
        self.waited[name] += task["started_timestamp_seconds"] - task["queued_timestamp_seconds"]

    def _forget(self, now: float) -> None:
        """Drop what no list has told of for a day."""
        known = self._ended or {}
        self._ended = {key: at for key, at in known.items() if now - at < 86_400}

    @staticmethod
    def _truth(row: dict[str, Any], truth: Truth, site: str) -> Truth:
        found: Truth = next(t for t in truth["sites"][site]["tasks"] if t["id"] == row["id"])
        return found


def _runs(task: Truth) -> bool:
    return task["status"] not in ENDED


def _began(task: Truth) -> float:
    return float(task["started_timestamp_seconds"] or task["queued_timestamp_seconds"])
