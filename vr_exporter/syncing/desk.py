"""The one desk for every wish: guards, then the ledger, then the site's queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from vr_exporter.domain.inventory import Pairing, Replication
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import TABLE, Origin, Skip, Target, Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger, Reserved
from vr_exporter.ledger.steps import may_turn
from vr_exporter.syncing import history
from vr_exporter.syncing.circuit import Circuit, CircuitRule, circuit_of
from vr_exporter.syncing.guards import (
    Facts,
    FreshFacts,
    Mode,
    judge_before,
    judge_fresh,
    stricter,
)
from vr_exporter.syncing.states import is_remote_down
from vr_exporter.syncing.windows import Window, window_over
from vr_exporter.syncing.wishes import Wish


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of triggers; those that begin with `alert` hold for alerts beside the rest."""

    mode: Mode = Mode.ON
    cooldown_seconds: float = 600.0
    max_per_hour: int = 60
    circuit: CircuitRule = field(default_factory=CircuitRule)
    maintenance: tuple[Window, ...] = ()
    alert_mode: Mode = Mode.DRY_RUN
    alert_cooldown_seconds: float = 1800.0

    def mode_of(self, origin: Origin) -> Mode:
        """The mode that holds for a wish of this origin: for alerts the stricter of two."""
        return stricter(self.mode, self.alert_mode) if origin is Origin.ALERT else self.mode


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a wish: its trigger as it stands, and a sentence for people.

    `skip` is the no of a guard now. `is_new`: the ledger took it now, as reserved or joined.
    `is_conflict`: the key was used for another wish. None of the three: the key is known, and
    the trigger is what has become of it so far.
    """

    trigger: Trigger
    sentence: str
    skip: Skip | None = None
    is_new: bool = False
    is_conflict: bool = False


class Desk:
    """Takes wishes from any thread, decides one after the other, and wakes the site's worker.

    `policy` is what it decides by, for those who ask the guards again later.

    What the ledger raises when it cannot write comes through: then nothing was promised.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        snapshot: Callable[[], Snapshot],
        policy: Policy,
        now: Callable[[], float],
        nudge: Callable[[SiteName], None],
    ) -> None:
        self._ledger = ledger
        self._snapshot = snapshot
        self.policy = policy
        self._now = now
        self._nudge = nudge
        self._deciding = threading.Lock()

    def submit(self, wish: Wish) -> Verdict:
        """Judge a wish and have the ledger take it; a key that is known answers with its row."""
        with self._deciding:
            verdict = self._decide(wish, self._now())
        if verdict.is_new and verdict.trigger.state is TriggerState.RESERVED:
            self._nudge(wish.target.site)
        return verdict

    def turn_away(self, wish: Wish, skip: Skip) -> Verdict:
        """Note a wish whose words meant no target, so that it is counted and audited too.

        Its target holds what is known: the site may be empty, the VM is the word as asked.
        """
        now = self._now()
        return self._skipped(wish.as_trigger(now), skip, now)

    def preview(self, wish: Wish) -> Skip | None:
        """Judge a wish by what is known now, without taking it: would it lead to a sync?

        The replication is as the last poll read it; a real wish has it read anew.
        """
        now = self._now()
        trigger = wish.as_trigger(now)
        skip = judge_before(trigger, self._facts(trigger, now))
        return skip or judge_fresh(trigger, self._as_polled(trigger, now))

    def circuit(self, site: SiteName) -> Circuit:
        """How the circuit of a site stands."""
        return circuit_of(self._ledger.since_success(site), self.policy.circuit)

    def _decide(self, wish: Wish, now: float) -> Verdict:
        trigger = wish.as_trigger(now)
        known = self._ledger.trigger(wish.key)
        if known is None or may_turn(known, trigger):
            skip = judge_before(trigger, self._facts(trigger, now))
            if skip is not None:
                return self._skipped(trigger, skip, now)
        taken = self._ledger.reserve(trigger, now=now)
        return Verdict(
            taken.trigger,
            _sentence(taken),
            is_new=taken.is_new,
            is_conflict=taken.is_conflict,
        )

    def _skipped(self, trigger: Trigger, skip: Skip, now: float) -> Verdict:
        refused = self._ledger.refuse(trigger, skip, now=now)
        return Verdict(refused, skip.sentence, skip=skip)

    def _facts(self, trigger: Trigger, now: float) -> Facts:
        target, policy = trigger.target, self.policy
        recent = self._ledger.triggers()
        return Facts(
            now=now,
            has_kill_switch=self._ledger.kill_switch,
            mode=policy.mode_of(trigger.origin),
            window=window_over(policy.maintenance, target.site, now=now),
            circuit=self.circuit(target.site),
            budget_used=history.budget_used(recent, now),
            budget_limit=policy.max_per_hour,
            budget_free_at=history.budget_free_at(recent, policy.max_per_hour, now),
            cooldown_seconds=self._cooldown_seconds(trigger),
            last_claimed_at=self._ledger.last_claim(target.replication_id),
            is_target_held=history.is_held(recent, target.replication_id),
        )

    def _cooldown_seconds(self, trigger: Trigger) -> float:
        """For an alert no shorter than the replication's RPO."""
        policy = self.policy
        if trigger.origin is not Origin.ALERT:
            return policy.cooldown_seconds
        _, replication = self._shown(trigger.target) or (None, None)
        rpo_seconds = replication.rpo_seconds if replication else None
        return max(policy.alert_cooldown_seconds, rpo_seconds or 0)

    def _as_polled(self, trigger: Trigger, now: float) -> FreshFacts:
        pairing, replication = self._shown(trigger.target) or (None, None)
        return FreshFacts(
            now=now,
            mode=self.policy.mode_of(trigger.origin),
            read_at=now,
            replication=replication,
            is_remote_down=pairing is not None and is_remote_down(pairing),
        )

    def _shown(self, target: Target) -> tuple[Pairing, Replication] | None:
        site = self._snapshot().sites.get(target.site)
        for paired in site.pairings if site else ():
            for watched in paired.replications:
                if watched.replication.id == target.replication_id:
                    return paired.pairing, watched.replication
        return None


def _sentence(taken: Reserved) -> str:
    trigger = taken.trigger
    vm = trigger.target.vm
    if taken.is_conflict:
        return f"the key was used before for another wish (of {vm})"
    if not taken.is_new:
        return f"asked before under this key: {vm} is {TABLE[trigger.state].word}"
    if trigger.state is TriggerState.JOINED:
        return f"{vm} is under way already: its end is followed"
    return f"{vm} is queued at {trigger.target.site}"
