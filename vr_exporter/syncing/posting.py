"""From a queued trigger to its one POST: fresh look, last guards, claim, answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from vr_exporter.appliance.errors import ApplianceError, Refused, Stopping
from vr_exporter.appliance.syncs import NotSent, Syncs, UnknownOutcome
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Event, Surprised
from vr_exporter.domain.inventory import Pairing, Replication
from vr_exporter.domain.tasks import Task
from vr_exporter.domain.triggers import Target, Trigger, TriggerState
from vr_exporter.ledger.crash import crash
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.about import is_about
from vr_exporter.syncing.desk import Policy
from vr_exporter.syncing.fresh import FreshRows
from vr_exporter.syncing.guards import FreshFacts, judge_fresh
from vr_exporter.syncing.states import is_remote_down, is_syncing

_WAITED_OUT = frozenset({"throttled", "deadline"})
_UNAVAILABLE = 503

PairingOf = Callable[[Target], Pairing | None]


@dataclass(frozen=True, slots=True)
class Poster:
    """Carries triggers to the appliance, on the worker's thread of their site.

    `syncs` is the session that may start syncs, `reads` the one that may only look; they are one
    where the site has no account for triggers. `skew` is the appliance's clock less ours. Ledger
    failures come through: nothing was sent.
    """

    ledger: Ledger
    syncs: Syncs
    reads: Syncs
    policy: Callable[[], Policy]
    pairing_of: PairingOf
    clock: Clock
    tell: Callable[[Event], None]
    skew: Callable[[], float] = lambda: 0.0
    fresh: FreshRows = field(default_factory=FreshRows)

    def most(self, spare: int) -> int:
        """Say how many triggers can be begun with so many requests of the reading session."""
        if self.syncs is self.reads:
            return spare - 1
        return self.syncs.room() if spare > 0 else 0

    def look_ahead(self, triggers: Sequence[Trigger]) -> Sequence[Trigger]:
        """Read the replications of triggers of one pairing in one request; say which to begin.

        One that the answer left out is begun too, to be read alone: the list does not prove that
        it is gone.
        """
        if len(triggers) <= 1:
            return triggers
        pairing_id = triggers[0].target.pairing_id
        ids = [trigger.target.replication_id for trigger in triggers]
        pairing = self.pairing_of(triggers[0].target)
        local = pairing.local_vc_id if pairing else ""
        with suppress(ApplianceError), self.reads.step():
            rows = self.reads.replications(pairing_id, ids, local_vc_id=local)
            self.fresh.keep(rows, now=self.clock.monotonic())
        unread = [each for each in triggers if not self.fresh.has(each.target.replication_id)]
        return [each for each in triggers if each not in unread[1:]]

    def begin(self, trigger: Trigger) -> Trigger:
        """Take a reserved trigger as far as it goes; it stays reserved where it has to wait."""
        with self.reads.step():
            try:
                facts = self._look(trigger)
            except ApplianceError as error:
                if _is_busy(error):
                    return trigger
                facts = self._unread(trigger, str(error))
        if skip := judge_fresh(trigger, facts):
            return self._settle(
                trigger, TriggerState.SKIPPED, reason=skip.reason, sentence=skip.sentence
            )
        if facts.replication is not None and is_syncing(facts.replication):
            vm = trigger.target.vm
            sentence = f"{vm} was syncing already: the end of that sync is followed"
            return self._settle(
                trigger, TriggerState.JOINED, sentence=sentence, answered_at=facts.read_at
            )
        return self._post(trigger)

    def _look(self, trigger: Trigger) -> FreshFacts:
        target = trigger.target
        pairing = self.pairing_of(target)
        found, age = self._row(target, local_vc_id=pairing.local_vc_id if pairing else "")
        now = self.clock.now()
        return FreshFacts(
            now=now,
            mode=self.policy().mode_of(trigger.origin),
            read_at=now - age,
            replication=found,
            is_remote_down=pairing is not None and is_remote_down(pairing),
            clock_skew_seconds=self.skew(),
            grace=self.policy().grace,
        )

    def _row(self, target: Target, *, local_vc_id: str) -> tuple[Replication | None, float]:
        """Tell the replication as it is now, or was some seconds ago: with its age."""
        kept = self.fresh.take(target.replication_id, now=self.clock.monotonic())
        if kept is not None:
            return kept
        pairing_id, replication_id = target.pairing_id, target.replication_id
        return self.reads.replication(pairing_id, replication_id, local_vc_id=local_vc_id), 0.0

    def _unread(self, trigger: Trigger, fault: str) -> FreshFacts:
        mode = self.policy().mode_of(trigger.origin)
        return FreshFacts(
            now=self.clock.now(), mode=mode, read_at=None, replication=None, fault=fault
        )

    def _post(self, trigger: Trigger) -> Trigger:
        """Claim, then send once; whatever comes back is written down, and nothing is sent again.

        The POST has its full time however long its turn was awaited; none begins at the end (B8).
        """
        try:
            with self.syncs.step():
                self.syncs.await_turn()
        except ApplianceError as error:
            return self._not_begun(trigger, error)
        if self.clock.wait(0):
            raise Stopping
        if not self.ledger.claim(trigger.key, now=self.clock.now()):
            return self.ledger.trigger(trigger.key) or trigger
        return self._send(trigger)

    def _send(self, trigger: Trigger) -> Trigger:
        target = trigger.target
        try:
            crash("POST.before")
            with self.syncs.step():
                task = self.syncs.post(target.pairing_id, target.replication_id)
            crash("POST.after")
        except ApplianceError as error:
            return self._unanswered(trigger, error)
        except BaseException:
            self._unanswered(trigger, UnknownOutcome("cut", "it was cut", was_answered=False))
            raise
        return self._accepted(trigger, task)

    def _not_begun(self, trigger: Trigger, error: ApplianceError) -> Trigger:
        if _is_busy(error):
            return trigger
        sentence = f"{trigger.target.vm} was not asked for: {error}"
        return self._settle(trigger, TriggerState.SKIPPED, reason="stale", sentence=sentence)

    def _unanswered(self, trigger: Trigger, error: ApplianceError) -> Trigger:
        vm = trigger.target.vm
        if isinstance(error, UnknownOutcome):
            return self._settle(
                trigger,
                TriggerState.AMBIGUOUS,
                reason=error.reason,
                sentence=f"it is not known whether {vm} syncs: {error}; its tasks are looked at",
                answered_at=self.clock.now() if error.was_answered else None,
            )
        reason = "not_sent" if isinstance(error, NotSent) else error.reason
        code = error.code if isinstance(error, Refused) else ""
        again = "" if reason == "forbidden" else "; run again with --force"
        sentence = f"{vm}: not started: {error}{again}"
        return self._settle(
            trigger, TriggerState.REFUSED, reason=reason, sentence=sentence, error_code=code
        )

    def _accepted(self, trigger: Trigger, task: Task | None) -> Trigger:
        now = self.clock.now()
        if task is None or not is_about(task, trigger.target):
            self.tell(Surprised("body"))
            sentence = "the appliance said yes and named no task of this replication"
            return self._settle(
                trigger, TriggerState.AMBIGUOUS, reason="no_task", sentence=sentence
            )
        if task.operation != "sync" and task.kind:
            self.ledger.learn_sync_kind(trigger.target.site, task.kind)
        return self._settle(
            trigger,
            TriggerState.RUNNING,
            sentence=f"{trigger.target.vm} syncs",
            task_id=task.id,
            task_queued_at=task.queued_timestamp_seconds,
            answered_at=now,
        )

    def _settle(self, trigger: Trigger, state: TriggerState, **changes: object) -> Trigger:
        now = self.clock.now()
        ended_at = now if state.is_final else None
        after = replace(trigger, state=state, ended_at=ended_at, **changes)  # type: ignore[arg-type] # fields by name
        return self.ledger.settle(after, now=now)


def _is_busy(error: ApplianceError) -> bool:
    """Whether the appliance is only busy: the wish keeps its place (fault-matrix A29, A31)."""
    is_unavailable = isinstance(error, Refused) and error.status == _UNAVAILABLE
    return error.reason in _WAITED_OUT or is_unavailable
