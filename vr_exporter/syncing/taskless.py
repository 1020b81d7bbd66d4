"""Wishes that joined a sync without a task: its end is read off the replication (A54)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.triggers import Trigger
from vr_exporter.syncing.following import MISSES_TO_BE_LOST
from vr_exporter.syncing.joining import end_by_row, end_with_replication, is_over
from vr_exporter.syncing.rereading import Rereading


class Taskless:
    """Tells which of them ended; `skew` is the appliance's clock less ours."""

    def __init__(self, rereading: Rereading, *, clock: Clock, skew: Callable[[], float]) -> None:
        self._rereading = rereading
        self._reads = rereading.reads
        self._clock = clock
        self._skew = skew
        self._misses: dict[str, int] = {}

    def endings(self, joined: Sequence[Trigger]) -> list[Trigger]:
        """End those whose sync is over."""
        rows = self._rereading.rows(joined)
        ends = (self._end_of(each, rows.get(each.target.replication_id)) for each in joined)
        return [end for end in ends if end is not None]

    def _end_of(self, trigger: Trigger, row: Replication | None) -> Trigger | None:
        if row is None:
            return self._end_of_missing(trigger)
        self._misses.pop(trigger.key, None)
        if not is_over(trigger, row, skew=self._skew()):
            return None
        return end_by_row(trigger, row, now=self._clock.now(), skew=self._skew())

    def _end_of_missing(self, trigger: Trigger) -> Trigger | None:
        """Ask for a replication alone that lists left out twice: only its 404 says it is gone."""
        target = trigger.target
        self._misses[trigger.key] = self._misses.get(trigger.key, 0) + 1
        if self._misses[trigger.key] < MISSES_TO_BE_LOST:
            return None
        with suppress(ApplianceError), self._reads.step():
            found = self._reads.replication(
                target.pairing_id, target.replication_id, local_vc_id=""
            )
            if found is None:
                self._misses.pop(trigger.key)
                return end_with_replication(trigger, now=self._clock.now())
            return self._end_of(trigger, found)
        return None
