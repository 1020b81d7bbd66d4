"""The one desk for every wish: guards, then the ledger, then the site's queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import TABLE, Skip, Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger, Reserved
from vr_exporter.ledger.steps import may_turn
from vr_exporter.syncing.circuit import Circuit
from vr_exporter.syncing.gathering import Gathering
from vr_exporter.syncing.guards import judge_before, judge_fresh
from vr_exporter.syncing.policy import Policy
from vr_exporter.syncing.wishes import Wish

__all__ = ["Desk", "Policy", "Verdict"]


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

    `policy` is what it decides by, for those who ask the guards again later. Whoever holds
    `deciding` is alone with the ledger's decisions, and may `accept` what guards let pass.

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
        self.policy = policy
        self.gathering = Gathering(ledger, snapshot=snapshot, policy=policy)
        self._now = now
        self._nudge = nudge
        self.deciding = threading.Lock()

    def submit(self, wish: Wish) -> Verdict:
        """Judge a wish and have the ledger take it; a key that is known answers with its row."""
        with self.deciding:
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
        skip = self._judged(trigger, now)
        return skip or judge_fresh(trigger, self.gathering.as_polled(trigger, now))

    def circuit(self, site: SiteName) -> Circuit:
        """How the circuit of a site stands."""
        return self.gathering.circuit(site)

    def accept(self, trigger: Trigger, now: float) -> Verdict:
        """Have the ledger take what no guard turned away."""
        taken = self._ledger.reserve(trigger, now=now)
        return Verdict(
            taken.trigger,
            _sentence(taken),
            is_new=taken.is_new,
            is_conflict=taken.is_conflict,
        )

    def _decide(self, wish: Wish, now: float) -> Verdict:
        trigger = wish.as_trigger(now)
        known = self._ledger.trigger(wish.key)
        if known is None or may_turn(known, trigger):
            skip = self._judged(trigger, now)
            if skip is not None:
                return self._skipped(trigger, skip, now)
        return self.accept(trigger, now)

    def _judged(self, trigger: Trigger, now: float) -> Skip | None:
        facts = self.gathering.facts(trigger, self.gathering.recent(now), now=now)
        return judge_before(trigger, facts)

    def _skipped(self, trigger: Trigger, skip: Skip, now: float) -> Verdict:
        refused = self._ledger.refuse(trigger, skip, now=now)
        return Verdict(refused, skip.sentence, skip=skip)


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
