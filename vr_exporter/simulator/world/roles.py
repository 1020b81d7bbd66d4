"""Who is in trouble when the world begins, and in which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vr_exporter.simulator.world.chance import Chance
from vr_exporter.simulator.world.machines import HOUR, MINUTE
from vr_exporter.simulator.world.replica import Replica
from vr_exporter.simulator.world.texts import (
    CONFIGURATION_TROUBLE,
    LASTING_TROUBLE,
    RECOVERY_TROUBLE,
)

SRM = "com.vmware.vcDr"
"""Extension key of the product that manages recoveries."""

LARGE_DISK_BYTES = 4 * 10**12
"""Large enough for a first sync of hours."""

MOST_IN_TROUBLE = 3
"""In a tiny world no more than one in this many has a role."""


class Synced(Protocol):
    """Gives a replication the facts of a sync that ended at that time."""

    def __call__(self, replica: Replica, when: float, *, chance: Chance) -> None:
        """Give the facts."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a role is given by: who else has it, chance, the moment, a time hours ago."""

    turn: int
    chance: Chance
    now: float
    long_ago: float
    synced: Synced

    @property
    def is_first(self) -> bool:
        """The first of a role shows its plain form, further ones are in deeper trouble."""
        return self.turn == 0


def cast_roles(replicas: list[Replica], *, chance: Chance, now: float, synced: Synced) -> None:
    """Give roles to replications chosen by chance; those that write most get the first ones."""
    count = len(replicas)
    wanted = [
        (role, turn)
        for role, least, share in ROLES
        for turn in range(max(least, int(count * share)))
    ][: count // MOST_IN_TROUBLE]
    chosen = chance.sample(replicas, len(wanted))
    chosen.sort(key=lambda replica: replica.change_bytes_per_second, reverse=True)
    for replica, (role, turn) in zip(chosen, wanted, strict=True):
        long_ago = now - chance.uniform(2.0, 30.0) * HOUR
        role(replica, Stage(turn, chance, now, long_ago, synced))


def _straggler(replica: Replica, stage: Stage) -> None:
    """Writes so much that each sync takes longer than its RPO."""
    replica.rpo_seconds = 15 * MINUTE if stage.turn % 2 == 0 else 5 * MINUTE
    replica.straggle = stage.chance.uniform(1.05, 1.3) + 0.45 * (stage.turn % 4)
    stage.synced(replica, stage.now - replica.rpo_seconds * 0.9, chance=stage.chance)


def _hopeless(replica: Replica, _: Stage) -> None:
    replica.straggle, replica.rpo_seconds = 6.0, 5 * MINUTE


def _paused(replica: Replica, stage: Stage) -> None:
    replica.phase = "PAUSED"
    when = stage.now - 5 * MINUTE if stage.is_first else stage.long_ago
    replica.rpo_seconds = 4 * HOUR if stage.is_first else replica.rpo_seconds
    stage.synced(replica, when, chance=stage.chance)


def _powered_off(replica: Replica, stage: Stage) -> None:
    replica.phase = "NOT_ACTIVE"
    when = stage.now - 3 * HOUR if stage.is_first else stage.long_ago
    replica.rpo_seconds = 24 * HOUR if stage.is_first else replica.rpo_seconds
    stage.synced(replica, when, chance=stage.chance)


def _failing(replica: Replica, stage: Stage) -> None:
    """Fails again and again."""
    replica.failing, replica.phase = True, "ERROR"
    replica.group_error, replica.error_since = LASTING_TROUBLE, stage.long_ago
    replica.rpo_seconds = 15 * MINUTE if stage.is_first else replica.rpo_seconds
    stage.synced(replica, stage.long_ago, chance=stage.chance)


def _misconfigured(replica: Replica, stage: Stage) -> None:
    replica.phase = "ERROR"
    replica.rpo_seconds = 24 * HOUR if stage.is_first else replica.rpo_seconds
    replica.configuration_error, replica.error_since = CONFIGURATION_TROUBLE, stage.long_ago


def _first_sync(replica: Replica, _: Stage) -> None:
    replica.last_sync_at, replica.last_sync_bytes, replica.last_sync_seconds = None, 0, 0
    replica.disk_bytes, replica.images = LARGE_DISK_BYTES, None
    replica.mpit_instances = replica.mpit_days = 0


def _full_sync(replica: Replica, stage: Stage) -> None:
    replica.needs_full, replica.rpo_seconds = True, 4 * HOUR
    replica.disk_bytes = LARGE_DISK_BYTES
    stage.synced(replica, stage.long_ago, chance=stage.chance)


def _recovered(replica: Replica, _: Stage) -> None:
    replica.phase, replica.recovery_solution, replica.recovery_state = "RECOVERED", SRM, "OK"


def _badly_recovered(replica: Replica, _: Stage) -> None:
    replica.recovery_solution, replica.recovery_state = SRM, "ERROR"
    replica.recovery_error = RECOVERY_TROUBLE


ROLES: tuple[tuple[Callable[[Replica, Stage], None], int, float], ...] = (
    (_hopeless, 1, 0.002),
    (_straggler, 5, 0.020),
    (_paused, 2, 0.007),
    (_failing, 1, 0.003),
    (_first_sync, 1, 0.0005),
    (_powered_off, 1, 0.004),
    (_misconfigured, 1, 0.001),
    (_full_sync, 1, 0.002),
    (_recovered, 1, 0.0005),
    (_badly_recovered, 1, 0.0),
)
"""The role, how many have it at least, and the share of a large world that has it."""
