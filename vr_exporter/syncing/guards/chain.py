"""The chain as a table: number, name, reason and rule of each guard, in the order of asking.

That a person's or a program's key is known already is the ledger's to say; concurrency and pace
make a wish wait and are no guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vr_exporter.domain.triggers import Skip, Trigger
from vr_exporter.syncing.guards import before, fresh, inputs
from vr_exporter.syncing.guards.facts import MOST_FOLLOWING, Facts, FreshFacts

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Guard(Generic[F]):
    """One guard: `judge` says no with its reason, `shows` what it judges by, in few words.

    `asked_by` says whose wishes it may turn away.
    """

    number: int
    name: str
    reason: str
    rule: str
    judge: Callable[[Trigger, F], Skip | None]
    shows: Callable[[Trigger, F], str]
    asked_by: str = "all"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one guard says: the facts it looked at, and its no, if it is one."""

    number: int
    name: str
    shown: str
    skip: Skip | None


def judge_before(trigger: Trigger, facts: Facts) -> Skip | None:
    """Ask guards 1 to 13, before the ledger takes the wish: the first no stands."""
    return _first_no(guard.judge(trigger, facts) for guard in BEFORE)


def judge_fresh(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """Ask guards 14 to 17, before the POST: the first no stands. What runs is then joined."""
    return _first_no(guard.judge(trigger, facts) for guard in FRESH)


def explain(trigger: Trigger, facts: Facts, fresh_facts: FreshFacts) -> tuple[Finding, ...]:
    """Ask every guard, whatever the others say; the first no among them is what stands."""
    found = [_finding(guard, trigger, facts) for guard in BEFORE]
    found += [_finding(guard, trigger, fresh_facts) for guard in FRESH]
    return tuple(found)


def _finding(guard: Guard[F], trigger: Trigger, facts: F) -> Finding:
    return Finding(
        guard.number, guard.name, guard.shows(trigger, facts), guard.judge(trigger, facts)
    )


def _first_no(answers: Iterable[Skip | None]) -> Skip | None:
    return next((skip for skip in answers if skip is not None), None)


BEFORE: tuple[Guard[Facts], ...] = (
    Guard(
        *(1, "kill switch", "kill_switch"),
        "`bridge kill on` stops triggers by alert, over restarts too; people and schedules go on",
        *(before.skip_killed, inputs.kill_switch, "alert"),
    ),
    Guard(
        *(2, "mode", "off"),
        "`triggers.mode`; for alerts the stricter of it and `webhook.mode`",
        *(before.skip_while_off, inputs.mode),
    ),
    Guard(
        *(3, "firing", "resolved"),
        "an alert that is resolved asks for nothing; it ends a wish that was not yet posted",
        *(before.skip_resolved, inputs.firing, "alert"),
    ),
    Guard(
        *(4, "matched", "unmatched"),
        '`webhook.rules` names the alert, it has `vr_action="sync"`, and its labels `site` and '
        "`replication` mean exactly one replication",
        *(before.skip_unmatched, inputs.matched, "alert"),
    ),
    Guard(
        *(4, "site read", "stale"),
        "where the replication is not known, its site was read; before its first reading has "
        "ended nothing is decided: 503, and the webhook comes again at once",
        *(before.skip_unread, inputs.place, "alert"),
    ),
    Guard(
        *(5, "new", "duplicate"),
        "an episode that was queued, posted or done is not taken again",
        *(before.skip_duplicate, inputs.known, "alert"),
    ),
    Guard(
        *(6, "in time", "expired"),
        "a wish that waited longer than it may is not begun; for alerts `webhook.max_age`",
        *(before.skip_expired, inputs.in_time),
    ),
    Guard(
        *(7, "loop", "loop"),
        'an alert of the bridge itself (`vr_origin="bridge"`), one about tasks that began after '
        "a sync of ours, or two triggers by alert without healing between them",
        *(before.skip_loop, inputs.loop, "alert"),
    ),
    Guard(
        *(8, "maintenance", "maintenance"),
        "no trigger acts at a site within a window of `triggers.maintenance`",
        *(before.skip_in_maintenance, inputs.maintenance),
    ),
    Guard(
        *(9, "silences", "silenced"),
        "a silence in Alertmanager covers the alert now; where none of the configured ones tells, "
        "it counts as silenced",
        *(before.skip_silenced, inputs.silences, "alert"),
    ),
    Guard(
        *(10, "circuit", "circuit"),
        "a site whose triggers failed in a row is left alone, then probed once",
        *(before.skip_while_circuit_open, inputs.circuit),
    ),
    Guard(
        *(11, "storm", "storm"),
        "more than `webhook.storm.fraction` of a site's replications, and `at_least`, ask within "
        "the window; or the pairing or its far site is down",
        *(before.skip_in_storm, inputs.storm, "alert"),
    ),
    Guard(
        *(12, "budget", "budget"),
        "`triggers.max_per_hour` wishes by programs, all sites together",
        *(before.skip_over_budget, inputs.budget, "api, alert"),
    ),
    Guard(
        *(13, "cool-down", "cooldown"),
        "`triggers.cooldown` since the last trigger of the replication by anyone; for alerts the "
        "largest of it, `webhook.cooldown` and the RPO. What is under way is joined, by no more "
        f"than {MOST_FOLLOWING} alerts",
        *(before.skip_while_cooling, inputs.cooldown),
    ),
)
"""Guards that are asked before the ledger takes the wish."""

FRESH: tuple[Guard[FreshFacts], ...] = (
    Guard(
        *(14, "read", "stale"),
        "the replication is read anew, and could be",
        *(fresh.skip_stale, inputs.read),
    ),
    Guard(
        *(15, "there", "not_found"),
        "the appliance still has it",
        *(fresh.skip_gone, inputs.there),
    ),
    Guard(
        *(15, "paused", "paused"),
        "a paused replication is a person's to resume",
        *(fresh.skip_paused, inputs.state),
    ),
    Guard(
        *(15, "far site", "remote_down"),
        "the site reaches the far one",
        *(fresh.skip_remote_down, inputs.far_site),
    ),
    Guard(
        *(15, "state", "status"),
        "its state takes a sync, or one runs that can be joined",
        *(fresh.skip_ineligible, inputs.state),
    ),
    Guard(
        *(16, "in breach", "healed"),
        "its RPO is still breached, by more than the grace",
        *(fresh.skip_healed, inputs.breach, "alert"),
    ),
    Guard(
        *(16, "age", "fresh"),
        "its copy is older than the wish asks for (`--max-age`)",
        *(fresh.skip_fresh, inputs.age),
    ),
    Guard(
        *(17, "dry run", "dry_run"),
        "all guards passed: what would be sent is logged, and not sent",
        *(fresh.skip_unless_on, inputs.dry_run),
    ),
)
"""Guards that are asked after the ledger took it, before the POST."""

CHAIN: tuple[Guard[Any], ...] = (*BEFORE, *FRESH)
"""All of them, in the order in which they are asked."""
