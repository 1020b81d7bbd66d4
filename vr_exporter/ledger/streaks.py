"""What was asked of each site since one of our syncs last succeeded there."""

from __future__ import annotations

from vr_exporter.domain.names import SiteName
from vr_exporter.domain.triggers import Trigger, TriggerState


class Streaks:
    """Ended triggers that made a POST of their own, by site, from the last success on.

    So few that whoever judges a site by them need not walk through all that is remembered.
    """

    def __init__(self) -> None:
        self._of: dict[SiteName, dict[str, Trigger]] = {}

    def of(self, site: SiteName) -> list[Trigger]:
        """Return those of a site."""
        return [*self._of.get(site, {}).values()]

    def put(self, trigger: Trigger) -> None:
        """Take in a trigger as it stands now."""
        self.drop(trigger)
        ended_at = trigger.ended_at
        if ended_at is None or trigger.claimed_at is None or trigger.has_joined:
            return
        streak = self._of.setdefault(trigger.target.site, {})
        if trigger.state is TriggerState.SUCCEEDED:
            older = [key for key, other in streak.items() if (other.ended_at or 0.0) < ended_at]
            for key in older:
                del streak[key]
        if not any(_is_success_after(other, ended_at) for other in streak.values()):
            streak[trigger.key] = trigger

    def drop(self, trigger: Trigger) -> None:
        """Forget a trigger."""
        self._of.get(trigger.target.site, {}).pop(trigger.key, None)


def _is_success_after(trigger: Trigger, at: float) -> bool:
    return trigger.state is TriggerState.SUCCEEDED and (trigger.ended_at or 0.0) > at
