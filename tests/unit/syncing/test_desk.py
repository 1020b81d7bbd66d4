"""The desk: what it finds out, what it lets pass, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from tests.builders import (
    NOW,
    a_pairing,
    a_pairing_snapshot,
    a_replication,
    a_site_snapshot,
    a_snapshot,
    a_vc_server,
)
from tests.wishes import a_target, a_wish
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import SiteName, TaskId
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Origin, Skip, Target, Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.circuit import CircuitRule
from vr_exporter.syncing.desk import Desk, Policy, Verdict
from vr_exporter.syncing.guards import Mode
from vr_exporter.syncing.windows import Window

DB, WEB = a_target(), a_target(replication_id="GID-2", vm="web-01", vm_id="vm-102")
MADRID = SiteName("madrid")


@dataclass
class Office:
    """A desk with its ledger, a clock to be set, and the sites that were woken."""

    ledger: Ledger
    now: float = NOW
    policy: Policy = field(default_factory=lambda: Policy(alert_mode=Mode.ON))
    snapshot: Snapshot = field(default_factory=a_snapshot)
    nudged: list[SiteName] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.set_policy()

    def set_policy(self, **changes: Any) -> None:
        """Open the desk anew under changed settings."""
        self.policy = replace(self.policy, **changes)
        self.desk = Desk(
            self.ledger,
            snapshot=lambda: self.snapshot,
            policy=self.policy,
            now=lambda: self.now,
            nudge=self.nudged.append,
        )

    def submit(self, **changes: Any) -> Verdict:
        """Hand in a wish, by default a person's for db-01."""
        return self.desk.submit(a_wish(**{"not_after": self.now + 7200, **changes}))

    def reason(self, **changes: Any) -> str | None:
        """The reason for which a wish is skipped; None for one that is taken."""
        skip = self.submit(**changes).skip
        return skip.reason if skip else None

    def post(self, trigger: Trigger) -> Trigger:
        """Do what the worker does up to the answer: claim, and have a task."""
        assert self.ledger.claim(trigger.key, now=self.now)
        running = replace(trigger, state=TriggerState.RUNNING, task_id=TaskId(trigger.key))
        return self.ledger.settle(running, now=self.now)

    def end(self, trigger: Trigger, state: TriggerState = TriggerState.SUCCEEDED) -> Trigger:
        """Let a running trigger end now."""
        return self.ledger.settle(replace(trigger, state=state, ended_at=self.now), now=self.now)

    def sync(self, state: TriggerState = TriggerState.SUCCEEDED, **changes: Any) -> Trigger:
        """A wish, from the asking to its end, at once."""
        return self.end(self.post(self.submit(**changes).trigger), state)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An office with an empty ledger."""
    ledger = Ledger(tmp_path / "state.db", now=NOW)
    yield Office(ledger)
    ledger.close()


def shown(replication: Replication, **pairing: Any) -> Snapshot:
    """Madrid with one replication."""
    paired = a_pairing_snapshot(replication, pairing=a_pairing(**pairing))
    return a_snapshot(a_site_snapshot(paired))


def test_a_wish_is_in_the_ledger_before_its_worker_is_woken(office: Office) -> None:
    """The verdict has the row as it stands, and the site of the target is nudged once."""
    verdict = office.submit(actor="ana")
    assert verdict.is_new
    assert verdict.sentence == "db-01 is queued at madrid"
    assert office.ledger.trigger(verdict.trigger.key) == verdict.trigger
    assert verdict.trigger.actor == "ana"
    assert office.nudged == [MADRID]


def test_a_wish_that_a_guard_refuses_has_no_row(office: Office) -> None:
    """It is audited and counted; nobody is woken."""
    office.set_policy(mode=Mode.OFF)
    verdict = office.submit()
    assert verdict.skip == Skip("off", verdict.sentence)
    assert not verdict.is_new
    assert verdict.trigger.state is TriggerState.SKIPPED
    assert verdict.trigger.reason == "off"
    assert office.ledger.trigger(verdict.trigger.key) is None
    assert len(office.ledger.audit(limit=9)) == 1
    assert office.nudged == []


def test_A54_sync_already_asked_for_is_joined(office: Office) -> None:
    """A second wish for a target under way follows the first, and wakes nobody."""
    first = office.post(office.submit().trigger)
    second = office.submit(origin=Origin.API)
    assert second.is_new
    assert second.trigger.state is TriggerState.JOINED
    assert second.trigger.follows == first.key
    assert second.sentence == "db-01 is under way already: its end is followed"
    assert office.nudged == [MADRID]


def test_a_known_key_answers_with_its_row_whatever_the_guards_say(office: Office) -> None:
    """A repeat is told what has become of the wish, also when triggers are off by then."""
    wish = {"key": "k", "body_digest": "d", "origin": Origin.API}
    office.post(office.submit(**wish).trigger)
    office.set_policy(mode=Mode.OFF)
    verdict = office.submit(**wish)
    assert (verdict.is_new, verdict.is_conflict, verdict.skip) == (False, False, None)
    assert verdict.trigger.state is TriggerState.RUNNING
    assert verdict.sentence == "asked before under this key: db-01 is syncing"
    assert office.nudged == [MADRID]


def test_a_repeat_of_what_waits_wakes_nobody_again(office: Office) -> None:
    """The worker knows of it since the first time."""
    assert office.submit(key="k").is_new
    assert not office.submit(key="k").is_new
    assert office.nudged == [MADRID]


def test_a_known_key_with_another_body_is_a_conflict(office: Office) -> None:
    """One key stands for one wish; the first one stays."""
    office.submit(key="k", body_digest="one")
    verdict = office.submit(key="k", body_digest="other", target=WEB)
    assert verdict.is_conflict
    assert verdict.trigger.target == DB


def test_a_refused_wish_may_come_again_under_its_key(office: Office) -> None:
    """There is no row of it, so its key is judged anew."""
    office.set_policy(mode=Mode.OFF)
    office.submit(key="k")
    office.set_policy(mode=Mode.ON)
    assert office.submit(key="k").is_new


def test_an_alert_whose_wish_ran_out_is_judged_anew_when_sent_again(office: Office) -> None:
    """It saw no POST: the guards decide again, and then it waits again under its key."""
    alert = {"key": "k", "origin": Origin.ALERT}
    expired = replace(office.submit(**alert).trigger, state=TriggerState.EXPIRED, reason="expired")
    office.ledger.settle(expired, now=office.now)
    office.set_policy(mode=Mode.OFF)
    assert office.reason(**alert) == "off"
    office.set_policy(mode=Mode.ON)
    assert office.submit(**alert).is_new


def test_the_cooldown_counts_the_last_trigger_by_anyone(office: Office) -> None:
    """A schedule's sync keeps a person's wish waiting, for this target only."""
    office.sync(origin=Origin.SCHEDULE)
    office.now += 599
    assert office.reason() == "cooldown"
    assert office.reason(target=WEB) is None
    office.now += 1
    assert office.reason() is None


def test_force_skips_the_cooldown(office: Office) -> None:
    """A person who insists is let through."""
    office.sync()
    assert office.reason(is_forced=True) is None


def test_a_wish_that_was_never_claimed_starts_no_cooldown(office: Office) -> None:
    """Cool-down and budget are spent with the claim, not with the wish."""
    waiting = office.submit(origin=Origin.API).trigger
    skipped = replace(waiting, state=TriggerState.SKIPPED, reason="stale", ended_at=NOW)
    office.ledger.settle(skipped, now=NOW)
    office.set_policy(max_per_hour=1)
    assert office.reason(origin=Origin.API) is None


@pytest.mark.parametrize(("rpo_seconds", "seconds"), [(900, 1800), (7200, 7200), (None, 1800)])
def test_for_alerts_the_cooldown_is_no_shorter_than_the_rpo(
    office: Office, rpo_seconds: int | None, seconds: int
) -> None:
    """Half an hour, or the RPO where that is longer."""
    office.snapshot = shown(a_replication(rpo_seconds=rpo_seconds))
    office.sync()
    office.now += seconds - 1
    assert office.reason(origin=Origin.ALERT) == "cooldown"
    office.now += 1
    assert office.reason(origin=Origin.ALERT) is None


def test_for_alerts_the_stricter_mode_holds(office: Office) -> None:
    """Off for alerts stops no person; off for triggers stops alerts, too."""
    office.set_policy(alert_mode=Mode.OFF)
    assert office.reason(origin=Origin.ALERT) == "off"
    assert office.reason() is None
    office.set_policy(alert_mode=Mode.ON, mode=Mode.OFF)
    assert office.reason(origin=Origin.ALERT) == "off"


def test_the_kill_switch_in_the_ledger_stops_alerts(office: Office) -> None:
    """It is read before every wish."""
    office.ledger.set_kill_switch(on=True, actor="ana", now=NOW)
    assert office.reason(origin=Origin.ALERT) == "kill_switch"
    assert office.reason() is None


def targets(count: int, start: int = 10) -> list[Target]:
    """Targets that have nothing to do with each other."""
    return [a_target(replication_id=f"GID-{n}", vm=f"vm-{n}") for n in range(start, start + count)]


def test_the_budget_is_spent_for_an_hour_from_the_claim(office: Office) -> None:
    """Programs share it over all origins of theirs; an hour after a claim it is free again."""
    office.set_policy(max_per_hour=2)
    one, two, three = targets(3)
    office.sync(origin=Origin.API, target=one)
    office.now += 1800
    office.sync(origin=Origin.ALERT, target=two)
    assert office.reason(origin=Origin.API, target=three) == "budget"
    assert office.reason(origin=Origin.CLI, target=three) is None
    office.now += 1800
    assert office.reason(origin=Origin.API, target=targets(1, 20)[0]) is None


def test_a_no_for_want_of_time_tells_how_much(office: Office) -> None:
    """Until the cool-down is over, and until the oldest claim that counts is an hour old."""
    office.set_policy(max_per_hour=2, cooldown_seconds=600.0)
    one, two, three = targets(3)
    office.sync(origin=Origin.API, target=one)
    office.now += 100
    office.sync(origin=Origin.API, target=two)
    office.now += 100
    cooling = office.submit(origin=Origin.CLI, target=one).skip
    spent = office.submit(origin=Origin.API, target=three).skip
    assert cooling is not None
    assert spent is not None
    assert (cooling.retry_after_seconds, spent.retry_after_seconds) == (400.0, 3400.0)
    office.now += spent.retry_after_seconds or 0
    assert office.reason(origin=Origin.API, target=three) is None


def test_a_budget_that_waiting_wishes_hold_tells_no_time(office: Office) -> None:
    """When they will be claimed nobody knows."""
    office.set_policy(max_per_hour=1)
    one, two = targets(2)
    office.submit(origin=Origin.API, target=one)
    skip = office.submit(origin=Origin.API, target=two).skip
    assert (skip is not None, skip and skip.retry_after_seconds) == (True, None)


def test_people_and_schedules_spend_no_budget(office: Office) -> None:
    """Only what programs ask for is counted."""
    office.set_policy(max_per_hour=1)
    for origin, target in zip((Origin.CLI, Origin.SCHEDULE), targets(2), strict=True):
        office.sync(origin=origin, target=target)
    assert office.reason(origin=Origin.API) is None


def test_many_wishes_at_once_do_not_pass_the_budget_together(office: Office) -> None:
    """Those that wait hold their share: of 30 wishes from 8 threads, 5 are taken."""
    office.set_policy(max_per_hour=5)
    with ThreadPoolExecutor(8) as pool:
        reasons = list(
            pool.map(lambda each: office.reason(origin=Origin.API, target=each), targets(30))
        )
    assert reasons.count(None) == 5
    assert reasons.count("budget") == 25
    assert len(office.nudged) == 5


def test_one_target_wished_for_by_many_at_once_has_one_row_that_waits(office: Office) -> None:
    """Whoever is second joins."""
    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(lambda _: office.submit(), range(16)))
    states = [verdict.trigger.state for verdict in verdicts]
    assert states.count(TriggerState.RESERVED) == 1
    assert states.count(TriggerState.JOINED) == 15


def test_a_wish_for_a_busy_target_is_joined_under_cooldown_and_spent_budget(
    office: Office,
) -> None:
    """A busy replication is never a skip: following costs the appliance nothing."""
    office.set_policy(max_per_hour=1)
    office.post(office.submit(origin=Origin.API).trigger)
    assert office.submit(origin=Origin.API).trigger.state is TriggerState.JOINED


def test_after_failures_in_a_row_the_site_is_held_then_probed(office: Office) -> None:
    """Three failures hold Madrid for ten minutes, then one wish passes; Berlin goes on."""
    office.set_policy(circuit=CircuitRule(3, 600, 7200))
    for target in targets(3):
        office.sync(TriggerState.FAILED, target=target)
    assert office.desk.circuit(MADRID).is_open(office.now)
    assert office.reason() == "circuit"
    assert office.reason(target=a_target(site="berlin", replication_id="GID-9")) is None
    office.now += 600
    assert office.reason() is None
    assert office.reason(target=WEB) == "circuit"


def test_a_maintenance_window_holds_for_its_site(office: Office) -> None:
    """The windows of the settings are judged for the site that is asked."""
    window = Window(begin=time(0), end=time(23, 59, 59), sites=("madrid",))
    office.set_policy(maintenance=(window,))
    assert office.reason() == "maintenance"
    assert office.reason(target=a_target(site="berlin")) is None


def test_a_word_that_means_no_target_is_noted(office: Office) -> None:
    """It is audited like any refusal, under no site where none is known."""
    nothing = a_target(site="", replication_id="", pairing_id="", vm="xyzzy", vm_id="")
    verdict = office.desk.turn_away(a_wish(target=nothing), Skip("not_found", "no VM xyzzy"))
    assert verdict.skip == Skip("not_found", "no VM xyzzy")
    assert len(office.ledger.audit(limit=9)) == 1


def test_a_preview_says_what_would_be_and_leaves_no_trace(office: Office) -> None:
    """The guards before the ledger come first, then the state as it was polled."""
    assert office.desk.preview(a_wish()) is None
    office.snapshot = shown(a_replication(status="PAUSED"))
    skip = office.desk.preview(a_wish())
    assert skip is not None
    assert skip.reason == "paused"
    office.set_policy(mode=Mode.OFF)
    skip = office.desk.preview(a_wish())
    assert skip is not None
    assert skip.reason == "off"
    assert office.ledger.triggers() == ()
    assert office.ledger.audit(limit=9) == ()
    assert office.nudged == []


@pytest.mark.parametrize(
    ("snapshot", "wanted"),
    [
        (Snapshot(), "not_found"),
        (shown(a_replication(id="GID-7")), "not_found"),
        (shown(a_replication(), remote_vc=a_vc_server(connected=False)), "remote_down"),
    ],
)
def test_a_preview_knows_what_the_last_poll_knew(
    office: Office, snapshot: Snapshot, wanted: str
) -> None:
    """A replication that is gone, or whose remote site is, would not be synced."""
    office.snapshot = snapshot
    skip = office.desk.preview(a_wish())
    assert skip is not None
    assert skip.reason == wanted


def test_C19_a_key_that_stands_for_another_wish_is_said_with_its_vm(office: Office) -> None:
    """Whose key it was, and what has become of it where it is the same wish."""
    office.submit(key="k", body_digest="one")
    conflict = office.submit(key="k", body_digest="two", target=WEB)
    assert (conflict.is_conflict, conflict.is_new) == (True, False)
    assert conflict.sentence == "the key was used before for another wish (of db-01)"
    again = office.submit(key="k", body_digest="one")
    assert again.sentence == "asked before under this key: db-01 is queued"
    joined = office.submit(key="j")
    assert joined.sentence == "db-01 is under way already: its end is followed"
