"""Guards 14 to 17, asked of the replication as it is now, before the one POST: pure."""

from __future__ import annotations

from vr_exporter.domain.rpo import Verdict, verdict_of
from vr_exporter.domain.triggers import Origin, Skip, Trigger
from vr_exporter.syncing.guards.facts import OLDEST_READ_SECONDS, FreshFacts, Mode, skip_off
from vr_exporter.syncing.states import PAUSED, is_eligible, is_syncing, state_in_words
from vr_exporter.syncing.words import span

_IN_RPO = frozenset({Verdict.MET, Verdict.LATE})


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


def skip_healed(trigger: Trigger, facts: FreshFacts) -> Skip | None:
    """An alert about a breach that is over asks for nothing (guard 16); unknown is no proof."""
    replication = facts.replication
    if trigger.origin is not Origin.ALERT or replication is None:
        return None
    if verdict_of(replication, facts.grace) not in _IN_RPO:
        return None
    return Skip("healed", f"{trigger.target.vm} is no longer in breach of its RPO")


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
        return skip_off(trigger)
    if facts.mode is Mode.ON or facts.replication is None:
        return None
    target = trigger.target
    if is_syncing(facts.replication):
        return Skip("dry_run", f"dry run: the running sync of {target.vm} would be followed")
    return Skip("dry_run", f"dry run: a sync of {target.vm} would be asked for at {target.site}")
