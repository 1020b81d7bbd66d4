"""What burns, in sentences."""

from __future__ import annotations

from typing import Any

from tests.builders import (
    a_pairing_snapshot,
    a_replication,
    a_site_never_reached,
    a_site_snapshot,
    a_snapshot,
    a_watched,
)
from tests.wishes import a_trigger
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import Snapshot, WatchedReplication
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.web.overview import inventory, overview


def told(snapshot: Snapshot, **around: Any) -> list[tuple[str, str]]:
    """Level and sentence of each fact."""
    facts = overview(snapshot, inventory(snapshot), **around).facts
    return [(fact.level, fact.sentence) for fact in facts]


def judged(vm: str, verdict: Verdict, past: int = 60) -> WatchedReplication:
    """A replication with a verdict."""
    replication = a_replication(id=f"GID-{vm}", vm=vm, rpo_violation_seconds=past)
    return a_watched(replication, verdict=verdict)


def test_all_is_well_in_one_sentence() -> None:
    """Nothing wrong: so many were judged, and met."""
    assert told(a_snapshot()) == [("met", "All 1 judged replications are inside their RPO")]


def test_nothing_judged_is_not_called_well() -> None:
    """Without a single RPO that is met there is nothing to praise."""
    site = a_site_snapshot(a_pairing_snapshot(judged("db-01", Verdict.EXCUSED)))
    assert told(a_snapshot(site)) == [("waiting", "No replication has an RPO to be judged by")]


def test_states_that_nobody_knows_are_not_called_well() -> None:
    """What is met does not hide what cannot be judged; what is late comes before."""
    rows = [judged("late-1", Verdict.LATE), judged("met-1", Verdict.MET)]
    rows += [judged(f"lost-{number}", Verdict.UNKNOWN) for number in range(2)]
    assert told(a_snapshot(a_site_snapshot(a_pairing_snapshot(*rows)))) == [
        ("late", "Replication late-1 is late, still within the grace"),
        ("waiting", "2 replications are in a state that the appliance does not tell"),
    ]


def test_site_that_is_down_comes_before_breaches_and_these_before_what_is_late() -> None:
    """The cause before the consequences."""
    rows = (
        judged("late-1", Verdict.LATE),
        judged("bad-1", Verdict.BREACHED, 10),
        judged("bad-2", Verdict.BREACHED, 20),
    )
    down = a_site_snapshot(a_pairing_snapshot(*rows), up=False)
    snapshot = a_snapshot(down, a_site_never_reached(site="wien"))
    assert told(snapshot, missing=("mail-01",)) == [
        ("down", "Site madrid is down: what stands below is what was last known"),
        ("breached", "2 replications (bad-2, bad-1) are in breach of the RPO"),
        ("waiting", "Site wien is not read yet"),
        ("late", "Replication late-1 is late, still within the grace"),
        ("late", "Expected VM mail-01 is not replicated by any site"),
    ]


def test_many_names_are_cut() -> None:
    """Three are named, the rest are counted."""
    rows = [judged(f"vm-{number}", Verdict.BREACHED, 100 - number) for number in range(30)]
    (fact,) = told(a_snapshot(a_site_snapshot(a_pairing_snapshot(*rows))))
    assert fact[1] == "30 replications (vm-0, vm-1, vm-2, …) are in breach of the RPO"


def test_pairing_that_cannot_be_read_is_told_where_its_site_is_up() -> None:
    """A cut link is no site down."""
    cut = a_site_snapshot(a_pairing_snapshot(up=False))
    assert told(a_snapshot(cut))[0] == ("down", "Pairing berlin of madrid is not readable")


def test_unknown_outcomes_and_rests_ask_for_a_person() -> None:
    """What stayed unknown is told until somebody takes note; a site at rest is told too."""
    unclear = a_trigger(state=TriggerState.UNRESOLVED)
    site = a_site_snapshot(
        triggers=(unclear, a_trigger(state=TriggerState.AMBIGUOUS)), is_circuit_open=True
    )
    assert [sentence for _, sentence in told(a_snapshot(site))] == [
        "Sync db-01 is of unknown outcome: take note of it",
        "Site madrid is given a rest from syncs after failures",
    ]


def test_no_site_is_a_fact_too() -> None:
    """An empty snapshot is not well."""
    assert told(Snapshot()) == [("waiting", "No site is configured")]
