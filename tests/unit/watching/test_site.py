"""A site from poll to poll."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import (
    NOW,
    a_finished_task,
    a_pairing,
    a_replication,
    a_replication_server,
    a_task,
    an_issue,
    some_appliance_facts,
)
from vr_exporter.appliance.errors import ApplianceError, Unreachable
from vr_exporter.domain.counts import Add
from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import PairingId, PairingName, ReplicationId, SiteName
from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.ledger.counters import Counters
from vr_exporter.watching.reading import Failure, PairingReading, SiteReading
from vr_exporter.watching.site import Observation, SiteWatch

MADRID = SiteName("madrid")
REFUSED = Unreachable("connect", "connection refused")


class Watched:
    """A site that is polled by hand, every 60 s, with its ledger."""

    def __init__(self, **settings: Any) -> None:
        given = {"url": "https://vr", "grace": Grace(), "stale_after_seconds": None, **settings}
        self.elapsed = 1000.0
        self.watch = SiteWatch(MADRID, monotonic=lambda: self.elapsed, **given)
        self.ledger = Counters()
        self.snapshot = self.watch.before_first_poll(60.0)
        self.now = NOW

    def poll(self, reading: SiteReading, *, after: float = 60.0) -> Observation:
        """Take in one reading, some seconds after the one before."""
        self.now += after
        self.elapsed += after
        observation = self.watch.observe(
            reading,
            before=self.snapshot,
            seen_tasks=self.ledger.seen_tasks(MADRID),
            interval_seconds=60.0,
            now=self.now,
        )
        totals = self.ledger.record(MADRID, observation.changes)
        self.snapshot = replace(observation.snapshot, totals=totals)
        return observation


def a_reading(*rows: Replication, **changes: Any) -> SiteReading:
    """All of a site with one pairing, as one poll brings it."""
    pairing = PairingReading(a_pairing(), rows, is_complete=True)
    reading = SiteReading(
        facts=some_appliance_facts(),
        pairings=(pairing,),
        servers=(a_replication_server(),),
        tasks=(),
    )
    return replace(reading, **changes)


def a_failed_reading(error: ApplianceError = REFUSED) -> SiteReading:
    """What a site that cannot be reached brings."""
    return SiteReading(failures=(Failure("info", error),))


def a_broken_list(error: ApplianceError = REFUSED, **changes: Any) -> PairingReading:
    """A pairing whose list of replications could not be read."""
    return replace(PairingReading(a_pairing(), error=error), **changes)


def ids(snapshot: SiteSnapshot) -> list[str]:
    """Name the replications of all pairings."""
    return [row.replication.id for shown in snapshot.pairings for row in shown.replications]


def removed(observation: Observation) -> float:
    """Count the replications that this poll found to be gone."""
    return sum(
        change.amount
        for change in observation.changes.additions
        if isinstance(change, Add) and change.family == "vr_replications_removed_total"
    )


def test_a_site_never_polled_is_down_and_was_not_tried() -> None:
    """It has its place on the page from the start."""
    snapshot = Watched().snapshot
    assert (snapshot.up, snapshot.was_tried) == (False, False)


def test_a_good_poll_makes_the_site_up_and_shows_what_was_read() -> None:
    """Everything that came is there."""
    site = Watched()
    site.poll(a_reading(a_replication(), tasks=(a_task(entity="GID-1"),)))
    assert site.snapshot.up
    assert site.snapshot.poll.last_success_timestamp_seconds == NOW + 60
    assert ids(site.snapshot) == ["GID-1"]
    assert site.snapshot.tasks
    assert site.snapshot.tasks[0].replication_id == "GID-1"
    assert len(site.snapshot.servers) == 1


def test_R2_a_failed_poll_lowers_up_at_once_and_keeps_what_was_known() -> None:
    """One blip blinds nobody."""
    site = Watched()
    site.poll(a_reading(a_replication()))
    site.poll(a_failed_reading())
    assert (site.snapshot.up, site.snapshot.stale) == (False, False)
    assert not site.snapshot.pairings[0].up
    assert ids(site.snapshot) == ["GID-1"]
    assert site.snapshot.poll.error_reason == "connect"
    assert site.snapshot.poll.last_success_timestamp_seconds == NOW + 60


def test_R2_detail_is_stale_once_the_last_good_poll_is_too_old() -> None:
    """Five minutes, or three intervals, whichever is longer."""
    site = Watched()
    site.poll(a_reading(a_replication()))
    site.poll(a_failed_reading(), after=300.0)
    assert not site.snapshot.stale
    site.poll(a_failed_reading(), after=1.0)
    assert site.snapshot.stale
    site.poll(a_reading(a_replication()))
    assert not site.snapshot.stale


def test_the_settings_may_say_when_detail_is_stale() -> None:
    """`metrics.stale_after` wins over the rule."""
    site = Watched(stale_after_seconds=30.0)
    site.poll(a_reading(a_replication()))
    site.poll(a_failed_reading(), after=31.0)
    assert site.snapshot.stale


def test_R3_a_pairing_that_fails_leaves_the_others_fresh() -> None:
    """The site is up while one list can be read; the broken one ages alone."""
    other = PairingReading(
        a_pairing(id=PairingId("2"), name=PairingName("rome")), (a_replication(id="GID-2"),), True
    )
    site = Watched()
    first = PairingReading(a_pairing(), (a_replication(),), is_complete=True)
    site.poll(a_reading(pairings=(first, other)))
    site.poll(a_reading(pairings=(a_broken_list(), other)), after=301.0)
    berlin, rome = site.snapshot.pairings
    assert site.snapshot.up
    assert (berlin.up, berlin.stale, berlin.error) == (False, True, "connection refused")
    assert (rome.up, rome.stale) == (True, False)
    assert ids(site.snapshot) == ["GID-1", "GID-2"]


def test_A34_a_replication_that_two_pairings_show_stands_once() -> None:
    """The first pairing keeps it, and the oddity is counted: its series must be one."""
    pairings = tuple(
        PairingReading(a_pairing(id=PairingId(name)), (a_replication(),), is_complete=True)
        for name in ("1", "2")
    )
    site = Watched()
    observation = site.poll(a_reading(pairings=pairings))
    assert ids(site.snapshot) == ["GID-1"]
    assert observation.surprises == ("duplicate",)


def test_a_site_whose_every_list_fails_is_down() -> None:
    """Login and pairings alone are not enough."""
    site = Watched()
    site.poll(a_reading(pairings=(a_broken_list(),)))
    assert not site.snapshot.up


def test_a_replication_is_removed_when_two_polls_lack_it() -> None:
    """It leaves the page at once and is counted by the second poll; its totals go with it."""
    site = Watched()
    site.poll(a_reading(a_replication(), a_replication(id="GID-2")))
    assert removed(site.poll(a_reading(a_replication()))) == 0
    assert ids(site.snapshot) == ["GID-1"]
    assert removed(site.poll(a_reading(a_replication()))) == 1
    assert set(site.snapshot.totals.replications) == {"GID-1"}
    assert removed(site.poll(a_reading(a_replication()))) == 0


def test_a_replication_that_comes_back_was_never_gone() -> None:
    """One poll without it proves nothing, and its counters go on."""
    site = Watched()
    rows = (a_replication(), a_replication(id="GID-2"))
    for reading in (a_reading(*rows), a_reading(rows[0]), a_reading(*rows), a_reading(rows[0])):
        assert removed(site.poll(reading)) == 0
    assert ReplicationId("GID-2") in site.snapshot.totals.replications


def test_A37_an_empty_list_after_a_full_one_needs_a_second_poll() -> None:
    """Values stay for one poll and then vanish; both polls together count the removals."""
    site = Watched()
    site.poll(a_reading(a_replication()))
    first = site.poll(a_reading())
    assert (ids(site.snapshot), first.surprises, removed(first)) == (["GID-1"], ("count",), 0)
    second = site.poll(a_reading())
    assert (ids(site.snapshot), second.surprises, removed(second)) == ([], (), 1)


def test_A35_a_list_that_was_not_read_whole_removes_nothing() -> None:
    """Rows that moved between the pages are not gone."""
    site = Watched()
    site.poll(a_reading(a_replication(), a_replication(id="GID-2")))
    partial = PairingReading(a_pairing(), (a_replication(),), is_complete=False)
    for _ in range(3):
        assert removed(site.poll(a_reading(pairings=(partial,)))) == 0


def test_A27_a_configured_pairing_that_is_gone_is_shown_as_down() -> None:
    """Its name comes from the settings; the others are untouched."""
    site = Watched(configured=(PairingName("rome"),))
    site.poll(a_reading(a_replication()))
    shown = {known.pairing.name: known.up for known in site.snapshot.pairings}
    assert shown == {"berlin": True, "rome": False}


def test_replications_of_a_pairing_that_left_the_list_are_gone_after_two_polls() -> None:
    """A pairing that GET /pairings lacks takes its replications along."""
    site = Watched()
    site.poll(a_reading(a_replication()))
    site.poll(a_reading(pairings=()))
    assert removed(site.poll(a_reading(pairings=()))) == 1


def test_A26_a_closed_side_endpoint_takes_its_facts_away_and_nothing_else() -> None:
    """Issues that cannot be read are absent; the site stays up."""
    with_issues = PairingReading(
        a_pairing(), (a_replication(),), True, issues={"pairing": (an_issue(),)}
    )
    site = Watched()
    site.poll(a_reading(pairings=(with_issues,)))
    assert "replication" not in site.snapshot.pairings[0].issues
    assert site.snapshot.up


@pytest.mark.parametrize("field", ["servers", "tasks"])
def test_a_side_list_that_failed_once_keeps_its_last_values(field: str) -> None:
    """Servers and tasks do not flicker with one failed request."""
    site = Watched()
    site.poll(a_reading(a_replication(), tasks=(a_task(),)))
    before = getattr(site.snapshot, field)
    site.poll(a_reading(a_replication(), **{field: None}))
    assert getattr(site.snapshot, field) == before


def test_A53_a_task_that_ended_between_polls_is_counted_once() -> None:
    """At the first start it is only noted; later ones are counted at the first sight of the end."""
    old, new = a_finished_task(id="old"), a_finished_task(id="new")
    site = Watched()
    site.poll(a_reading(a_replication(), tasks=(old,)))
    for _ in range(2):
        site.poll(a_reading(a_replication(), tasks=(old, new)))
    completed = site.snapshot.totals.counters["vr_tasks_completed_total"]
    assert completed["sync",] == 1


def test_breach_time_is_not_added_for_a_gap_that_nobody_saw() -> None:
    """60 s seen, 60 s unseen, 60 s seen: two minutes at the most."""
    late = a_replication(status="RPO_VIOLATION", rpo_violated=True, rpo_violation_seconds=7200)
    site = Watched()
    for reading in (a_reading(late), a_reading(late), a_failed_reading(), a_reading(late)):
        site.poll(reading)
    assert site.snapshot.pairings[0].replications[0].breached_seconds_total == 60.0
    site.poll(a_reading(late))
    assert site.snapshot.pairings[0].replications[0].breached_seconds_total == 120.0


def test_B12_a_stepped_wall_clock_neither_ages_nor_breaches() -> None:
    """An administrator who sets the clock an hour on makes no replication late by an hour."""
    late = a_replication(status="RPO_VIOLATION", rpo_violated=True, rpo_violation_seconds=7200)
    for step in (3600.0, -3600.0):
        site = Watched()
        site.poll(a_reading(late))
        site.now += step
        site.poll(a_reading(late))
        assert site.snapshot.pairings[0].replications[0].breached_seconds_total == 60.0
        site.now += step
        site.poll(a_failed_reading())
        assert not site.snapshot.stale
        site.poll(a_failed_reading(), after=301.0)
        assert site.snapshot.stale


@pytest.mark.parametrize(("field", "nothing"), [("servers", ()), ("tasks", None)])
def test_A26_a_side_list_that_stays_away_is_dropped_from_a_site_that_is_up(
    field: str, nothing: object
) -> None:
    """No frozen values: what cannot be read any more vanishes as stale detail does (R2)."""
    site = Watched()
    site.poll(a_reading(a_replication(), tasks=(a_task(),)))
    for _ in range(6):
        site.poll(a_reading(a_replication(), **{field: None}))
    assert site.snapshot.up
    assert getattr(site.snapshot, field) == nothing


def test_the_tasks_of_a_site_that_is_away_stay_for_people() -> None:
    """The page withholds them; the status page shows them as old."""
    site = Watched()
    site.poll(a_reading(a_replication(), tasks=(a_task(),)))
    site.poll(a_failed_reading(), after=900.0)
    assert site.snapshot.stale
    assert site.snapshot.tasks


def test_A37_a_replication_that_moves_to_another_pairing_stands_once() -> None:
    """The old pairing is empty, and not yet believed; its rows give way to the same ones."""
    old = PairingReading(a_pairing(id=PairingId("1")), (a_replication(),), is_complete=True)
    new = PairingReading(
        a_pairing(id=PairingId("2"), name=PairingName("rome")), (), is_complete=True
    )
    for first, second in ((old, new), (new, old)):
        site = Watched()
        site.poll(a_reading(pairings=(first, second)))
        moved = tuple(
            replace(each, replications=() if each.replications else old.replications)
            for each in (first, second)
        )
        site.poll(a_reading(pairings=moved))
        assert ids(site.snapshot) == ["GID-1"]


def test_a_pairing_that_is_away_gives_up_what_another_one_shows() -> None:
    """Kept values never make a replication stand twice."""
    rome = a_pairing(id=PairingId("0"), name=PairingName("rome"))
    site = Watched()
    site.poll(a_reading(a_replication()))
    shown = PairingReading(rome, (a_replication(),), is_complete=True)
    site.poll(a_reading(pairings=(shown, a_broken_list())))
    assert ids(site.snapshot) == ["GID-1"]


def test_a_watch_that_goes_on_ages_what_was_fresh_and_not_what_was_stale() -> None:
    """Settings that are read again do not blind the page, and revive nothing."""
    for away, is_stale in ((0.0, False), (900.0, True)):
        site = Watched()
        site.poll(a_reading(a_replication()))
        site.poll(a_failed_reading(), after=away)
        successor = SiteWatch(
            MADRID,
            url="https://vr",
            grace=Grace(),
            stale_after_seconds=None,
            monotonic=lambda site=site: site.elapsed,  # type: ignore[misc] # bound in the loop
        )
        resumed = successor.resumed(site.snapshot, 120.0)
        assert resumed.poll.interval_seconds == 120.0
        assert successor.aged(resumed).stale is is_stale
        site.elapsed += 361.0
        assert successor.aged(resumed).stale
        assert ids(resumed) == ["GID-1"]


def test_R2_a_site_without_pairings_is_not_up_and_says_why() -> None:
    """No list of replications was read, and nothing failed: people are told what is missing."""
    site = Watched()
    observation = site.poll(a_reading(pairings=()))
    assert (site.snapshot.up, site.snapshot.poll.error_reason) == (False, "")
    assert "no pairing" in site.snapshot.poll.error
    assert removed(observation) == 0


def test_B29_pairings_that_come_emptied_and_go_leave_nothing_behind() -> None:
    """Only pairings that are listed are remembered."""
    site = Watched()
    for number in range(20):
        pairing = a_pairing(id=PairingId(str(number)))
        for rows in ((a_replication(),), ()):
            listed = PairingReading(pairing, rows, is_complete=True)
            site.poll(a_reading(pairings=(listed,)))
    assert len(site.watch._emptied) <= 1
