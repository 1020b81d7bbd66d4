"""Triggers as the settings want them: policy, schedules, and what has to be done now and then."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import time
from typing import Any

from vr_exporter.domain.clock import Clock
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.ledger.steps import IllegalStep
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.settings import Settings
from vr_exporter.syncing.circuit import CircuitRule
from vr_exporter.syncing.desk import Policy, Verdict
from vr_exporter.syncing.guards import Mode, StormRule
from vr_exporter.syncing.schedules import Schedule, Slot, due, wishes_of
from vr_exporter.syncing.targets import Directory, Wanted
from vr_exporter.syncing.windows import Window
from vr_exporter.syncing.wishes import Wish

log = logging.getLogger(__name__)

PROBE_SECONDS = 5.0
PRUNE_SECONDS = 3600.0

_MODES = {"off": Mode.OFF, "dry-run": Mode.DRY_RUN, "on": Mode.ON}
_ORPHANS = {
    TriggerState.RESERVED: TriggerState.EXPIRED,
    TriggerState.RUNNING: TriggerState.LOST,
    TriggerState.JOINED: TriggerState.LOST,
    TriggerState.AMBIGUOUS: TriggerState.UNRESOLVED,
}


def policy_of(settings: Settings) -> Policy:
    """Say what the settings allow of triggers."""
    triggers = settings.triggers
    circuit = triggers.circuit
    webhook = settings.webhook
    by_alert: dict[str, Any] = {}
    if webhook is not None:
        storm = webhook.storm
        by_alert = {
            "alert_mode": _MODES[webhook.mode],
            "alert_cooldown_seconds": webhook.cooldown,
            "alert_max_age_seconds": webhook.max_age,
            "alert_storm": StormRule(storm.fraction, storm.at_least, storm.window),
        }
    return Policy(
        **by_alert,
        grace=Grace(settings.rpo.grace, settings.rpo.grace_min),
        mode=_MODES[triggers.mode],
        cooldown_seconds=triggers.cooldown,
        max_per_hour=triggers.max_per_hour,
        circuit=CircuitRule(circuit.failures, circuit.open_for, circuit.open_max),
        maintenance=tuple(
            Window(
                begin=time.fromisoformat(window.begin),
                end=time.fromisoformat(window.end),
                timezone=window.timezone,
                sites=tuple(window.sites),
                days=tuple(window.days),
            )
            for window in triggers.maintenance
        ),
    )


def schedules_of(settings: Settings) -> tuple[Schedule, ...]:
    """Say which syncs are wished for by the clock."""
    return tuple(
        Schedule(
            name=name,
            cron=schedule.cron,
            timezone=schedule.timezone,
            wanted=Wanted(
                patterns=(schedule.match.vm,),
                site=SiteName(schedule.match.site) if schedule.match.site else None,
                pairing=schedule.match.pairing,
            ),
            max_age_seconds=schedule.max_age,
        )
        for name, schedule in settings.triggers.schedules.items()
    )


class Housekeeping:
    """What triggers need from time to time; `tick` is called about once a second, on one thread."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Directory,
        *,
        submit: Callable[[Wish], Verdict],
        schedules: Callable[[], tuple[Schedule, ...]],
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._submit = submit
        self._schedules = schedules
        self._clock = clock
        self._slots_until = clock.now()
        self._waiting: tuple[Slot, ...] = ()
        self._probe_at = self._prune_at = clock.monotonic()

    def tick(self) -> None:
        """Run the schedules, bring a failed store back, remove what is too old."""
        self._run_schedules()
        now = self._clock.monotonic()
        if not self._ledger.is_up and now >= self._probe_at:
            self._probe_at = now + PROBE_SECONDS
            self._ledger.probe()
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_SECONDS
            self._ledger.prune(now=self._clock.now())

    def end_orphans(self, configured: frozenset[SiteName]) -> None:
        """End the triggers, and drop the totals, of sites that the settings no longer have.

        To be called again and again: a wish, or the answer to a last POST, may still come in while
        a reload removes its site. The oldest go first: those that follow them end as they do.
        """
        now = self._clock.now()
        for trigger in reversed(self._ledger.triggers(unfinished=True)):
            if trigger.target.site not in configured and trigger.state in _ORPHANS:
                with suppress(IllegalStep):  # its last worker was quicker: the next call ends it
                    self._ledger.settle(_orphaned(trigger, now), now=now)
        for site in self._ledger.sites() - configured - {SiteName("")}:
            self._ledger.forget(site)

    def _run_schedules(self) -> None:
        now, schedules = self._clock.now(), self._schedules()
        found = due(schedules, last=self._slots_until, now=now)
        self._slots_until = now
        for missed in found.missed:
            _log_missed(missed)
        slots = dict.fromkeys((*self._waiting, *found.slots))
        self._waiting = tuple(
            slot for slot in slots if slot.schedule in schedules and not self._has_run(slot, now)
        )

    def _has_run(self, slot: Slot, now: float) -> bool:
        """Make a slot's wishes, or let it wait while it is unknown what some site has."""
        wishes, matched = wishes_of(slot, self._directory)
        if matched.untried and slot.may_wait(now):
            return False
        name = slot.schedule.name
        if now >= slot.not_after:
            _log_missed(slot.schedule)
            return True
        log.info("schedule", extra={"schedule": name, "wishes": len(wishes)})
        for sentence in matched.unread:
            log.warning("schedule leaves out", extra={"schedule": name, "sentence": sentence})
        for fault in matched.faults:
            log.warning("schedule meets nothing", extra={"sentence": fault.skip.sentence})
        for wish in wishes:
            self._wish(wish)
        return True

    def _wish(self, wish: Wish) -> None:
        try:
            self._submit(wish)
        except StoreFailed as error:
            log.warning("scheduled wish not taken", extra={"error": str(error)})


def _log_missed(schedule: Schedule) -> None:
    log.warning("schedule slot missed", extra={"schedule": schedule.name})


def _orphaned(trigger: Trigger, now: float) -> Trigger:
    sentence = f"the site {trigger.target.site} left the settings"
    state = _ORPHANS[trigger.state]
    reason = "expired" if state is TriggerState.EXPIRED else trigger.reason
    return replace(trigger, state=state, reason=reason, sentence=sentence, ended_at=now)
