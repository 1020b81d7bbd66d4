"""Guards 1 to 13, asked before the ledger takes a wish: pure, the cheapest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from vr_exporter.domain.triggers import TABLE, Origin, Skip, Trigger
from vr_exporter.syncing.guards.facts import (
    BUDGETED,
    MOST_FOLLOWING,
    MOST_UNHEALED,
    Facts,
    Mode,
    skip_by_kill_switch,
    skip_off,
)
from vr_exporter.syncing.windows import end_of
from vr_exporter.syncing.words import span

_TASK_LABELS = frozenset({"operation", "error_class", "task", "task_id"})


def skip_killed(trigger: Trigger, facts: Facts) -> Skip | None:
    """The kill switch stops alerts, and nobody else (guard 1)."""
    return skip_by_kill_switch(trigger, is_on=facts.has_kill_switch)


def skip_while_off(trigger: Trigger, facts: Facts) -> Skip | None:
    """No trigger acts while the mode for its origin is off (guard 2)."""
    return skip_off(trigger) if facts.mode is Mode.OFF else None


def skip_resolved(_trigger: Trigger, facts: Facts) -> Skip | None:
    """What fires no more asks for nothing (guard 3)."""
    if facts.alert is None or facts.alert.episode.is_firing:
        return None
    return Skip("resolved", f"{facts.alert.episode.alertname} is resolved")


def skip_unmatched(_trigger: Trigger, facts: Facts) -> Skip | None:
    """A rule names the alert, it says vr_action="sync", and means one replication (guard 4)."""
    return _without_target(facts, "unmatched")


def skip_unread(_trigger: Trigger, facts: Facts) -> Skip | None:
    """What may be meant cannot be told while its place is not read (guard 4)."""
    return _without_target(facts, "stale")


def _without_target(facts: Facts, reason: str) -> Skip | None:
    fault = facts.alert.fault if facts.alert else None
    return fault if fault is not None and fault.reason == reason else None


def skip_duplicate(_trigger: Trigger, facts: Facts) -> Skip | None:
    """An episode is taken once, however often it is told (guard 5)."""
    if facts.alert is None or facts.alert.known is None:
        return None
    word = TABLE[facts.alert.known].word
    return Skip("duplicate", f"this episode was taken before: it is {word}")


def skip_expired(trigger: Trigger, facts: Facts) -> Skip | None:
    """A wish is not begun once its time is over (guard 6)."""
    late = facts.now - trigger.not_after
    if late < 0:
        return None
    return Skip("expired", f"the wish for {trigger.target.vm} ran out {span(late)} ago")


def skip_loop(trigger: Trigger, facts: Facts) -> Skip | None:
    """What the bridge said itself, or brought about, starts nothing (guard 7)."""
    if facts.alert is None:
        return None
    episode, claimed_at = facts.alert.episode, facts.alert.claimed_at
    if episode.labels.get("vr_origin") == "bridge":
        return Skip("loop", "the alert is one of the bridge's own")
    is_ours = claimed_at is not None and episode.starts_at >= claimed_at
    if is_ours and is_about_tasks(episode.labels):
        return Skip(
            "loop", f"{episode.alertname} began after a sync of ours of {trigger.target.vm}"
        )
    if facts.alert.unhealed < MOST_UNHEALED:
        return None
    said = f"{facts.alert.unhealed} triggers by alert healed nothing"
    return Skip("loop", f"{said} (vr-exporter state ack {trigger.target.replication_id})")


def is_about_tasks(labels: Mapping[str, str]) -> bool:
    """Whether an alert is about tasks, by its component or by a label that only tasks have."""
    return labels.get("component") == "sync" or bool(_TASK_LABELS & labels.keys())


def skip_in_maintenance(trigger: Trigger, facts: Facts) -> Skip | None:
    """No trigger acts at a site in its maintenance window (guard 8)."""
    window = facts.window
    if window is None:
        return None
    end = end_of(window, facts.now) or facts.now
    until = datetime.fromtimestamp(end, ZoneInfo(window.timezone))
    site = trigger.target.site
    return Skip("maintenance", f"maintenance of {site} until {until:%H:%M} ({window.timezone})")


def skip_silenced(_trigger: Trigger, facts: Facts) -> Skip | None:
    """What people silenced they have in hand; unknown counts as silenced (guard 9)."""
    if facts.alert is None or not facts.alert.silence:
        return None
    return Skip("silenced", facts.alert.silence)


def skip_while_circuit_open(trigger: Trigger, facts: Facts) -> Skip | None:
    """A site that fails its triggers is given a rest, then one probe (guard 10)."""
    circuit = facts.circuit
    if facts.is_target_held or circuit.probe_at is None or not circuit.is_open(facts.now):
        return None
    left = circuit.probe_at - facts.now
    then = "until the probe under way has ended" if left <= 0 else f"for another {span(left)}"
    failed = f"{circuit.failures} triggers of {trigger.target.site} failed in a row"
    return Skip("circuit", f"{failed}: held {then}")


def skip_in_storm(trigger: Trigger, facts: Facts) -> Skip | None:
    """Where many ask at once the cause is larger than a replication (guard 11)."""
    if facts.alert is None or not facts.alert.storm.is_raging:
        return None
    storm = facts.alert.storm
    if storm.fault:
        return Skip("storm", storm.fault)
    many = f"{storm.asking} of {storm.replications} replications of {trigger.target.site}"
    return Skip("storm", f"{many} ask within {span(storm.rule.window_seconds)}")


def skip_over_budget(trigger: Trigger, facts: Facts) -> Skip | None:
    """Programs start no more than so many syncs an hour (guard 12)."""
    is_spent = facts.budget_used >= facts.budget_limit
    if trigger.origin not in BUDGETED or facts.is_target_held or not is_spent:
        return None
    used = f"{facts.budget_used} syncs by API and alert within the hour"
    free_at = facts.budget_free_at
    left = None if free_at is None else free_at - facts.now
    return Skip("budget", f"{used}, {facts.budget_limit} are allowed", left)


def skip_while_cooling(trigger: Trigger, facts: Facts) -> Skip | None:
    """A target is synced on request at most once per cool-down; force skips this (guard 13).

    Alerts follow the sync under way, but no end of them.
    """
    if trigger.origin is Origin.ALERT and facts.following >= MOST_FOLLOWING:
        vm = trigger.target.vm
        return Skip("cooldown", f"{facts.following} alerts follow the sync of {vm} already")
    last = facts.last_claimed_at
    if trigger.is_forced or facts.is_target_held or last is None:
        return None
    ago = facts.now - last
    left = facts.cooldown_seconds - ago
    if left <= 0:
        return None
    asked = f"{trigger.target.vm} was asked for {span(ago)} ago"
    return Skip("cooldown", f"{asked}, again in {span(left)}", left)
