"""What the guards judge by: the facts of a wish, its target and, of an alert, its episode."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from vr_exporter.domain.episodes import Episode
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.triggers import Origin, Skip, Trigger, TriggerState
from vr_exporter.syncing.circuit import Circuit
from vr_exporter.syncing.windows import Window

OLDEST_READ_SECONDS: Final = 30.0
"""A replication read longer ago than this is read again before the POST."""

BUDGETED: Final = frozenset({Origin.API, Origin.ALERT})
"""Programs have a budget an hour; people and schedules are not counted."""

MOST_UNHEALED: Final = 2
"""So many triggers by alert of one replication that healed nothing are taken for a loop."""

MOST_FOLLOWING: Final = 10
"""So many wishes by alert follow one sync; those beyond are cool-down, and lose nothing.

Members of a cluster send one episode under one key, so they are no two followers. What makes
several is two views of a pairing, replicas of Prometheus that keep labels of their own, several
rules, or an alert that flaps. All of them ask for the sync that is under way already. Without a
bound a sender with the credential makes a row and a commit of every `startsAt` it invents. It is
no budget: nothing is spent, and nobody is to be told that syncs are held back.
"""


class Mode(Enum):
    """What triggers may do, the strictest first."""

    OFF = 0
    DRY_RUN = 1
    ON = 2

    @property
    def word(self) -> str:
        """As the settings write it."""
        return self.name.lower().replace("_", "-")


def stricter(one: Mode, other: Mode) -> Mode:
    """Of two modes the one that allows less."""
    return min(one, other, key=lambda mode: mode.value)


@dataclass(frozen=True, slots=True)
class StormRule:
    """A storm: more than `fraction` of a site's replications, and `at_least`, in a window."""

    fraction: float = 0.10
    at_least: int = 5
    window_seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class StormFacts:
    """How many of a site's replications asked by alert within the window, this one with them.

    `fault` says what larger cause is known: the pairing or its far site is down.
    """

    asking: int = 0
    replications: int = 0
    rule: StormRule = field(default_factory=StormRule)
    fault: str = ""

    @property
    def share(self) -> float:
        """The share of the site that asks."""
        return self.asking / self.replications if self.replications else 1.0

    @property
    def is_raging(self) -> bool:
        """Whether so many ask that no sync cures the cause."""
        is_over = self.share > self.rule.fraction and self.asking >= self.rule.at_least
        return is_over or bool(self.fault)


@dataclass(frozen=True, slots=True)
class EpisodeFacts:
    """What guards that are for alerts alone judge by.

    `fault` says why the alert means no replication. `known` is the state of the row under its key,
    where that row may not be taken up again. `claimed_at` is when a trigger of ours last asked for
    the replication, `unhealed` how many by alert did since it was last seen within its RPO or
    somebody acknowledged them. `silence` says what silences it now, empty for nothing, None where
    nobody was asked.
    """

    episode: Episode
    fault: Skip | None = None
    known: TriggerState | None = None
    claimed_at: float | None = None
    unhealed: int = 0
    silence: str | None = None
    storm: StormFacts = field(default_factory=StormFacts)


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards 1 to 13 judge by, as it stands for this trigger's origin, site and target.

    `budget_used` counts an hour back; `budget_free_at` is when one more will fit, None while that
    hangs on wishes that wait. `last_claimed_at` is when a POST for the target was last about to
    leave, whoever asked. `is_target_held`: a trigger of the target is under way, so that this
    one will follow it and cost no POST; `following` by alert do so already. `alert` is there
    where an alert asks, and only then.
    """

    now: float
    has_kill_switch: bool
    mode: Mode
    window: Window | None
    circuit: Circuit
    budget_used: int
    budget_limit: int
    budget_free_at: float | None
    cooldown_seconds: float
    last_claimed_at: float | None
    is_target_held: bool
    following: int
    alert: EpisodeFacts | None


@dataclass(frozen=True, slots=True)
class FreshFacts:
    """What guards 14 to 17 judge by: the replication as the appliance has just told it.

    `read_at` is None where the read failed, and `fault` says why. `replication` is None where
    the appliance no longer lists it. `clock_skew_seconds` is its clock less ours. `grace` tells
    a late copy from a breach.
    """

    now: float
    mode: Mode
    read_at: float | None
    replication: Replication | None
    fault: str = ""
    is_remote_down: bool = False
    clock_skew_seconds: float = 0.0
    grace: Grace = field(default_factory=Grace)


def skip_by_kill_switch(trigger: Trigger, *, is_on: bool) -> Skip | None:
    """The kill switch stops alerts, and nobody else; it is asked before every action."""
    if trigger.origin is not Origin.ALERT or not is_on:
        return None
    return Skip("kill_switch", "all triggers by alert are stopped by the kill switch")


def skip_off(trigger: Trigger) -> Skip:
    """No trigger of this origin acts at all."""
    where = "webhook.mode, triggers.mode" if trigger.origin is Origin.ALERT else "triggers.mode"
    return Skip("off", f"triggers by {trigger.origin} are off (see {where})")
