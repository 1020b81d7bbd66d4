"""What each guard judges by, in few words: for `bridge explain`, the log and the audit; pure."""

from __future__ import annotations

from vr_exporter.domain.episodes import stamp
from vr_exporter.domain.rpo import verdict_of
from vr_exporter.domain.triggers import TABLE, Trigger
from vr_exporter.syncing.guards.facts import Facts, FreshFacts, Mode
from vr_exporter.syncing.words import span

_NO_ALERT = "no alert asks"


def summary(facts: Facts) -> str:
    """Say in one line what a decision on an alert rested on, for the audit."""
    alert = facts.alert
    if alert is None:
        return f"mode {facts.mode.word}"
    storm = alert.storm
    return "; ".join(
        (
            alert.episode.since,
            f"mode {facts.mode.word}",
            f"unhealed {alert.unhealed}",
            f"storm {storm.asking}/{storm.replications}",
            f"budget {facts.budget_used}/{facts.budget_limit}",
            f"last asked {_at(facts.last_claimed_at)}",
        )
    )


def kill_switch(_trigger: Trigger, facts: Facts) -> str:
    """On or off."""
    return "on" if facts.has_kill_switch else "off"


def mode(_trigger: Trigger, facts: Facts) -> str:
    """The mode that holds for this origin."""
    return facts.mode.word


def firing(_trigger: Trigger, facts: Facts) -> str:
    """The alert and since when it fires."""
    if facts.alert is None:
        return _NO_ALERT
    episode = facts.alert.episode
    return episode.since if episode.is_firing else f"{episode.since}, resolved"


def matched(trigger: Trigger, facts: Facts) -> str:
    """The one replication that is meant."""
    if facts.alert is None:
        return _NO_ALERT
    if facts.alert.fault is not None:
        return facts.alert.fault.sentence
    target = trigger.target
    return f"{target.vm} ({target.replication_id}) at {target.site}"


def place(_trigger: Trigger, facts: Facts) -> str:
    """Whether the place that the alert names was read."""
    if facts.alert is None:
        return _NO_ALERT
    fault = facts.alert.fault
    if fault is None:
        return "read"
    return fault.sentence if fault.reason == "stale" else "no replication is meant"


def known(_trigger: Trigger, facts: Facts) -> str:
    """What became of the episode so far."""
    if facts.alert is None:
        return _NO_ALERT
    return "not taken before" if facts.alert.known is None else TABLE[facts.alert.known].word


def in_time(trigger: Trigger, facts: Facts) -> str:
    """How long it may still wait."""
    return f"may wait {span(trigger.not_after - facts.now)}"


def loop(_trigger: Trigger, facts: Facts) -> str:
    """How many triggers by alert healed nothing."""
    return _NO_ALERT if facts.alert is None else f"{facts.alert.unhealed} triggers unhealed"


def maintenance(_trigger: Trigger, facts: Facts) -> str:
    """The window that holds."""
    return "no window" if facts.window is None else "within a window"


def silences(_trigger: Trigger, facts: Facts) -> str:
    """What silences it, or why nobody was asked."""
    alert = facts.alert
    if alert is None:
        return _NO_ALERT
    if alert.silence is not None:
        return alert.silence or "not silenced"
    is_off = facts.has_kill_switch or facts.mode is Mode.OFF
    is_refused = is_off or alert.fault is not None or not alert.episode.is_firing
    why = "it is refused already" if is_refused else "no Alertmanager in the settings"
    return f"not asked: {why}"


def circuit(_trigger: Trigger, facts: Facts) -> str:
    """Closed, or open since how many failures."""
    is_open = facts.circuit.is_open(facts.now)
    return f"open after {facts.circuit.failures} failures" if is_open else "closed"


def storm(_trigger: Trigger, facts: Facts) -> str:
    """How many of the site ask at once."""
    if facts.alert is None:
        return _NO_ALERT
    found = facts.alert.storm
    return found.fault or f"{found.asking}/{found.replications} = {100 * found.share:.1f} %"


def budget(_trigger: Trigger, facts: Facts) -> str:
    """What of the budget is used."""
    return f"{facts.budget_used}/{facts.budget_limit} within the hour"


def cooldown(_trigger: Trigger, facts: Facts) -> str:
    """When it was asked last, and when it may be again."""
    last = facts.last_claimed_at
    if facts.is_target_held:
        return f"under way, {facts.following} alerts follow"
    if last is None:
        return f"never asked, cool-down {span(facts.cooldown_seconds)}"
    return f"last asked {_at(last)}, free at {_at(last + facts.cooldown_seconds)}"


def read(_trigger: Trigger, facts: FreshFacts) -> str:
    """How old the reading is."""
    return "not read" if facts.read_at is None else f"read {span(facts.now - facts.read_at)} ago"


def there(_trigger: Trigger, facts: FreshFacts) -> str:
    """Whether it is listed."""
    return "listed" if facts.replication is not None else "not listed"


def state(_trigger: Trigger, facts: FreshFacts) -> str:
    """The appliance's word."""
    return "unknown" if facts.replication is None else facts.replication.status or "unknown"


def far_site(_trigger: Trigger, facts: FreshFacts) -> str:
    """Whether it is reached."""
    return "not reached" if facts.is_remote_down else "not known to be down"


def breach(_trigger: Trigger, facts: FreshFacts) -> str:
    """Where it stands against its RPO."""
    if facts.replication is None:
        return "unknown"
    return verdict_of(facts.replication, facts.grace).value


def age(trigger: Trigger, facts: FreshFacts) -> str:
    """How old the copy is, and may be."""
    wanted = trigger.max_age_seconds
    asked = "any age" if wanted is None else f"older than {span(wanted)}"
    synced = facts.replication.last_sync_timestamp_seconds if facts.replication else None
    if not synced:
        return f"never synced, {asked} asked for"
    return f"{span(facts.now + facts.clock_skew_seconds - synced)} old, {asked} asked for"


def dry_run(_trigger: Trigger, facts: FreshFacts) -> str:
    """The mode that holds."""
    return facts.mode.word


def _at(seconds: float | None) -> str:
    return "never" if seconds is None else stamp(seconds)
