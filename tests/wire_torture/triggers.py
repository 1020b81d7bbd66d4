"""Triggers whose n-th crossing fails: asked for at most once, and never called unsent when sent."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fault_proxy import Kind
from tests.simulated import syncs_accepted
from tests.wire_torture.tally import Loop, Tally, until_none_fails
from tests.wired import Wired
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.syncing.desk import Verdict

STEP_SECONDS = 2.0
TROUBLED_SECONDS = 90.0
"""So long a fault lasts that lasts: longer than the poll and than the calls of a trigger."""
LONGEST_SECONDS = 1800.0
"""By then every trigger has its end: the search for a lost answer takes ten minutes of looks."""

UNSENT = frozenset({TriggerState.REFUSED, TriggerState.SKIPPED, TriggerState.EXPIRED})
"""The states that say that no sync was started."""


class Asked:
    """One wish under one fault, from the claim to its end."""

    def __init__(self, wired: Wired, loop: Loop, number: int) -> None:
        self._wired = wired
        self._loop = loop
        wired.poll()
        self._before = wired.used()
        wired.arm(loop.fault(number))
        self._verdict: Verdict = wired.ask(wired.names()[0])[0]
        self._follow()
        self.is_reached = wired.proxy.struck > 0

    @property
    def trigger(self) -> Trigger:
        """The wish as it stands."""
        return self._wired.trigger(self._verdict)

    def _follow(self) -> None:
        """Let time pass until its end; a fault that lasts ends before."""
        wired, end = self._wired, self._wired.time.now() + LONGEST_SECONDS
        healed_at = wired.time.now() + TROUBLED_SECONDS if self._loop.is_lasting else end
        while not self.trigger.state.is_final and wired.time.now() < end:
            is_over = wired.proxy.struck and not self._loop.is_lasting
            if wired.time.now() >= healed_at or (is_over and self._loop.kind is Kind.HOLD):
                wired.disarm()
                healed_at = end
            wired.work(STEP_SECONDS, step=STEP_SECONDS)

    def faults(self) -> Iterator[str]:
        """Say what is wrong with how it ended."""
        wired, trigger = self._wired, self.trigger
        posts = wired.madrid.posts
        if posts > 1:
            yield f"the appliance was asked {posts} times"
        if posts and trigger.state in UNSENT:
            yield f"asked for, and {trigger.state}: {trigger.sentence}"
        if not trigger.state.is_final:
            yield f"no end: {trigger.state}: {trigger.sentence}"
        if syncs_accepted(wired.madrid.api) and trigger.state is not TriggerState.SUCCEEDED:
            yield f"the sync ran, and it ended {trigger.state}: {trigger.sentence}"
        is_quiet = trigger.has_joined or trigger.state in UNSENT | {TriggerState.UNRESOLVED}
        if not posts and not is_quiet:
            yield f"nothing was asked for, and it ended {trigger.state}"
        if self._loop.kind is Kind.SPLIT and trigger.state is not TriggerState.SUCCEEDED:
            yield f"nothing was lost on the way, and it ended {trigger.state}"
        yield from self._aftermath()

    def _aftermath(self) -> Iterator[str]:
        wired = self._wired
        wired.disarm()
        wired.poll()
        if not wired.snapshot().up or wired.snapshot().poll.error:
            yield f"the next poll is not whole: {wired.snapshot().poll.error}"
        if (after := wired.used()) != self._before:
            yield f"left behind: {after}, before {self._before}"
        for record in wired.log.records:
            if "bug" in record.getMessage():
                yield f"logged: {record.getMessage()} {getattr(record, 'error', '')}"


def torture_triggers(loop: Loop) -> Tally:
    """Fail the n-th crossing from the claim of a trigger to its end."""

    def turn(number: int, tally: Tally) -> bool:
        options = {"has_tls": loop.has_tls, "chunk_bytes": loop.chunk_bytes, "replications": 6}
        with Wired(**options) as wired:  # type: ignore[arg-type] # options by name
            asked = Asked(wired, loop, number)
            tally.endings[asked.trigger.state] += 1
            tally.broken += [f"{loop.name}, crossing {number}: {text}" for text in asked.faults()]
            return asked.is_reached

    return until_none_fails(loop, turn)
