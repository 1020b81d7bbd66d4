"""The way in: what a webhook leads to, on a site that is watched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bridged import Bridged, a_body, an_alert, reasons
from tests.late import be_late
from tests.watched import Watched
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.syncing.guards.chain import CHAIN
from vr_exporter.syncing.words import span


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A site some of whose replications are far too late."""
    with Watched(replications=60) as site:
        be_late(site, 8)
        yield site


def test_an_alert_about_a_breach_starts_one_sync_and_its_repeats_none(watched: Watched) -> None:
    """Accepted once, however often Alertmanager repeats it while it fires."""
    bridged = Bridged(watched)
    alert = bridged.an_alert(bridged.breached()[0])
    assert reasons(bridged.take(alert)) == [""]
    watched.work(30)
    for _ in range(5):
        assert reasons(bridged.take(alert)) == ["duplicate"]
        watched.work(30)
    assert watched.madrid.posts == 1
    assert bridged.outcomes() == {"accepted": 1, "skipped": 5}


def test_a_resolved_alert_ends_a_wish_that_was_not_posted(watched: Watched) -> None:
    """What is over needs no sync; its row says so, and the alert is counted by itself."""
    bridged = Bridged(watched)
    row = bridged.breached()[0]
    alert = bridged.an_alert(row)
    (taken,) = bridged.take(alert).verdicts
    assert watched.trigger(taken).state is TriggerState.RESERVED
    assert reasons(bridged.take({**alert, "status": "resolved"})) == ["resolved"]
    ended = watched.trigger(taken)
    assert (ended.state, ended.reason) == (TriggerState.SKIPPED, "resolved")
    watched.work(60)
    assert watched.madrid.posts == 0
    assert bridged.skips()["resolved"] == 2


def test_a_resolved_alert_leaves_a_wish_that_others_follow(watched: Watched) -> None:
    """A person who joined it gets the sync that they asked for."""
    bridged = Bridged(watched)
    row = bridged.breached()[0]
    alert = bridged.an_alert(row)
    (taken,) = bridged.take(alert).verdicts
    (person,) = watched.ask(row.replication.vm)
    assert person.trigger.state is TriggerState.JOINED
    bridged.take({**alert, "status": "resolved"})
    assert watched.trigger(taken).state is TriggerState.RESERVED


def test_a_person_who_joined_an_alert_that_only_tries_is_told_no(watched: Watched) -> None:
    """A dry run of an alert is no answer to a person's wish: it failed, and may be made again."""
    bridged = Bridged(watched, mode="dry-run")
    row = bridged.breached()[0]
    bridged.take(bridged.an_alert(row))
    (person,) = watched.ask(row.replication.vm)
    watched.work(30)
    assert watched.trigger(person).state is TriggerState.FAILED
    (again,) = watched.ask(row.replication.vm)
    watched.work(30)
    assert watched.trigger(again).outcome == "accepted"


def test_dry_run_is_the_first_mode_and_sends_nothing(watched: Watched) -> None:
    """All guards pass, the row says dry_run, and the same episode may come again."""
    bridged = Bridged(watched, mode="dry-run")
    alert = bridged.an_alert(bridged.breached()[0])
    for _ in range(2):
        (taken,) = bridged.take(alert).verdicts
        watched.work(30)
        assert watched.trigger(taken).reason == "dry_run"
    assert watched.madrid.posts == 0


def test_the_stricter_of_two_modes_holds(watched: Watched) -> None:
    """A webhook that is on starts nothing while triggers as a whole are off."""
    bridged = Bridged(watched, triggers={"mode": "off"})
    assert reasons(bridged.take(bridged.an_alert(bridged.breached()[0]))) == ["off"]


def test_the_kill_switch_survives_a_restart_and_stops_alerts_alone(watched: Watched) -> None:
    """Read from the ledger before every action; a person goes on."""
    bridged = Bridged(watched)
    row = bridged.breached()[0]
    bridged.bridge.kill(True, "api from 192.0.2.1")
    watched.restart()
    watched.poll()
    bridged.renew()
    assert reasons(bridged.take(bridged.an_alert(row))) == ["kill_switch"]
    (person,) = watched.ask(row.replication.vm)
    assert person.is_new
    bridged.bridge.kill(False, "api from 192.0.2.1")
    assert not bridged.bridge.state().has_kill_switch
    assert "192.0.2.1" in bridged.bridge.state().kill_switch_by


@pytest.mark.parametrize(
    "labels",
    [
        {"alertname": "VrSyncStuck"},
        {"vr_action": ""},
        {"vr_action": "delete"},
        {"site": ""},
        {"replication": ""},
        {"site": "paris"},
        {"replication": "*"},
        {"replication": "GID-of-nobody"},
    ],
    ids=str,
)
def test_C3_what_means_no_single_replication_of_a_rule_is_unmatched(
    watched: Watched, labels: dict[str, str]
) -> None:
    """Rule, action, site and replication id: all four, and neither name nor pattern."""
    bridged = Bridged(watched)
    alert = bridged.an_alert(bridged.breached()[0])
    alert["labels"] = {k: v for k, v in {**alert["labels"], **labels}.items() if v}
    assert reasons(bridged.take(alert)) == ["unmatched"]
    watched.work(30)
    assert watched.madrid.posts == 0


def test_C3_a_vm_name_in_place_of_an_id_means_nothing(watched: Watched) -> None:
    """Two VMs may have one name: alerts go by the appliance's id."""
    bridged = Bridged(watched)
    row = bridged.breached()[0]
    assert reasons(bridged.take(bridged.an_alert(row, replication=row.replication.vm))) == [
        "unmatched"
    ]


def test_rules_may_be_matchers_as_alertmanager_writes_them(watched: Watched) -> None:
    """All matchers of one entry have to hold; one entry is enough."""
    rules = ['VrRpoBreached{site="madrid", severity=~"warning|critical"}', "{team='none'}"]
    bridged = Bridged(watched, rules=[rules[0]])
    row, other = bridged.breached()[:2]
    refused = bridged.an_alert(other, severity="info")
    assert reasons(bridged.take(bridged.an_alert(row), refused)) == ["", "unmatched"]


def test_a_silence_holds_back_and_unknown_counts_as_silenced(watched: Watched) -> None:
    """Silences are matched here against the alert's labels, at each decision anew."""
    said = ["silence abc covers it"]
    bridged = Bridged(watched, silences=lambda: lambda _labels: said[0])
    alert = bridged.an_alert(bridged.breached()[0])
    assert reasons(bridged.take(alert)) == ["silenced"]
    said[0] = ""
    assert reasons(bridged.take(alert)) == [""]


def test_silences_are_not_asked_for_where_nothing_can_come_of_it(watched: Watched) -> None:
    """Off, stopped or unmatched: no request leaves for Alertmanager."""

    def asked() -> None:
        raise AssertionError("asked")

    bridged = Bridged(watched, silences=asked)  # type: ignore[arg-type] # it must not be called
    row = bridged.breached()[0]
    assert reasons(bridged.take(bridged.an_alert(row, site="paris"))) == ["unmatched"]
    bridged.bridge.kill(True, "test")
    assert reasons(bridged.take(bridged.an_alert(row))) == ["kill_switch"]


def test_the_cooldown_for_alerts_is_no_shorter_than_the_rpo(watched: Watched) -> None:
    """Another episode of the same replication waits, whoever asked before."""
    bridged = Bridged(watched, cooldown="30m")
    row = bridged.breached()[0]
    rpo = row.replication.rpo_seconds
    assert rpo is not None
    (first,) = bridged.take(bridged.an_alert(row)).verdicts
    while not watched.trigger(first).state.is_final:
        watched.work(30)
    assert watched.madrid.posts == 1
    (refused,) = bridged.take(bridged.an_alert(row, since=60.0)).verdicts
    assert refused.skip is not None
    assert refused.skip.reason == "cooldown"
    last = watched.ledger.last_claim(row.replication.id)
    assert last is not None
    left = max(1800, rpo) - (watched.time.now() - last)
    assert refused.sentence.endswith(f"again in {span(left)}")


def test_an_alert_that_is_healed_by_the_time_of_its_turn_is_not_posted(watched: Watched) -> None:
    """The fresh read decides, not what Alertmanager says; the episode is then done with."""
    bridged = Bridged(watched)
    row = bridged.breached()[0]
    alert = bridged.an_alert(row)
    (taken,) = bridged.take(alert).verdicts
    with watched.world.lock:
        watched.world.advance()
        watched.world.find(row.replication.vm).last_sync_at = watched.time.now()
    watched.work(20)
    assert watched.trigger(taken).reason == "healed"
    assert reasons(bridged.take(alert)) == ["duplicate"]
    assert watched.madrid.posts == 0


def test_every_decision_is_a_row_of_the_audit_with_what_it_rested_on(watched: Watched) -> None:
    """Time, episode, replication, reason, inputs, mode and actor, also where nothing was taken."""
    bridged = Bridged(watched)
    row = bridged.breached()[0]
    alert = bridged.an_alert(row)
    bridged.take(alert)
    bridged.take(alert)
    duplicate, reserved = watched.ledger.audit(limit=10, of_bridge=True)
    assert reserved.what == "reserved"
    assert duplicate.result.startswith("duplicate: ")
    for each in (reserved, duplicate):
        assert each.actor == "alert VrRpoBreached"
        assert each.replication == row.replication.id
        assert "mode on; unhealed 0; storm 1/" in each.result
        assert "VrRpoBreached since " in each.result


def test_the_dead_man_is_heard_and_asks_for_nothing(watched: Watched) -> None:
    """Its time is kept from the opening on; it is no intent, so sums stay equal."""
    bridged = Bridged(watched)
    assert bridged.arrivals.facts.deadman == watched.time.now()
    watched.time.advance(300)
    bridged.take(an_alert(1_790_000_000.0, alertname="VrDeadman", vr_action="", component=""))
    assert bridged.arrivals.facts.deadman == watched.time.now()
    assert bridged.outcomes() == {}
    assert bridged.arrivals.facts.alerts == {"firing": 0, "resolved": 0}


def test_an_episode_is_explained_guard_by_guard(watched: Watched) -> None:
    """Each guard with its input, the first no marked, and how often it was offered."""
    bridged = Bridged(watched)
    row = bridged.breached()[0]
    alert = bridged.an_alert(row)
    (taken,) = bridged.take(alert).verdicts
    watched.work(60)
    bridged.take(alert)
    for word in (taken.trigger.key[:12], row.replication.vm, str(row.replication.id)):
        (found,) = bridged.bridge.explain(word)
        assert found.times == 2
        assert found.explained.refusal is not None
        assert found.explained.refusal.name == "new"
        numbers = [each.number for each in found.explained.findings]
        assert numbers == [guard.number for guard in CHAIN] == sorted(numbers)
        assert all(each.shown for each in found.explained.findings)
    assert watched.madrid.posts == 1


def test_a_replication_that_no_alert_named_is_explained_as_if_one_did(watched: Watched) -> None:
    """It is said what an alert of the first rule would meet now; nothing is written."""
    bridged = Bridged(watched)
    late = bridged.breached()[0].replication.vm
    (found,) = bridged.bridge.explain(late)
    assert (found.times, found.explained.refusal) == (0, None)
    healthy = watched.names()[-1]
    (well,) = bridged.bridge.explain(healthy)
    assert well.explained.refusal is not None
    assert well.explained.refusal.name == "in breach"
    assert bridged.bridge.explain("nobody") == ()
    assert watched.ledger.audit(limit=10, of_bridge=True) == ()


def test_simulating_a_webhook_writes_nothing_and_counts_a_storm(watched: Watched) -> None:
    """The same code on what is known now, alerts of one body seen together."""
    bridged = Bridged(watched)
    rows = bridged.breached()
    (one,) = bridged.bridge.simulate(a_body([bridged.an_alert(rows[0])]))
    assert one.explained.refusal is None
    many = bridged.bridge.simulate(a_body(map(bridged.an_alert, rows)))
    assert {each.explained.refusal.name for each in many if each.explained.refusal} == {"storm"}
    (again,) = bridged.bridge.simulate(a_body([bridged.an_alert(rows[0])]))
    assert again.explained.refusal is None
    assert watched.ledger.triggers() == ()
    assert bridged.outcomes() == {}


def test_a_loop_is_closed_by_acknowledging_it(watched: Watched) -> None:
    """Two syncs that healed nothing hold the third back, until somebody takes note."""
    bridged = Bridged(watched, cooldown="1s")
    row = bridged.breached()[0]
    watched.ledger._book.unhealed.add(row.replication.id)
    watched.ledger._book.unhealed.add(row.replication.id)
    assert reasons(bridged.take(bridged.an_alert(row))) == ["loop"]
    assert bridged.bridge.acknowledge_loop(row.replication.vm, "api from 192.0.2.1") == 2
    assert reasons(bridged.take(bridged.an_alert(row))) == [""]
    assert watched.ledger.unhealed_of(ReplicationId(row.replication.id)) == 0
