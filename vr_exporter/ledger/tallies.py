"""What each step of a trigger adds to the counters of metrics.md 1.4; pure."""

from __future__ import annotations

from vr_exporter.domain.counts import Add, Addition, Exemplar, Observe
from vr_exporter.domain.triggers import Origin, Outcome, Trigger, TriggerState

REQUESTS = "vr_trigger_requests_total"
SKIPS = "vr_trigger_skips_total"
DURATION = "vr_trigger_duration_seconds"

EXEMPLAR_CHARACTERS = 128
_ENDS_OF_TASKS = frozenset({TriggerState.SUCCEEDED, TriggerState.FAILED})


def tally(before: Trigger | None, after: Trigger) -> tuple[Addition, ...]:
    """Count a wish once, when its outcome stands, and time it once, when its task has ended."""
    additions: list[Addition] = []
    if after.outcome is not None and (before is None or before.outcome is None):
        additions += outcome_of(after.origin, after.outcome, after.reason or after.state.value)
    if after.state in _ENDS_OF_TASKS and (before is None or before.state is not after.state):
        additions += _duration(after)
    return tuple(additions)


def outcome_of(origin: Origin, outcome: Outcome, reason: str) -> tuple[Addition, ...]:
    """Count a wish, and why it was skipped."""
    request = Add(REQUESTS, (origin.value, outcome.value))
    return (request, Add(SKIPS, (reason,))) if outcome is Outcome.SKIPPED else (request,)


def _duration(trigger: Trigger) -> tuple[Addition, ...]:
    """Time from the wish to the end of its task; one that never became a task has none."""
    if trigger.ended_at is None or not _has_synced(trigger):
        return ()
    seconds = max(0.0, trigger.ended_at - trigger.asked_at)
    exemplar = _exemplar(trigger, seconds, trigger.ended_at)
    return (Observe(DURATION, (trigger.origin.value,), seconds, exemplar),)


def _has_synced(trigger: Trigger) -> bool:
    """Whether a sync was under way for it: one by RPO has no task, so none of it need be known."""
    if trigger.task_id is not None:
        return True
    is_of_leader = bool(trigger.follows) and trigger.state is TriggerState.FAILED
    return trigger.has_joined and not is_of_leader


def _exemplar(trigger: Trigger, seconds: float, at: float) -> Exemplar | None:
    labels = (
        ("task_id", str(trigger.task_id or "")),
        ("replication", str(trigger.target.replication_id)),
    )
    fitting: list[tuple[str, str]] = []
    room = EXEMPLAR_CHARACTERS
    for name, value in labels:
        if value and len(name) + len(value) <= room:
            fitting.append((name, value))
            room -= len(name) + len(value)
    return Exemplar(tuple(fitting), seconds, at) if fitting else None
