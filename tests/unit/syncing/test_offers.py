"""What alerts ask for, decided on together: taken, refused, explained, ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
from tests.ledgers import Faults, a_row
from tests.wishes import a_target, a_wish
from vr_exporter.domain.episodes import Episode, Intent, NoTarget
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Origin, Skip, Target, TriggerState
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.crowd import Crowd
from vr_exporter.syncing.desk import Desk, Policy
from vr_exporter.syncing.guards import Mode
from vr_exporter.syncing.offers import Explained, Offers
from vr_exporter.syncing.wishes import alert_key

DB, WEB = a_target(), a_target(replication_id="GID-2", vm="web-01", vm_id="vm-102")
BREACHED = {
    "status": "RPO_VIOLATION",
    "rpo_violated": True,
    "rpo_violation_seconds": 7200,
}


def a_fleet(**pairing: Any) -> Snapshot:
    """Two replications of Madrid, both in breach."""
    rows = (a_replication(**BREACHED), a_replication(id="GID-2", vm="web-01", **BREACHED))
    return a_snapshot(a_site_snapshot(a_pairing_snapshot(*rows, pairing=a_pairing(**pairing))))


def an_intent(target: Target | None = DB, *, fault: str = "", **changes: Any) -> Intent:
    """An alert that asks for a target."""
    labels = {"site": "madrid", "replication": target.replication_id if target else "GID-9"}
    episode = replace(Episode("VrRpoBreached", labels, NOW - 600), **changes)
    return Intent(episode, target, no_target(fault) if fault else None)


def no_target(fault: str, reason: str = "unmatched", *, is_early: bool = False) -> NoTarget:
    """Why an alert means no replication."""
    return NoTarget(Skip(reason, fault), is_early=is_early)


@dataclass
class Office:
    """A desk that alerts come to; `silenced` names the replications of silences."""

    ledger: Ledger
    policy: Policy = field(default_factory=lambda: Policy(alert_mode=Mode.ON))
    snapshot: Snapshot = field(default_factory=a_fleet)
    silenced: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    now: float = NOW

    @property
    def offers(self) -> Offers:
        """The alerts' way to it."""
        desk = Desk(
            self.ledger,
            snapshot=lambda: self.snapshot,
            policy=self.policy,
            now=lambda: self.now,
            nudge=lambda _site: None,
        )

        def silences() -> Any:
            self.asked.append("silences")
            return lambda labels: self.silenced.get(labels["replication"], "")

        return Offers(
            desk,
            self.ledger,
            crowd=Crowd(),
            count_at=lambda _site: 100,
            is_site=lambda name: name == "madrid",
            silences=silences,
            now=lambda: self.now,
        )

    def refusals(self, *intents: Intent) -> list[str | None]:
        """The reason for which each would be refused."""
        return [refusal(each) for each in self.offers.preview(intents)]


def refusal(explained: Explained) -> str | None:
    """The reason of the first no."""
    found = explained.refusal
    return found.skip.reason if found and found.skip else None


@pytest.fixture
def faults() -> Faults:
    """Commits to come that fail."""
    return Faults()


@pytest.fixture
def office(tmp_path: Path, faults: Faults) -> Iterator[Office]:
    """An office with an empty ledger."""
    ledger = Ledger(tmp_path / "state.db", now=NOW, connect=faults.connect)
    yield Office(ledger)
    faults.commits.clear()
    ledger.close()


def test_each_alert_has_its_verdict_in_order(office: Office) -> None:
    """One taken, one refused, one taken; the trigger says what it rested on."""
    taken = office.offers.take(
        [an_intent(), an_intent(None, fault="no rule names it"), an_intent(WEB)]
    )
    assert [verdict.is_new for verdict in taken.verdicts] == [True, False, True]
    refused = taken.verdicts[1]
    assert refused.skip is not None
    assert (refused.skip.reason, refused.sentence) == ("unmatched", "no rule names it")
    trigger = taken.verdicts[0].trigger
    assert (trigger.key, trigger.target) == (alert_key(an_intent().episode), DB)
    assert (trigger.origin, trigger.actor) == (Origin.ALERT, "alert VrRpoBreached")
    assert trigger.not_after == NOW + 900
    assert trigger.sentence.startswith("VrRpoBreached since ")
    assert taken.failure is None


def test_B1_what_the_ledger_took_before_it_failed_is_told(office: Office, faults: Faults) -> None:
    """The rest comes again; nothing of it was noted."""
    faults.commits = []
    offers = office.offers
    first = office.ledger.reserve

    def reserve(*args: Any, **options: Any) -> Any:
        done = first(*args, **options)
        faults.commits = ["lost"]
        return done

    office.ledger.reserve = reserve  # type: ignore[method-assign]
    early = replace(an_intent(None), fault=no_target("x", "stale", is_early=True))
    taken = offers.take([an_intent(None, fault="x"), early, an_intent(), an_intent(WEB)])
    assert [verdict.trigger.target for verdict in taken.verdicts if verdict.is_new] == [DB]
    assert (taken.early, taken.unnoted) == (1, 1)
    assert taken.failure is not None
    assert [row.what for row in office.ledger.audit(limit=9)] == ["reserved"]


def test_a_preview_thinks_of_all_as_if_they_came_together(office: Office) -> None:
    """One that would be taken costs budget for the next; the same target is held then."""
    office.policy = replace(office.policy, max_per_hour=1)
    assert office.refusals(an_intent(), an_intent(WEB)) == [None, "budget"]
    assert office.refusals(an_intent(), an_intent(starts_at=NOW - 500), an_intent(WEB)) == [
        None,
        None,
        "budget",
    ]
    refused = an_intent(None, fault="no rule names it")
    assert office.refusals(refused, an_intent(), an_intent(WEB)) == ["unmatched", None, "budget"]
    assert office.ledger.triggers() == ()


def test_a_preview_of_a_target_that_is_held_costs_nothing(office: Office) -> None:
    """It would follow, and the next still fits."""
    office.policy = replace(office.policy, max_per_hour=1)
    office.ledger.reserve(replace(a_row(), origin=Origin.CLI), now=NOW)
    assert office.refusals(an_intent(), an_intent(WEB)) == [None, None]


def test_a_wish_by_no_alert_is_explained_too(office: Office) -> None:
    """Every guard, with what it judged by; the replication as it was polled."""
    office.policy = replace(office.policy, mode=Mode.DRY_RUN)
    explained = office.offers.explain(a_wish(not_after=NOW + 60))
    assert refusal(explained) == "dry_run"
    assert explained.trigger.asked_at == NOW
    shown = {each.name: each.shown for each in explained.findings}
    assert (shown["firing"], shown["in breach"]) == ("no alert asks", "breached")
    gone = office.offers.explain(a_wish(target=a_target(replication_id="GID-9")))
    assert refusal(gone) == "not_found"


@pytest.mark.parametrize(
    ("changes", "intent", "asks"),
    [
        ({}, an_intent(), True),
        ({}, an_intent(is_firing=False), False),
        ({}, an_intent(None), False),
        ({"alert_mode": Mode.OFF}, an_intent(), False),
        ({"mode": Mode.OFF}, an_intent(), False),
        ({"alert_mode": Mode.DRY_RUN}, an_intent(), True),
    ],
)
def test_silences_are_asked_for_where_something_may_come_of_it(
    office: Office, changes: dict[str, Any], intent: Intent, *, asks: bool
) -> None:
    """Once for all of a webhook."""
    office.policy = replace(office.policy, **changes)
    office.offers.take([intent, intent])
    assert office.asked == ["silences"] * asks


def test_under_the_kill_switch_nobody_asks_for_silences(office: Office) -> None:
    """Nothing can come of it."""
    office.ledger.set_kill_switch(on=True, actor="bob", now=NOW)
    office.offers.take([an_intent()])
    (explained,) = office.offers.preview([an_intent()])
    assert office.asked == []
    shown = {each.name: each.shown for each in explained.findings}
    assert shown["silences"] == "not asked: it is refused already"


def test_only_what_means_a_target_can_be_silenced(office: Office) -> None:
    """By its labels; the words are those of the silence."""
    office.silenced = {"GID-1": "silence abc covers it", "GID-9": "silence abc covers it"}
    db, none, web = office.offers.preview(
        [an_intent(), an_intent(None, fault="means nothing"), an_intent(WEB)]
    )
    assert [refusal(each) for each in (db, none, web)] == ["silenced", "unmatched", None]
    shown = {each.name: each.shown for each in none.findings}
    assert shown["silences"] == ("not asked: it is refused already")


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        (
            {"site": "madrid", "replication": "GID-9", "vm": "db-09"},
            Target("GID-9", SiteName("madrid"), "", "db-09"),  # type: ignore[arg-type]
        ),
        (
            {"site": "elsewhere", "replication": "x" * 200, "vm": "y" * 200},
            Target("x" * 128, SiteName(""), "", "y" * 128),  # type: ignore[arg-type]
        ),
        ({}, Target("", SiteName(""), "", "")),  # type: ignore[arg-type]
    ],
)
def test_of_a_target_that_is_none_is_known_what_the_alert_says(
    office: Office, labels: dict[str, str], target: Target
) -> None:
    """Cut to a length that a label has; only a site of ours becomes one."""
    intent = Intent(Episode("A" * 200, labels, NOW - 60), None, no_target("means nothing"))
    (verdict,) = office.offers.take([intent]).verdicts
    assert verdict.trigger.target == target
    assert verdict.trigger.actor == "alert " + "A" * 128


def test_an_episode_is_taken_once_unless_it_may_turn(office: Office) -> None:
    """Skipped for what passes, it may be taken again; a final end stays."""
    (first,) = office.offers.take([an_intent()]).verdicts
    assert office.refusals(an_intent()) == ["duplicate"]
    skipped = replace(first.trigger, state=TriggerState.SKIPPED, reason="stale", ended_at=NOW)
    office.ledger.settle(skipped, now=NOW)
    assert office.refusals(an_intent()) == [None]
    (again,) = office.offers.take([an_intent()]).verdicts
    assert again.is_new
    office.ledger.settle(
        replace(again.trigger, state=TriggerState.SKIPPED, reason="healed", ended_at=NOW), now=NOW
    )
    (last,) = office.offers.take([an_intent()]).verdicts
    assert last.skip is not None
    assert last.skip.sentence == "this episode was taken before: it is skipped"


def test_a_resolved_alert_ends_its_wish_that_waits(office: Office) -> None:
    """And no other: not one that was never offered, nor one that runs."""
    resolved = an_intent(is_firing=False)
    (unknown,) = office.offers.take([resolved]).verdicts
    assert unknown.skip is not None
    assert unknown.skip.reason == "resolved"
    assert office.ledger.triggers() == ()
    (first,) = office.offers.take([an_intent()]).verdicts
    office.offers.take([resolved])
    ended = office.ledger.trigger(first.trigger.key)
    assert ended is not None
    assert (ended.state, ended.reason) == (TriggerState.SKIPPED, "resolved")
    (web,) = office.offers.take([an_intent(WEB)]).verdicts
    assert office.ledger.claim(web.trigger.key, now=NOW)
    office.offers.take([an_intent(WEB, is_firing=False)])
    posting = office.ledger.trigger(web.trigger.key)
    assert posting is not None
    assert posting.state is TriggerState.POSTING


def test_a_refusal_of_what_fires_ends_nothing(office: Office) -> None:
    """What waits goes on: an alert told again is no second wish."""
    (first,) = office.offers.take([an_intent()]).verdicts
    office.offers.take([an_intent()])
    waiting = office.ledger.trigger(first.trigger.key)
    assert waiting is not None
    assert waiting.state is TriggerState.RESERVED


def test_the_larger_cause_is_a_storm(office: Office) -> None:
    """The pairing that is down, told by the snapshot."""
    office.snapshot = a_fleet(remote_vc=a_vc_server(connected=False))
    assert office.refusals(an_intent()) == ["storm"]


def test_loops_are_told_by_what_was_claimed(office: Office) -> None:
    """Two that healed nothing, or an alert about tasks after our own claim."""
    for number in range(2):
        row = a_row(f"k{number}", origin=Origin.ALERT)
        office.ledger.reserve(row, now=NOW)
        assert office.ledger.claim(row.key, now=NOW)
        taken = office.ledger.trigger(row.key)
        assert taken is not None
        office.ledger.settle(replace(taken, state=TriggerState.REFUSED, ended_at=NOW), now=NOW)
    assert office.refusals(an_intent()) == ["loop"]
    office.ledger.heal(DB.replication_id)
    labels = {"site": "madrid", "replication": "GID-1", "component": "sync"}
    assert office.refusals(an_intent(labels=labels, starts_at=NOW + 1)) == ["loop"]
    assert office.refusals(an_intent(labels=labels)) == ["cooldown"]


def test_what_names_a_site_that_is_not_read_yet_has_to_come_again(office: Office) -> None:
    """Nothing is noted of what is refused beside it either: that is decided on anew."""
    early = no_target("no site is known yet", "stale", is_early=True)
    late = no_target("madrid was not read", "stale")
    episode = an_intent().episode
    taken = office.offers.take([Intent(episode, None, early), Intent(episode, None, late)])
    assert (taken.early, taken.unnoted) == (1, 2)
    assert [each.skip and each.skip.reason for each in taken.verdicts] == ["stale", "stale"]
    assert taken.verdicts[0].sentence == "no site is known yet"
    assert office.ledger.audit(limit=9) == ()


def test_what_is_refused_for_another_reason_need_not_come_again(office: Office) -> None:
    """Under the kill switch it is no matter whether its site was read."""
    office.ledger.set_kill_switch(on=True, actor="bob", now=NOW)
    early = no_target("no site is known yet", "stale", is_early=True)
    taken = office.offers.take([Intent(an_intent().episode, None, early)])
    assert (taken.early, taken.unnoted) == (0, 0)
    assert office.ledger.audit(limit=1)[0].what == "skipped"
