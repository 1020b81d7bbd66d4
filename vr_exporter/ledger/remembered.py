"""Triggers in memory: those that are open and the youngest that ended; readers wait for no disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.streaks import Streaks

ENDED_REMEMBERED: Final = 5_000
"""So many ended triggers are shown; older ones are found by their key alone."""


class Remembered:
    """Safe for any number of threads; what is handed out never changes."""

    def __init__(self, triggers: Iterable[Trigger] = ()) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Trigger] = {}
        self._ended: OrderedDict[str, Trigger] = OrderedDict()
        self._held: dict[ReplicationId, str] = {}
        self._streaks = Streaks()
        for trigger in sorted(triggers, key=lambda trigger: trigger.asked_at):
            self.put(trigger)

    def put(self, trigger: Trigger) -> None:
        """Take in a trigger as it stands now."""
        with self._lock:
            self._open.pop(trigger.key, None)
            self._ended.pop(trigger.key, None)
            if is_open(trigger):
                self._open[trigger.key] = trigger
            else:
                self._ended[trigger.key] = trigger
            self._hold(trigger)
            self._streaks.put(trigger)
            while len(self._ended) > ENDED_REMEMBERED:
                self._streaks.drop(self._ended.popitem(last=False)[1])

    def get(self, key: str) -> Trigger | None:
        """Return a trigger; None if it is not known, or ended long ago."""
        with self._lock:
            return self._open.get(key) or self._ended.get(key)

    def chosen(self, *, site: SiteName | None, unfinished: bool) -> list[Trigger]:
        """Return those of a site, or of all; `unfinished` are those without an end."""
        return [
            trigger
            for trigger in (self.opened() if unfinished else self.every())
            if (site is None or trigger.target.site == site)
            and not (unfinished and trigger.state.is_final)
        ]

    def every(self) -> list[Trigger]:
        """Return all that are remembered."""
        with self._lock:
            return [*self._open.values(), *self._ended.values()]

    def opened(self) -> list[Trigger]:
        """Return those that are not done with."""
        with self._lock:
            return [*self._open.values()]

    def holder(self, replication_id: ReplicationId) -> Trigger | None:
        """Return the one trigger that holds a target."""
        with self._lock:
            return self._open.get(self._held.get(replication_id, ""))

    def streak(self, site: SiteName) -> list[Trigger]:
        """Return what a site was asked from its last success on, as far as that has ended."""
        with self._lock:
            return self._streaks.of(site)

    def followers(self, key: str) -> list[Trigger]:
        """Return those that end when this one does."""
        with self._lock:
            return [
                trigger
                for trigger in self._open.values()
                if trigger.follows == key and trigger.state is TriggerState.JOINED
            ]

    def drop_ended_before(self, at: float) -> None:
        """Forget what is pruned from the store."""
        with self._lock:
            for key in [key for key, trigger in self._ended.items() if age_of(trigger) < at]:
                self._streaks.drop(self._ended.pop(key))

    def _hold(self, trigger: Trigger) -> None:
        target = trigger.target.replication_id
        if trigger.state.holds_target:
            self._held[target] = trigger.key
        elif self._held.get(target) == trigger.key:
            del self._held[target]


def is_open(trigger: Trigger) -> bool:
    """Whether something is still to come of it, or somebody has to look at it."""
    is_unresolved = trigger.state is TriggerState.UNRESOLVED
    return not trigger.state.is_final or (is_unresolved and not trigger.is_acknowledged)


def age_of(trigger: Trigger) -> float:
    """Return the moment from which a trigger's age counts."""
    return trigger.ended_at or trigger.asked_at
