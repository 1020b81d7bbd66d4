"""The switches of the world: its size, its seed, its speed and what the vendor leaves unsaid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TaskEntity = Literal["replication", "vm", "name"]
TaskDescriptionId = Literal["keyed", "unkeyed", "absent"]
SyncWhileRunning = Literal["error", "refuse", "join"]


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """How a world is made. Switches below `calm` stand for the assumptions of vr-api.md 10 and 11.

    `sites`: the first is paired with each of the others; a name that stands twice gives a pairing
    of that site with itself. Where `pairings` asks for more, further remote sites are invented.
    `replications` is the number in the whole world, spread over the pairings and both directions.
    `speed` scales work alone (bandwidth, task lives, the day's curve, fault rates): every
    timestamp and every RPO stays on the wall clock.
    `calm` makes a world where all is healthy, nothing breaks and nobody acts but the caller.
    `churn` lets people remove a replication now and then and configure its VM anew, so that the
    number of replications is at times one less.
    `task_failure_share` is the share of tasks that end in ERROR by chance; None: 8 %, calm none.
    """

    sites: tuple[str, ...] = ("madrid", "berlin")
    replications: int = 300
    pairings: int = 1
    seed: int = 1
    speed: float = 1.0
    calm: bool = False
    churn: bool = False
    tasks_kept_seconds: float = 1800.0
    task_failure_share: float | None = None
    ids_differ_by_side: bool = False
    task_entity: TaskEntity = "replication"
    task_description_id: TaskDescriptionId = "keyed"
    sync_while_running: SyncWhileRunning = "error"
    refused_states: Literal["refuse", "error"] = "refuse"
    rpo_syncs_make_tasks: bool = False
    never_synced_time: int = 0

    @property
    def failure_share(self) -> float:
        """The share of tasks that end in ERROR by chance."""
        if self.task_failure_share is not None:
            return self.task_failure_share
        return 0.0 if self.calm else 0.08
