"""Which step a trigger may take, and how those that follow it end with it; pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from vr_exporter.domain.triggers import NEXT, Origin, Skip, Trigger, TriggerState

FINAL_REASONS: Final = frozenset({"resolved", "unmatched", "duplicate", "loop", "healed", "fresh"})
"""An alert skipped for one of these is not taken up again (alerting.md 3)."""

UNCLEAR: Final = frozenset({TriggerState.AMBIGUOUS, TriggerState.UNRESOLVED})
"""Whether a sync was started is not known, so somebody has to acknowledge it."""

_OF_ALERTS: Final = frozenset({"resolved", "healed", "dry_run", "off"})
"""Skips of an alert that say nothing against the wish of somebody who joined it."""

_BY_CALLS_OF_THEIR_OWN: Final = frozenset({TriggerState.RESERVED, TriggerState.POSTING})


class IllegalStep(Exception):  # noqa: N818 - the name says it
    """A bug of the caller: a trigger's life has no such step."""


def check_step(before: Trigger, after: Trigger) -> None:
    """Allow the edges of fault-matrix 6 less those of reserve and claim; raise IllegalStep."""
    if after.state is before.state:
        return
    allowed = NEXT.get(before.state, frozenset()) - _BY_CALLS_OF_THEIR_OWN
    if after.state not in allowed:
        raise IllegalStep(f"{before.key}: from {before.state} to {after.state}")


def merged(before: Trigger, after: Trigger) -> Trigger:
    """Return the next state of a trigger; what was asked, and an acknowledgement, stay."""
    return replace(
        after,
        target=before.target,
        origin=before.origin,
        asked_at=before.asked_at,
        not_after=before.not_after,
        actor=before.actor,
        body_digest=before.body_digest,
        is_forced=before.is_forced,
        claimed_at=before.claimed_at,
        has_joined=before.has_joined or after.state is TriggerState.JOINED,
        is_acknowledged=before.is_acknowledged or after.is_acknowledged,
    )


def may_turn(known: Trigger, offered: Trigger) -> bool:
    """Whether an alert offered again may wait once more: it never saw a POST, and may act yet."""
    return (
        offered.origin is Origin.ALERT
        and TriggerState.RESERVED in NEXT.get(known.state, frozenset())
        and known.reason not in FINAL_REASONS
        and known.body_digest == offered.body_digest
    )


def ended_with(follower: Trigger, leader: Trigger) -> Trigger:
    """End a wish that joined another's sync as that one: it made no POST of its own.

    One of which nobody knows the end is `lost` to its followers: exit code and word are those of
    `unresolved`, yet the doubt is one, is counted once, and one acknowledgement closes it.
    """
    return replace(
        follower,
        state=_end_of(follower, leader),
        reason=leader.reason,
        sentence=leader.sentence,
        error_code=leader.error_code,
        task_id=leader.task_id,
        task_queued_at=leader.task_queued_at,
        is_confirmed=leader.is_confirmed,
        ended_at=leader.ended_at,
    )


def unanswered(trigger: Trigger) -> Trigger:
    """Say of a claimed trigger that nobody knows whether its POST was made (K5 to K7)."""
    sentence = "it is not known whether the appliance was asked; its tasks are being looked at"
    return replace(trigger, state=TriggerState.AMBIGUOUS, sentence=sentence)


def skipped(trigger: Trigger, skip: Skip, *, now: float) -> Trigger:
    """End a wish that a guard turned away."""
    return replace(
        trigger,
        state=TriggerState.SKIPPED,
        reason=skip.reason,
        sentence=skip.sentence,
        ended_at=now,
    )


def expired(trigger: Trigger, now: float, sentence: str) -> Trigger:
    """End a wish that was never posted."""
    return replace(
        trigger, state=TriggerState.EXPIRED, reason="expired", sentence=sentence, ended_at=now
    )


def _end_of(follower: Trigger, leader: Trigger) -> TriggerState:
    if leader.state is TriggerState.UNRESOLVED:
        return TriggerState.LOST
    is_skipped = leader.state is TriggerState.SKIPPED
    if is_skipped and leader.reason == "fresh" and not _is_content(follower, leader):
        return TriggerState.FAILED
    is_by_alert = leader.origin is Origin.ALERT is not follower.origin
    if is_skipped and is_by_alert and leader.reason in _OF_ALERTS:
        return TriggerState.FAILED
    return leader.state


def _is_content(follower: Trigger, leader: Trigger) -> bool:
    """Whether a copy fresh enough for the leader is so for the follower: it asked for no more."""
    wanted, met = follower.max_age_seconds, leader.max_age_seconds
    return wanted is not None and met is not None and wanted >= met
