"""A site's triggers under way: begun in turn, followed to their end, looked for when unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.appliance.syncs import MOST_IDS, Syncs
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.tasks import Task, TaskState
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.syncing.circuit import Circuit
from vr_exporter.syncing.joining import end_by_row, end_with_replication, has_ended, task_joined
from vr_exporter.syncing.posting import PairingOf, Poster
from vr_exporter.syncing.searches import Searches
from vr_exporter.syncing.states import is_syncing

LOOK_SECONDS = 5.0
"""While something runs, the tasks of the site are looked at so often (vr-api.md 8)."""

BUSY_LOOK_SECONDS = 30.0
"""So often while the pace keeps wishes waiting: what a look costs would begin one of them."""

LEAST_BATCH = 3
"""Where many may begin, the pace is saved up for so many: they share the one read before."""

MISSES_TO_BE_LOST = 2


class SyncTasks:
    """The triggers of one site, on its worker's thread.

    `max_running` tells how many may run at once. `skew` is the appliance's clock less ours.
    """

    def __init__(
        self,
        site: SiteName,
        *,
        poster: Poster,
        reads: Syncs,
        ledger: Ledger,
        pairing_of: PairingOf,
        clock: Clock,
        max_running: Callable[[], int],
        skew: Callable[[], float],
        circuit: Callable[[], Circuit],
    ) -> None:
        self._site = site
        self._poster = poster
        self._reads = reads
        self._ledger = ledger
        self._pairing_of = pairing_of
        self._clock = clock
        self._max_running = max_running
        self._skew = skew
        self._circuit = circuit
        self._misses: dict[str, int] = {}
        self._searches = Searches(clock=clock, skew=skew)

    def begin_queued(self, spare: Callable[[], int]) -> None:
        """Begin what waits, the oldest first, as far as concurrency and the ledger allow.

        `spare` tells how many requests may be spent on it now; it is asked again and again.
        """
        with suppress(StoreFailed):
            self._expire_late()
            while self._ledger.is_up and (batch := self._next_batch(spare())):
                for trigger in self._poster.look_ahead(batch):
                    if self._poster.begin(trigger).state is TriggerState.RESERVED:
                        return

    def is_waiting(self) -> bool:
        """Whether a wish waits for its turn."""
        return bool(self._of(TriggerState.RESERVED))

    def may_begin(self) -> bool:
        """Whether a wish waits that concurrency would let begin: the pace is what holds it."""
        return self.is_waiting() and self._running() < self._max_running()

    def is_following(self) -> bool:
        """Whether something is under way whose end has to be seen."""
        under_way = self._of(TriggerState.RUNNING, TriggerState.JOINED, TriggerState.AMBIGUOUS)
        return any(not trigger.follows for trigger in under_way)

    def endings(self, tasks: tuple[Task, ...]) -> tuple[Trigger, ...]:
        """Say which running triggers ended, by the tasks as they were just listed (T4)."""
        self._find_joined(tasks)
        followed = [
            trigger
            for trigger in self._of(TriggerState.RUNNING, TriggerState.JOINED)
            if trigger.task_id is not None
        ]
        found = [(trigger, self._task_of(trigger, tasks)) for trigger in followed]
        ended = [
            self._ended(trigger, task)
            for trigger, task in found
            if task is not None and not task.state.is_unfinished
        ]
        lost = [self._lost(trigger) for trigger in followed if self._is_gone(trigger)]
        return (*self._confirmed(ended), *lost)

    def reconcile(self, tasks: tuple[Task, ...]) -> None:
        """Look for the tasks of triggers whose outcome is unknown (T6), and end what joined."""
        now = self._clock.now()
        owned = {trigger.task_id for trigger in self._ledger.triggers(site=self._site)}
        for trigger in self._of(TriggerState.AMBIGUOUS):
            unowned = [task for task in tasks if task.id not in owned]
            after = self._searches.look(trigger, unowned)
            if after is not None:
                owned.add(after.task_id)
                self._ledger.settle(after, now=now)
        for after in self._joined_endings():
            self._ledger.settle(after, now=now)

    def shown_on(self, snapshot: SiteSnapshot) -> SiteSnapshot:
        """Put the triggers that are not closed, and the circuit, on a snapshot of the site."""
        every = self._ledger.triggers(site=self._site)
        shown = tuple(trigger for trigger in every if is_open(trigger))
        is_circuit_open = self._circuit().is_open(self._clock.now())
        totals = self._with_own_totals(snapshot.totals)
        after = (shown, is_circuit_open, totals)
        if after == (snapshot.triggers, snapshot.is_circuit_open, snapshot.totals):
            return snapshot
        return replace(snapshot, triggers=shown, is_circuit_open=is_circuit_open, totals=totals)

    def _with_own_totals(self, totals: SiteTotals) -> SiteTotals:
        own = self._ledger.trigger_totals().get(self._site)
        if own is None:
            return totals
        return replace(
            totals,
            counters={**totals.counters, **own.counters},
            histograms={**totals.histograms, **own.histograms},
        )

    def _of(self, *states: TriggerState) -> list[Trigger]:
        found = self._ledger.triggers(site=self._site, unfinished=True)
        return sorted(
            (trigger for trigger in found if trigger.state in states),
            key=lambda trigger: trigger.asked_at,
        )

    def _running(self) -> int:
        return len(self._of(TriggerState.POSTING, TriggerState.RUNNING, TriggerState.AMBIGUOUS))

    def _next_batch(self, spare: int) -> list[Trigger]:
        """Take the oldest that waits, and those of its pairing that can be begun with it."""
        waiting = self._of(TriggerState.RESERVED)
        wanted = min(len(waiting), self._max_running() - self._running(), MOST_IDS)
        affordable = self._poster.most(spare)
        if min(wanted, LEAST_BATCH) > affordable:
            return []
        count = max(0, min(wanted, affordable))
        first = waiting[0].target.pairing_id if waiting else ""
        return [each for each in waiting if each.target.pairing_id == first][:count]

    def _expire_late(self) -> None:
        now = self._clock.now()
        for trigger in self._of(TriggerState.RESERVED):
            if trigger.not_after <= now:
                self._expire(trigger, now)

    def _expire(self, trigger: Trigger, now: float) -> None:
        sentence = f"the turn of {trigger.target.vm} did not come in time"
        after = replace(
            trigger,
            state=TriggerState.EXPIRED,
            reason="expired",
            sentence=sentence,
            ended_at=now,
        )
        self._ledger.settle(after, now=now)

    def _task_of(self, trigger: Trigger, tasks: Iterable[Task]) -> Task | None:
        """Find a trigger's task in the list; after two misses it is asked for by itself (A48).

        A task of another time under the same id is another task (A49).
        """
        if task := next((task for task in tasks if _is_task_of(trigger, task)), None):
            self._misses.pop(trigger.key, None)
            return task
        self._misses[trigger.key] = self._misses.get(trigger.key, 0) + 1
        if self._misses[trigger.key] < MISSES_TO_BE_LOST or trigger.task_id is None:
            return None
        with suppress(ApplianceError), self._reads.step():
            task = self._reads.task(trigger.task_id)
            if task is not None and _is_task_of(trigger, task):
                self._misses.pop(trigger.key)
                return task
            self._misses[trigger.key] = -1
        return None

    def _is_gone(self, trigger: Trigger) -> bool:
        """Whether the appliance said that it has the task no more."""
        return self._misses.get(trigger.key) == -1

    def _ended(self, trigger: Trigger, task: Task) -> Trigger:
        now = self._clock.now()
        vm = trigger.target.vm
        if task.state is TaskState.SUCCESS:
            has_joined = trigger.state is TriggerState.JOINED
            sentence = has_ended(trigger) if has_joined else f"{vm} is synced"
            return replace(trigger, state=TriggerState.SUCCEEDED, sentence=sentence, ended_at=now)
        word = "was cancelled" if task.state is TaskState.CANCELLED else "failed"
        text = f": {task.error_message}" if task.error_message else ""
        return replace(
            trigger,
            state=TriggerState.FAILED,
            reason=task.error_class or "other",
            sentence=f"the sync of {vm} {word}{text}",
            error_code=task.error_code or "",
            ended_at=now,
        )

    def _lost(self, trigger: Trigger) -> Trigger:
        self._misses.pop(trigger.key, None)
        sentence = f"the task of {trigger.target.vm} is gone from the appliance, its end unseen"
        return replace(
            trigger,
            state=TriggerState.LOST,
            reason="task_gone",
            sentence=sentence,
            ended_at=self._clock.now(),
        )

    def _confirmed(self, ended: list[Trigger]) -> list[Trigger]:
        """Hold each SUCCESS against `last_sync_time`: what it meant is not published."""
        good = [trigger for trigger in ended if trigger.state is TriggerState.SUCCEEDED]
        rows = self._rows(good)
        return [
            self._checked(trigger, rows.get(trigger.target.replication_id))
            if trigger.state is TriggerState.SUCCEEDED
            else trigger
            for trigger in ended
        ]

    def _checked(self, trigger: Trigger, row: Replication | None) -> Trigger:
        ended = row.last_sync_timestamp_seconds if row else None
        if ended is None:
            return trigger
        begun = trigger.task_queued_at or (trigger.claimed_at or 0.0) + self._skew()
        if ended >= begun:
            return replace(trigger, is_confirmed=True)
        sentence = f"the task of {trigger.target.vm} succeeded, its last sync time has not moved"
        return replace(trigger, is_confirmed=False, sentence=sentence)

    def _rows(self, triggers: Iterable[Trigger]) -> dict[ReplicationId, Replication]:
        """Read the replications of some triggers, one request for each pairing."""
        by_pairing: dict[str, list[Trigger]] = {}
        for trigger in triggers:
            by_pairing.setdefault(trigger.target.pairing_id, []).append(trigger)
        rows: dict[ReplicationId, Replication] = {}
        for group in by_pairing.values():
            target = group[0].target
            pairing = self._pairing_of(target)
            local = pairing.local_vc_id if pairing else ""
            ids = [trigger.target.replication_id for trigger in group]
            for first in range(0, len(ids), MOST_IDS):
                some = ids[first : first + MOST_IDS]
                with suppress(ApplianceError), self._reads.step():
                    found = self._reads.replications(target.pairing_id, some, local_vc_id=local)
                    rows.update({row.id: row for row in found})
        return rows

    def _joined(self) -> list[Trigger]:
        """Those that joined a sync nobody asked us for, and of which no task is known."""
        joined = self._of(TriggerState.JOINED)
        return [each for each in joined if not each.follows and each.task_id is None]

    def _find_joined(self, tasks: tuple[Task, ...]) -> None:
        """Follow from now on the task of a joined sync, where it has one (A54)."""
        for trigger in self._joined():
            if task := task_joined(trigger, tasks, skew=self._skew()):
                queued_at = task.queued_timestamp_seconds
                after = replace(trigger, task_id=task.id, task_queued_at=queued_at)
                self._ledger.settle(after, now=self._clock.now())

    def _joined_endings(self) -> list[Trigger]:
        """End wishes that joined a sync without a task, when that sync has ended."""
        joined = self._joined()
        rows = self._rows(joined)
        ends = (self._end_of_joined(each, rows.get(each.target.replication_id)) for each in joined)
        return [end for end in ends if end is not None]

    def _end_of_joined(self, trigger: Trigger, row: Replication | None) -> Trigger | None:
        if row is None:
            return self._end_of_missing(trigger)
        self._misses.pop(trigger.key, None)
        if is_syncing(row):
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
            return self._end_of_joined(trigger, found)
        return None


def _is_task_of(trigger: Trigger, task: Task) -> bool:
    at = trigger.task_queued_at
    return task.id == trigger.task_id and at in (None, task.queued_timestamp_seconds)


def is_open(trigger: Trigger) -> bool:
    """Whether a trigger has no end yet, or one that stayed unknown and unacknowledged."""
    is_unknown = trigger.state is TriggerState.UNRESOLVED and not trigger.is_acknowledged
    return is_unknown or not trigger.state.is_final
