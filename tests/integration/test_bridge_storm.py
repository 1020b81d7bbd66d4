"""A storm and a loop: many alerts at once, again and again, and alerts that the bridge caused."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.bridged import Bridged, a_body, reasons, stamp
from tests.late import be_late
from tests.watched import Watched
from vr_exporter.domain.triggers import REASONS, Origin, Trigger
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.guards.facts import MOST_FOLLOWING

REPLICATIONS = 2000


def intents(bridged: Bridged) -> int:
    """How many alerts came in bodies that were taken."""
    return sum(bridged.arrivals.facts.alerts.values())


def waiting(watched: Watched) -> int:
    """How many wishes by alert have no outcome yet."""
    every = watched.ledger.triggers()
    return sum(each.origin is Origin.ALERT and each.outcome is None for each in every)


@pytest.mark.parametrize("is_spread", [False, True], ids=["in one body", "one body each"])
def test_C18_a_storm_stays_within_its_budget_and_every_intent_has_an_outcome(
    *, is_spread: bool
) -> None:
    """2,000 breach at once, repeated, doubled, shuffled, replayed: sums are equal, POSTs few."""
    with Watched(replications=REPLICATIONS, sites=("madrid",)) as watched:
        be_late(watched, REPLICATIONS)
        bridged = Bridged(watched)
        rows = bridged.breached()
        assert len(rows) > REPLICATIONS / 3
        alerts = [bridged.an_alert(row) for row in rows]
        dice = random.Random(7)  # noqa: S311 - a storm the same each time
        noes: Counter[str] = Counter()
        sent = 0
        for turn in range(4):
            bodies = [alerts, alerts[: len(alerts) // 2] * 2]
            if is_spread and turn == 0:
                bodies = [[alert] for alert in alerts]
            for body in bodies:
                shuffled = dice.sample(body, len(body))
                noes.update(reasons(bridged.take(*shuffled)))
                sent += len(shuffled)
            watched.work(30)
        watched.work(120)
        taken = noes.pop("", 0)
        limit = bridged.settings.triggers.max_per_hour
        assert watched.madrid.posts <= taken <= limit
        assert set(noes) <= set(REASONS)
        assert noes["storm"] > sent / 4
        assert intents(bridged) == sent == sum(noes.values()) + taken
        assert sum(bridged.outcomes().values()) + waiting(watched) == sent
        skipped = sum(bridged.skips().values())
        assert skipped == bridged.outcomes()["skipped"] >= sum(noes.values())


def test_a_few_late_ones_beside_a_storm_elsewhere_are_synced() -> None:
    """The share is of a site's replications: what rages at one site holds no other back."""
    with Watched(replications=300, sites=("madrid", "berlin")) as watched:
        be_late(watched, 300)
        be_late(watched, 2, site="berlin")
        bridged = Bridged(watched)
        here = [bridged.an_alert(row) for row in bridged.breached()]
        there = bridged.breached(site="berlin")[:2]
        assert there
        assert set(reasons(bridged.take(*here))) == {"storm"}
        alerts = [bridged.an_alert(row, site="berlin", pairing="madrid") for row in there]
        assert reasons(bridged.take(*alerts)) == [""] * len(there)


def test_the_budget_holds_over_a_restart() -> None:
    """What was claimed within the hour counts in the next process too."""
    with Watched(replications=60) as watched:
        be_late(watched, 8)
        bridged = Bridged(watched, triggers={"max_per_hour": 2}, storm={"at_least": 100})
        alerts = [bridged.an_alert(row) for row in bridged.breached()[:4]]
        assert reasons(bridged.take(*alerts)) == ["", "", "budget", "budget"]
        watched.work(60)
        watched.restart()
        watched.poll()
        bridged.renew()
        assert reasons(bridged.take(*alerts)) == ["duplicate", "duplicate", "budget", "budget"]
        watched.work(60)
        assert watched.madrid.posts == 2


@pytest.mark.parametrize(
    ("alertname", "labels"),
    [
        ("VrEventSyncFailed", {"vr_origin": "bridge", "error_class": "connectivity"}),
        ("VrEventTest", {"vr_origin": "bridge"}),
        ("VrSyncStuck", {"component": "sync"}),
        ("VrSyncFailingRepeatedly", {"component": "", "operation": "sync"}),
    ],
)
def test_a_loop_what_the_bridge_said_or_brought_about_starts_nothing(
    alertname: str, labels: dict[str, str]
) -> None:
    """The route is misconfigured on purpose: every alert reaches the bridge and may ask."""
    with Watched(replications=60) as watched:
        be_late(watched, 2)
        bridged = Bridged(watched, rules=['{alertname=~"Vr.+"}'], cooldown="1s")
        row = bridged.breached()[0]
        (first,) = bridged.take(bridged.an_alert(row)).verdicts
        while not watched.trigger(first).state.is_final:
            watched.work(30)
        alert = bridged.an_alert(row)
        own = {**alert["labels"], "alertname": alertname, **labels}
        alert["labels"] = {name: value for name, value in own.items() if value}
        alert["startsAt"] = stamp(watched.time.now() - 5)
        for _ in range(3):
            assert reasons(bridged.take(alert)) == ["loop"]
            watched.work(60)
        assert watched.madrid.posts == 1


def test_a_loop_of_syncs_that_heal_nothing_ends_after_two() -> None:
    """Each breach is a new episode, the cool-down is over, and yet nothing got better."""
    with Watched(replications=60) as watched:
        be_late(watched, 2)
        bridged = Bridged(watched, cooldown="1s", triggers={"cooldown": "1s"})
        row = min(bridged.breached(), key=lambda each: each.replication.rpo_seconds or 0)
        watched.madrid.breaks("error", value=400, operation="syncReplication")
        said = []
        for _ in range(4):
            said += reasons(bridged.take(bridged.an_alert(row)))
            watched.work((row.replication.rpo_seconds or 0) + 300, step=60)
        assert said == ["", "", "loop", "loop"]
        assert watched.madrid.posts == 2
        watched.restart()
        watched.poll()
        bridged.renew()
        assert reasons(bridged.take(bridged.an_alert(row))) == ["loop"]


def test_what_healed_may_be_asked_for_again() -> None:
    """A poll that shows the replication within its RPO begins the count anew."""
    with Watched(replications=60) as watched:
        be_late(watched, 2)
        bridged = Bridged(watched)
        row = bridged.breached()[0]
        (taken,) = bridged.take(bridged.an_alert(row)).verdicts
        watched.work(60)
        assert watched.ledger.unhealed_of(row.replication.id) == 1
        while not watched.trigger(taken).state.is_final:
            watched.work(30)
        watched.work(120)
        assert watched.ledger.unhealed_of(row.replication.id) == 0


def test_C18_one_sync_is_followed_by_few_alerts_however_many_episodes_are_made_up() -> None:
    """Each follower is a commit and a row that says nothing new; the rest spends no budget."""
    with Watched(replications=60, sites=("madrid",)) as watched:
        be_late(watched, 8)
        bridged = Bridged(watched)
        row = bridged.breached()[0]
        episodes = [bridged.an_alert(row, since=float(number)) for number in range(40)]
        found = Counter(reasons(bridged.take(*episodes)))
        assert found == {"": 1 + MOST_FOLLOWING, "cooldown": 39 - MOST_FOLLOWING}
        assert "budget" not in bridged.skips()
        assert len(watched.ledger.triggers()) == 1 + MOST_FOLLOWING
        (person,) = watched.ask(row.replication.vm)
        assert person.is_new


def test_a_trial_of_ten_thousand_alerts_reads_the_ledger_no_more_often_than_wishes_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`bridge simulate` takes bodies as large as the webhook's, beside a ledger that is full."""
    with Watched(replications=60, sites=("madrid",)) as watched:
        be_late(watched, 8)
        bridged = Bridged(watched)
        rows = bridged.breached()[:3]
        reads: list[int] = []
        triggers = Ledger.triggers

        def counted(ledger: Ledger) -> tuple[Trigger, ...]:
            reads.append(1)
            return triggers(ledger)

        monkeypatch.setattr(Ledger, "triggers", counted)
        body = a_body([bridged.an_alert(row) for row in rows] * 200)
        found = bridged.bridge.simulate(body)
        assert all(each.explained.refusal is None for each in found)
        assert len(reads) == 1 + len(rows)
