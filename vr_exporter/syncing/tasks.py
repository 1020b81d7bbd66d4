"""A site's triggers under way: begun in turn, followed to their end, looked for when unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from vr_exporter.appliance.syncs import MOST_IDS, Syncs
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.counts import SiteTotals
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import SiteName, TaskId
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.tasks import Task
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.book import US
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.syncing.circuit import Circuit
from vr_exporter.syncing.doubts import is_settled
from vr_exporter.syncing.following import Following, is_task_of
from vr_exporter.syncing.joining import task_joined
from vr_exporter.syncing.posting import PairingOf, Poster
from vr_exporter.syncing.rereading import Rereading
from vr_exporter.syncing.searches import Searches
from vr_exporter.syncing.taskless import Taskless

LOOK_SECONDS = 5.0
"""While something runs, the tasks of the site are looked at so often (vr-api.md 8)."""

BUSY_LOOK_SECONDS = 30.0
"""So often while the pace keeps wishes waiting: what a look costs would begin one of them."""

LEAST_BATCH = 3
"""Where many may begin, the pace is saved up for so many: they share the one read before."""


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
        self._ledger = ledger
        self._clock = clock
        self._max_running = max_running
        self._skew = skew
        self._circuit = circuit
        rereading = Rereading(reads, pairing_of)
        self._following = Following(rereading, clock=clock, skew=skew)
        self._taskless = Taskless(rereading, clock=clock, skew=skew)
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

    def note_poll(self, *, is_set_back: bool) -> None:
        """Note that every replication was read, and whether the appliance showed an older state."""
        self._following.note_poll(is_set_back=is_set_back)

    def endings(self, tasks: tuple[Task, ...]) -> tuple[Trigger, ...]:
        """Say which running triggers ended, by the tasks as they were just listed (T4)."""
        self._find_joined(tasks)
        followed = [
            trigger
            for trigger in self._of(TriggerState.RUNNING, TriggerState.JOINED)
            if trigger.task_id is not None
        ]
        return self._following.endings(followed, tasks)

    def reconcile(self, tasks: tuple[Task, ...]) -> None:
        """Look for the tasks of triggers whose outcome is unknown (T6), and end what joined."""
        now = self._clock.now()
        for after in self._following.doubtful(self._of(TriggerState.RUNNING)):
            self._ledger.settle(after, now=now)
        for trigger in self._of(TriggerState.AMBIGUOUS):
            found = self._searches.look(trigger, self._unowned(trigger, tasks))
            if found is not None:
                self._ledger.settle(found, now=now)
        for after in self._taskless.endings(self._joined()):
            self._ledger.settle(after, now=now)

    def close_doubts(self, rows: Iterable[Replication], tasks: tuple[Task, ...]) -> None:
        """Acknowledge what stayed unknown where a later sync, by anybody, has ended well (T6)."""
        doubts = [
            trigger
            for trigger in self._ledger.open_triggers(self._site)
            if trigger.state is TriggerState.UNRESOLVED
        ]
        by_id = {row.id: row for row in rows} if doubts else {}
        for trigger in doubts:
            row = by_id.get(trigger.target.replication_id)
            if is_settled(trigger, row, tasks, skew=self._skew()):
                self._ledger.acknowledge(trigger.key, actor=US, now=self._clock.now())

    def _unowned(self, trigger: Trigger, tasks: tuple[Task, ...]) -> list[Task]:
        """Leave out the tasks of other triggers; one of another time is another task (A49)."""
        others = [
            other
            for other in self._ledger.triggers(site=self._site)
            if other.task_id is not None and other.key != trigger.key
        ]
        owned: dict[TaskId | None, list[Trigger]] = {}
        for other in others:
            owned.setdefault(other.task_id, []).append(other)
        return [
            task
            for task in tasks
            if not any(is_task_of(other, task) for other in owned.get(task.id, ()))
        ]

    def shown_on(self, snapshot: SiteSnapshot) -> SiteSnapshot:
        """Put the triggers that are not closed, and the circuit, on a snapshot of the site."""
        shown = self._ledger.open_triggers(self._site)
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
