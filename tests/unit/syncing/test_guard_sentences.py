"""What the guards say to people: each no in its own sentence, and what each of them judges by."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest

from tests.builders import NOW, a_replication
from tests.wishes import a_trigger, some_facts, some_fresh_facts
from vr_exporter.domain.episodes import Episode
from vr_exporter.domain.triggers import Origin, Skip, TriggerState
from vr_exporter.syncing.circuit import Circuit
from vr_exporter.syncing.guards import (
    EpisodeFacts,
    Facts,
    FreshFacts,
    Mode,
    StormFacts,
    judge_before,
    judge_fresh,
    stricter,
)
from vr_exporter.syncing.guards import before as rules_before
from vr_exporter.syncing.guards import fresh as rules_fresh
from vr_exporter.syncing.guards.chain import CHAIN, explain
from vr_exporter.syncing.guards.inputs import summary
from vr_exporter.syncing.windows import Window

BREACHED = Episode("VrRpoBreached", {"site": "madrid", "replication": "GID-1"}, NOW - 600)
OF_BRIDGE = replace(BREACHED, labels={"vr_origin": "bridge"})
OF_TASKS = Episode("VrSyncFailing", {"component": "sync"}, NOW - 600)


def alerted(episode: Episode = BREACHED, **changes: Any) -> Facts:
    """Facts in which an alert asks that nothing speaks against."""
    return some_facts(alert=replace(EpisodeFacts(episode, storm=StormFacts(1, 100)), **changes))


BEFORE_SENTENCES: list[tuple[dict[str, Any], Facts, Skip]] = [
    (
        {"origin": Origin.ALERT},
        some_facts(has_kill_switch=True),
        Skip("kill_switch", "all triggers by alert are stopped by the kill switch"),
    ),
    (
        {"origin": Origin.ALERT},
        some_facts(mode=Mode.OFF),
        Skip("off", "triggers by alert are off (see webhook.mode, triggers.mode)"),
    ),
    (
        {"origin": Origin.API},
        some_facts(mode=Mode.OFF),
        Skip("off", "triggers by api are off (see triggers.mode)"),
    ),
    (
        {},
        alerted(replace(BREACHED, is_firing=False)),
        Skip("resolved", "VrRpoBreached is resolved"),
    ),
    (
        {},
        alerted(known=TriggerState.SUCCEEDED),
        Skip("duplicate", "this episode was taken before: it is synced"),
    ),
    ({"not_after": NOW - 5}, some_facts(), Skip("expired", "the wish for db-01 ran out 5 s ago")),
    ({}, alerted(OF_BRIDGE), Skip("loop", "the alert is one of the bridge's own")),
    (
        {},
        alerted(OF_TASKS, claimed_at=NOW - 600),
        Skip("loop", "VrSyncFailing began after a sync of ours of db-01"),
    ),
    (
        {},
        alerted(unhealed=2),
        Skip("loop", "2 triggers by alert healed nothing (vr-exporter state ack GID-1)"),
    ),
    (
        {},
        alerted(storm=StormFacts(11, 100)),
        Skip("storm", "11 of 100 replications of madrid ask within 10 min"),
    ),
    (
        {"origin": Origin.ALERT},
        some_facts(following=10),
        Skip("cooldown", "10 alerts follow the sync of db-01 already"),
    ),
    (
        {"origin": Origin.API},
        some_facts(budget_used=60),
        Skip("budget", "60 syncs by API and alert within the hour, 60 are allowed"),
    ),
]


@pytest.mark.parametrize(("trigger", "facts", "wanted"), BEFORE_SENTENCES)
def test_a_no_before_the_ledger_says_what_people_need(
    trigger: dict[str, Any], facts: Facts, wanted: Skip
) -> None:
    """Reason and sentence, to the word: runbooks and the audit quote them."""
    assert judge_before(a_trigger(**trigger), facts) == wanted


FRESH_SENTENCES: list[tuple[dict[str, Any], dict[str, Any], Skip]] = [
    (
        {},
        {"read_at": None},
        Skip("stale", "db-01 could not be read at madrid: no reason given"),
    ),
    (
        {},
        {"read_at": NOW - 45},
        Skip("stale", "db-01 was read 45 s ago at madrid: too long"),
    ),
    (
        {},
        {"replication": None},
        Skip("not_found", "madrid has no replication db-01 (GID-1) any more"),
    ),
    (
        {},
        {"replication": a_replication(status="PAUSED")},
        Skip("paused", "db-01 is paused (resume it first)"),
    ),
    (
        {},
        {"is_remote_down": True},
        Skip("remote_down", "madrid does not reach the remote site of db-01"),
    ),
    (
        {"origin": Origin.ALERT},
        {},
        Skip("healed", "db-01 is no longer in breach of its RPO"),
    ),
    (
        {"origin": Origin.SCHEDULE},
        {"mode": Mode.OFF},
        Skip("off", "triggers by schedule are off (see triggers.mode)"),
    ),
]


@pytest.mark.parametrize(("trigger", "facts", "wanted"), FRESH_SENTENCES)
def test_a_no_before_the_post_says_what_people_need(
    trigger: dict[str, Any], facts: dict[str, Any], wanted: Skip
) -> None:
    """Reason and sentence, to the word."""
    assert judge_fresh(a_trigger(**trigger), some_fresh_facts(**facts)) == wanted


def test_a_state_that_takes_no_sync_is_named_after_the_vm() -> None:
    """The VM, then its state in words."""
    configuring = some_fresh_facts(replication=a_replication(status="CONFIGURING"))
    skip = judge_fresh(a_trigger(), configuring)
    assert skip is not None
    assert skip.sentence.startswith("db-01 ")
    assert not skip.sentence.startswith("db-01 db-01")


@pytest.mark.parametrize("origin", [Origin.CLI, Origin.API, Origin.SCHEDULE])
def test_only_alerts_are_limited_in_following_one_sync(origin: Origin) -> None:
    """People, programs and schedules may follow a sync that ten alerts follow."""
    assert judge_before(a_trigger(origin=origin), some_facts(following=10)) is None
    assert judge_before(a_trigger(origin=Origin.ALERT), some_facts(following=9)) is None


def test_a_probe_due_within_the_second_still_has_its_time_left() -> None:
    """Until its moment the circuit tells the time left, from then on that a probe is under way."""
    soon = judge_before(a_trigger(), some_facts(circuit=Circuit(3, NOW + 0.6)))
    assert soon is not None
    assert soon.sentence.endswith("held for another 1 s")
    due = judge_before(a_trigger(), some_facts(circuit=Circuit(3, NOW, is_probing=True)))
    assert due is not None
    assert due.sentence.endswith("held until the probe under way has ended")


def test_a_budget_and_a_cooldown_tell_when_to_ask_again() -> None:
    """The seconds left are those of the fact; where nobody knows there are none."""
    spent = some_facts(budget_used=60, budget_free_at=NOW + 90)
    skip = judge_before(a_trigger(origin=Origin.API), spent)
    assert skip is not None
    assert skip.retry_after_seconds == 90
    unknown = judge_before(a_trigger(origin=Origin.API), replace(spent, budget_free_at=None))
    assert unknown is not None
    assert unknown.retry_after_seconds is None
    cooling = judge_before(a_trigger(), some_facts(last_claimed_at=NOW - 240))
    assert cooling is not None
    assert cooling.retry_after_seconds == 360


GONE = some_fresh_facts(replication=None)


@pytest.mark.parametrize(
    "guard",
    [
        rules_fresh.skip_paused,
        rules_fresh.skip_ineligible,
        rules_fresh.skip_healed,
        rules_fresh.skip_fresh,
        rules_fresh.skip_unless_on,
    ],
)
def test_of_a_replication_that_is_gone_one_guard_speaks(guard: Any) -> None:
    """`explain` asks all of them: those that judge the replication have nothing to say then."""
    trigger = a_trigger(origin=Origin.ALERT, max_age_seconds=60.0)
    assert guard(trigger, replace(GONE, mode=Mode.DRY_RUN)) is None


def test_a_window_that_has_just_ended_still_has_a_sentence() -> None:
    """The facts may be older than the moment they are judged at."""
    over = Window(begin=time(1), end=time(2))
    skip = rules_before.skip_in_maintenance(a_trigger(), some_facts(window=over))
    assert skip == Skip("maintenance", "maintenance of madrid until 14:13 (UTC)")


@pytest.mark.parametrize(
    ("mode", "word"), [(Mode.OFF, "off"), (Mode.DRY_RUN, "dry-run"), (Mode.ON, "on")]
)
def test_a_mode_is_written_as_the_settings_write_it(mode: Mode, word: str) -> None:
    """Lower case, with a hyphen."""
    assert mode.word == word


def test_of_two_modes_the_one_that_allows_less_holds() -> None:
    """Off before dry run before on."""
    assert stricter(Mode.ON, Mode.DRY_RUN) is Mode.DRY_RUN
    assert stricter(Mode.OFF, Mode.DRY_RUN) is Mode.OFF


def test_the_share_of_a_storm_is_of_the_site() -> None:
    """Of a site that is not known every one that asks is all of it."""
    assert StormFacts(11, 100).share == pytest.approx(0.11)
    assert StormFacts(1, 0).share == 1.0


def shown(facts: Facts, fresh: FreshFacts, **trigger: Any) -> dict[str, str]:
    """What each guard judges by, by its name."""
    found = explain(a_trigger(**trigger), facts, fresh)
    return {each.name: each.shown for each in found}


def test_explain_shows_what_each_guard_judged_by() -> None:
    """With everything plain and an alert asking, one line a guard."""
    fresh = some_fresh_facts(read_at=NOW - 20)
    assert shown(alerted(storm=StormFacts(20, 50)), fresh, not_after=NOW + 600) == {
        "kill switch": "off",
        "mode": "on",
        "firing": "VrRpoBreached since 2026-09-21T14:03:20Z",
        "matched": "db-01 (GID-1) at madrid",
        "site read": "read",
        "new": "not taken before",
        "in time": "may wait 10 min",
        "loop": "0 triggers unhealed",
        "maintenance": "no window",
        "silences": "not asked: no Alertmanager in the settings",
        "circuit": "closed",
        "storm": "20/50 = 40.0 %",
        "budget": "0/60 within the hour",
        "cool-down": "never asked, cool-down 10 min",
        "read": "read 20 s ago",
        "there": "listed",
        "paused": "OK",
        "far site": "not known to be down",
        "state": "OK",
        "in breach": "met",
        "age": "5 min old, any age asked for",
        "dry run": "on",
    }


def test_explain_shows_what_speaks_against_a_wish() -> None:
    """The same guards with everything against it."""
    against = replace(
        alerted(
            replace(BREACHED, is_firing=False),
            fault=Skip("unmatched", "no rule names it"),
            known=TriggerState.RUNNING,
            unhealed=2,
            silence="silence abc covers it",
            storm=StormFacts(1, 3, fault="the pairing is down"),
        ),
        has_kill_switch=True,
        mode=Mode.DRY_RUN,
        window=Window(begin=time(0), end=time(23, 59, 59)),
        circuit=Circuit(3, NOW + 300),
        budget_used=7,
        following=2,
        last_claimed_at=NOW - 60,
    )
    fresh = FreshFacts(
        now=NOW, mode=Mode.DRY_RUN, read_at=None, replication=None, is_remote_down=True
    )
    assert shown(against, fresh, max_age_seconds=3600.0) == {
        "kill switch": "on",
        "mode": "dry-run",
        "firing": "VrRpoBreached since 2026-09-21T14:03:20Z, resolved",
        "matched": "no rule names it",
        "site read": "no replication is meant",
        "new": "syncing",
        "in time": "may wait 2 h",
        "loop": "2 triggers unhealed",
        "maintenance": "within a window",
        "silences": "silence abc covers it",
        "circuit": "open after 3 failures",
        "storm": "the pairing is down",
        "budget": "7/60 within the hour",
        "cool-down": "last asked 2026-09-21T14:12:20Z, free at 2026-09-21T14:22:20Z",
        "read": "not read",
        "there": "not listed",
        "paused": "unknown",
        "far site": "not reached",
        "state": "unknown",
        "in breach": "unknown",
        "age": "never synced, older than 60 min asked for",
        "dry run": "dry-run",
    }


def test_explain_shows_where_no_alert_asks() -> None:
    """What is for alerts alone has nothing to judge by then; a state unknown is said so."""
    nameless = some_fresh_facts(replication=a_replication(status=None), clock_skew_seconds=-240.0)
    found = shown(some_facts(), nameless)
    of_alerts = ["firing", "matched", "site read", "new", "loop", "silences", "storm"]
    assert {found[name] for name in of_alerts} == {"no alert asks"}
    assert found["state"] == "unknown"
    assert found["age"] == "60 s old, any age asked for"


@pytest.mark.parametrize(
    ("facts", "shown_as"),
    [
        (alerted(silence=""), "not silenced"),
        (alerted(silence="silence abc covers it"), "silence abc covers it"),
        (alerted(), "not asked: no Alertmanager in the settings"),
        (alerted(fault=Skip("unmatched", "x")), "not asked: it is refused already"),
        (alerted(replace(BREACHED, is_firing=False)), "not asked: it is refused already"),
        (replace(alerted(), mode=Mode.OFF), "not asked: it is refused already"),
        (replace(alerted(), has_kill_switch=True), "not asked: it is refused already"),
    ],
)
def test_explain_says_why_nobody_was_asked_for_silences(facts: Facts, shown_as: str) -> None:
    """Where something else refuses it already, or there is nobody to ask."""
    assert shown(facts, some_fresh_facts())["silences"] == shown_as


def test_explain_tells_a_place_that_was_not_read_from_one_that_is_not_meant() -> None:
    """Each is its own guard's no; what is under way tells how many follow it."""
    unread = alerted(fault=Skip("stale", "madrid was not read"))
    assert judge_before(a_trigger(), unread) == Skip("stale", "madrid was not read")
    assert shown(unread, some_fresh_facts())["site read"] == "madrid was not read"
    unmatched = alerted(fault=Skip("unmatched", "no rule names it"))
    assert judge_before(a_trigger(), unmatched) == Skip("unmatched", "no rule names it")
    for facts, name in ((unread, "site read"), (unmatched, "matched"), (alerted(), "")):
        found = explain(a_trigger(), facts, some_fresh_facts())
        assert [each.name for each in found if each.skip] == [name] * bool(name)
    held = replace(alerted(), is_target_held=True, following=3)
    assert shown(held, some_fresh_facts())["cool-down"] == "under way, 3 alerts follow"


def test_explain_asks_every_guard_whatever_the_others_say() -> None:
    """Each finding has its guard's number and its own no; the order is that of the chain."""
    found = explain(a_trigger(), some_facts(mode=Mode.OFF), GONE)
    assert [each.number for each in found] == [each.number for each in CHAIN]
    said = {each.name: each.skip.reason for each in found if each.skip}
    assert said == {"mode": "off", "there": "not_found"}


def test_the_audit_tells_what_a_decision_on_an_alert_rested_on() -> None:
    """One line: the episode, the mode, what was counted and when it was asked last."""
    facts = replace(alerted(unhealed=1), budget_used=7, last_claimed_at=NOW - 60)
    assert summary(facts) == (
        "VrRpoBreached since 2026-09-21T14:03:20Z; mode on; unhealed 1; storm 1/100;"
        " budget 7/60; last asked 2026-09-21T14:12:20Z"
    )
    assert summary(alerted()).endswith("; last asked never")
    assert summary(some_facts(mode=Mode.DRY_RUN)) == "mode dry-run"
