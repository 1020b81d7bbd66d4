"""What recent triggers say to a new wish: what of the budget is used."""

from __future__ import annotations

from collections.abc import Sequence

from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.guards import BUDGETED

HOUR_SECONDS = 3600.0


def budget_used(triggers: Sequence[Trigger], now: float) -> int:
    """Count the wishes of programs claimed within the hour, and those that wait to be.

    The budget is spent by the claim; one that waits holds its share until it is claimed or ends,
    or else any number could pass at once.
    """
    since = now - HOUR_SECONDS
    return sum(trigger.origin in BUDGETED and _spends(trigger, since) for trigger in triggers)


def budget_free_at(triggers: Sequence[Trigger], limit: int, now: float) -> float | None:
    """Say when enough claims will be an hour old for one more; None where no time is known."""
    since = now - HOUR_SECONDS
    spent = [t for t in triggers if t.origin in BUDGETED and _spends(t, since)]
    ends = sorted(t.claimed_at + HOUR_SECONDS for t in spent if t.claimed_at is not None)
    surplus = len(spent) - limit
    return ends[surplus] if 0 <= surplus < len(ends) else None


def _spends(trigger: Trigger, since: float) -> bool:
    if trigger.claimed_at is None:
        return trigger.state is TriggerState.RESERVED
    return trigger.claimed_at > since
