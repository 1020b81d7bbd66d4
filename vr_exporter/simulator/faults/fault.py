"""A fault, and what a kind of fault is: where in an answer it strikes, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

LISTS = (
    "getVrPairings",
    "getVrPairingIssues",
    "getAllReplications",
    "getReplicationsIssues",
    "getAllPointInTimeInstances",
    "getAllVrServersInPairing",
    "getAllVrServers",
    "getRecentTasksInfo",
)
REPLICATION_LIST = ("getAllReplications",)
REPLICATION_ROWS = ("getAllReplications", "getReplicationInfo")
TASK_LIST = ("getRecentTasksInfo",)
TASK_ROWS = ("getRecentTasksInfo", "getTaskInfo")
SYNC = ("syncReplication",)


class Stage(Enum):
    """Where a kind strikes; the effect of each stage takes and gives what stands beside it."""

    SITE = "site"  # no effect: the server and the operations ask whether it is on
    REQUEST = "request"  # (Fault) -> SimResponse, in place of any answer
    LISTING = "listing"  # (Selection, Strike) -> Selection
    ROW = "row"  # (row, Strike) -> row, or None to take it out
    DOCUMENT = "document"  # (document, Strike) -> document
    ANSWER = "answer"  # (SimResponse, Fault) -> SimResponse


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `match` is a glob: over names and ids for kinds that strike rows, over `METHOD path` else.
    `operation` is an operation id; empty: the operations that the kind strikes by itself.
    `at_seconds` counts from when the fault was added; None for `for_seconds` is for ever.
    `rate` is the share of requests, or of rows, that it strikes.
    `skip` lets so many requests pass first; `times` is how many it strikes at most.
    """

    kind: str
    site: str = ""
    match: str = ""
    operation: str = ""
    at_seconds: float = 0.0
    for_seconds: float | None = None
    rate: float = 1.0
    skip: int = 0
    times: int | None = None
    value: str | float | None = None


@dataclass(frozen=True, slots=True)
class Strike:
    """One stroke of a fault: `number` counts its strokes from 0, `limit` is the page size."""

    fault: Fault
    number: int = 0
    limit: int = 0

    def value(self, default: Any) -> Any:
        """The fault's value in the type of the default."""
        given = self.fault.value
        return default if given is None else type(default)(given)


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table that `simulate --help` shows; no `operations`: it strikes every one."""

    name: str
    summary: str
    stage: Stage
    effect: Callable[..., Any] | None = None
    operations: tuple[str, ...] = ()
