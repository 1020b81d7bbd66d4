"""Tasks of an appliance: anybody's, of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vr_exporter.domain.names import ReplicationId, TaskId

OPERATIONS = (
    "sync",
    "configure",
    "reconfigure",
    "unconfigure",
    "pause",
    "resume",
    "test",
    "recover",
    "cleanup",
    "move",
    "other",
)
"""The closed set of the label `operation` (metrics.md 1.3)."""

ERROR_CLASSES = (
    "auth",
    "connectivity",
    "conflict",
    "not_found",
    "storage",
    "vcenter",
    "rpo",
    "internal",
    "other",
)
"""The closed set of the label `class` of a failed task."""


class TaskState(StrEnum):
    """The published states; the last three are final. OTHER stands for any unlisted one."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"
    OTHER = "OTHER"

    @property
    def is_unfinished(self) -> bool:
        """Whether the task may still change."""
        return self in (TaskState.QUEUED, TaskState.RUNNING)


@dataclass(frozen=True, slots=True)
class Task:
    """One task; times are the appliance's own clock, so never mix them with ours.

    `operation` is one of `OPERATIONS`; `error_class` one of `ERROR_CLASSES` when it failed.
    `replication_id` is the replication it works on, found by watching; None if there is none.
    """

    id: TaskId
    operation: str
    state: TaskState
    entity: str = ""
    entity_name: str = ""
    progress_ratio: float | None = None
    queued_timestamp_seconds: float | None = None
    started_timestamp_seconds: float | None = None
    completed_timestamp_seconds: float | None = None
    error_class: str | None = None
    error_code: str | None = None
    error_message: str = ""
    description: str = ""
    description_id: str = ""
    replication_id: ReplicationId | None = None

    @property
    def identity(self) -> tuple[TaskId, float | None]:
        """Ids may be used again (fault-matrix A49): the time of queueing tells them apart."""
        return (self.id, self.queued_timestamp_seconds)

    @property
    def kind(self) -> str:
        """What tasks of one kind have in common: the key of their description, else its text."""
        return self.description_id or self.description

    @property
    def duration_seconds(self) -> float | None:
        """Completion less start; None unless both are known and in order."""
        return _span(self.started_timestamp_seconds, self.completed_timestamp_seconds)

    @property
    def queue_wait_seconds(self) -> float | None:
        """Start less queueing; None unless both are known and in order."""
        return _span(self.queued_timestamp_seconds, self.started_timestamp_seconds)


def _span(begin: float | None, end: float | None) -> float | None:
    if begin is None or end is None or end < begin:
        return None
    return end - begin
