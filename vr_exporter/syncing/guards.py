"""The guard chain: pure functions from a trigger and the facts to a skip, in their order.

The rules that only a webhook's wishes can meet (resolved, unmatched, loop, silences,
storm, healed) come with the webhook, each between its neighbours here. That a key is known
already is the ledger's to say; concurrency and pace make a wish wait and are no guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.triggers import Origin, Skip, Trigger
from vr_exporter.syncing.circuit import Circuit
from vr_exporter.syncing.states import PAUSED, is_eligible, is_syncing, state_in_words
from vr_exporter.syncing.windows import Window, end_of
from vr_exporter.syncing.words import span

OLDEST_READ_SECONDS = 30.0
"""A replication read longer ago than this is read again before the POST."""

BUDGETED = frozenset({Origin.API, Origin.ALERT})
"""Programs have a budget an hour; people and schedules are not counted."""


class Mode(Enum):
    """What triggers may do, the strictest first."""

    OFF = 0
    DRY_RUN = 1
    ON = 2


def stricter(one: Mode, other: Mode) -> Mode:
    """Of two modes the one that allows less."""
    return min(one, other, key=lambda mode: mode.value)


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards 1 to 13 judge by, as it stands for this trigger's origin, site and target.

    `budget_used` counts an hour back; `budget_free_at` is when one more will fit, None while that
    hangs on wishes that wait. `last_claimed_at` is when a POST for the target was last
    about to leave, whoever asked. `is_target_held`: a trigger of the target is under way, so that
    this one will follow it and cost no POST.
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


@dataclass(frozen=True, slots=True)
class FreshFacts:
    """What guards 14 to 17 judge by: the replication as the appliance has just told it.

    `read_at` is None where the read failed, and `fault` says why. `replication` is None where
    the appliance no longer lists it. `clock_skew_seconds` is its clock less ours.
    """

    now: float
    mode: Mode
    read_at: float | None
    replication: Replication | None
    fault: str = ""
    is_remote_down: bool = False
    clock_skew_seconds: float = 0.0


def judge_before(trigger: Trigger, facts: Facts) -> Skip | None:
    """Ask guards 1 to 13, before the ledger takes the wish: the first no stands."""
    return _first_no(guard(trigger, facts) for guard in BEFORE)


def judge_fresh(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """Ask guards 14 to 17, before the POST: the first no stands. What runs is then joined."""
    return _first_no(guard(trigger, facts) for guard in FRESH)


def _first_no(answers: Iterable[Skip | None]) -> Skip | None:
    return next((skip for skip in answers if skip is not None), None)


def skip_killed(trigger: Trigger, facts: Facts) -> Skip | None:
    """The kill switch stops alerts, and nobody else (guard 1)."""
    if trigger.origin is not Origin.ALERT or not facts.has_kill_switch:
        return None
    return Skip("kill_switch", "all triggers by alert are stopped by the kill switch")


def skip_while_off(trigger: Trigger, facts: Facts) -> Skip | None:
    """No trigger acts while the mode for its origin is off (guard 2)."""
    return _off(trigger) if facts.mode is Mode.OFF else None


def skip_expired(trigger: Trigger, facts: Facts) -> Skip | None:
    """A wish is not begun once its time is over (guard 6)."""
    late = facts.now - trigger.not_after
    if late < 0:
        return None
    return Skip("expired", f"the wish for {trigger.target.vm} ran out {span(late)} ago")


def skip_in_maintenance(trigger: Trigger, facts: Facts) -> Skip | None:
    """No trigger acts at a site in its maintenance window (guard 8)."""
    window = facts.window
    if window is None:
        return None
    end = end_of(window, facts.now) or facts.now
    until = datetime.fromtimestamp(end, ZoneInfo(window.timezone))
    site = trigger.target.site
    return Skip("maintenance", f"maintenance of {site} until {until:%H:%M} ({window.timezone})")


def skip_while_circuit_open(trigger: Trigger, facts: Facts) -> Skip | None:
    """A site that fails its triggers is given a rest, then one probe (guard 10)."""
    circuit = facts.circuit
    if facts.is_target_held or circuit.probe_at is None or not circuit.is_open(facts.now):
        return None
    left = circuit.probe_at - facts.now
    then = "until the probe under way has ended" if left <= 0 else f"for another {span(left)}"
    failed = f"{circuit.failures} triggers of {trigger.target.site} failed in a row"
    return Skip("circuit", f"{failed}: held {then}")


def skip_over_budget(trigger: Trigger, facts: Facts) -> Skip | None:
    """Programs start no more than so many syncs an hour, all sites together (guard 12)."""
    is_spent = facts.budget_used >= facts.budget_limit
    if trigger.origin not in BUDGETED or facts.is_target_held or not is_spent:
        return None
    used = f"{facts.budget_used} syncs by API and alert within the hour"
    free_at = facts.budget_free_at
    left = None if free_at is None else free_at - facts.now
    return Skip("budget", f"{used}, {facts.budget_limit} are allowed", left)


def skip_while_cooling(trigger: Trigger, facts: Facts) -> Skip | None:
    """A target is synced on request at most once per cool-down; force skips this (guard 13)."""
    last = facts.last_claimed_at
    if trigger.is_forced or facts.is_target_held or last is None:
        return None
    ago = facts.now - last
    left = facts.cooldown_seconds - ago
    if left <= 0:
        return None
    asked = f"{trigger.target.vm} was asked for {span(ago)} ago"
    return Skip("cooldown", f"{asked}, again in {span(left)}", left)


def skip_stale(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """Nothing is asked of a replication that could not be read just now (guard 14)."""
    target = trigger.target
    if facts.read_at is None:
        fault = facts.fault or "no reason given"
        return Skip("stale", f"{target.vm} could not be read at {target.site}: {fault}")
    age = facts.now - facts.read_at
    if age <= OLDEST_READ_SECONDS:
        return None
    return Skip("stale", f"{target.vm} was read {span(age)} ago at {target.site}: too long")


def skip_gone(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """A replication that the appliance no longer has is not synced (guard 15)."""
    if facts.replication is not None:
        return None
    target = trigger.target
    name = f"{target.vm} ({target.replication_id})"
    return Skip("not_found", f"{target.site} has no replication {name} any more")


def skip_paused(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """A paused replication is a person's to resume (guard 15)."""
    replication = facts.replication
    if replication is None or replication.status != PAUSED:
        return None
    return Skip("paused", f"{trigger.target.vm} is paused (resume it first)")


def skip_remote_down(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """No sync can end while the far site is away; it explains states, so it comes before them."""
    if not facts.is_remote_down:
        return None
    target = trigger.target
    return Skip("remote_down", f"{target.site} does not reach the remote site of {target.vm}")


def skip_ineligible(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """Only what is idle, or syncs already, can be synced (guard 15)."""
    replication = facts.replication
    if replication is None or is_eligible(replication):
        return None
    return Skip("status", f"{trigger.target.vm} {state_in_words(replication)}")


def skip_fresh(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """A copy younger than the wish asks for needs no sync (guard 16).

    The age is by the appliance's clock. A time in the future by as much is not believed.
    """
    replication, limit = facts.replication, trigger.max_age_seconds
    if replication is None or limit is None or not replication.last_sync_timestamp_seconds:
        return None
    age = facts.now + facts.clock_skew_seconds - replication.last_sync_timestamp_seconds
    if abs(age) >= limit:
        return None
    return Skip("fresh", f"the copy of {trigger.target.vm} is {span(age)} old")


def skip_unless_on(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """A dry run ends here and says what it would do (guard 17); off holds here too."""
    if facts.mode is Mode.OFF:
        return _off(trigger)
    if facts.mode is Mode.ON or facts.replication is None:
        return None
    target = trigger.target
    if is_syncing(facts.replication):
        return Skip("dry_run", f"dry run: the running sync of {target.vm} would be followed")
    return Skip("dry_run", f"dry run: a sync of {target.vm} would be asked for at {target.site}")


def _off(trigger: Trigger) -> Skip:
    return Skip("off", f"triggers by {trigger.origin} are off (see triggers.mode)")


BEFORE: tuple[Callable[[Trigger, Facts], Skip | None], ...] = (
    skip_killed,
    skip_while_off,
    skip_expired,
    skip_in_maintenance,
    skip_while_circuit_open,
    skip_over_budget,
    skip_while_cooling,
)
FRESH: tuple[Callable[[Trigger, FreshFacts], Skip | None], ...] = (
    skip_stale,
    skip_gone,
    skip_paused,
    skip_remote_down,
    skip_ineligible,
    skip_fresh,
    skip_unless_on,
)
