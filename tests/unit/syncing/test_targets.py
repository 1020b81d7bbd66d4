"""From names, patterns and ids to targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    a_pairing,
    a_pairing_snapshot,
    a_replication,
    a_site_never_reached,
    a_site_snapshot,
    a_snapshot,
    some_poll_facts,
)
from vr_exporter.domain.episodes import NoTarget
from vr_exporter.domain.inventory import Direction, Replication
from vr_exporter.domain.names import PairingId, SiteName
from vr_exporter.domain.snapshot import SiteSnapshot, Snapshot
from vr_exporter.domain.triggers import Target
from vr_exporter.syncing.targets import Directory, Found, Wanted, find

OUT, IN, LOCAL = Direction.OUTGOING, Direction.INCOMING, Direction.LOCAL


def a_row(number: int, vm: str, direction: Direction = OUT) -> Replication:
    """A replication with an id and a VM of its own."""
    return a_replication(id=f"GID-{number}", vm=vm, vm_id=f"vm-{number}", direction=direction)


def changed(row: Replication, **changes: Any) -> Replication:
    """The same replication as another site shows it."""
    return row._replace(**changes)


def madrid(*rows: Replication, **changes: Any) -> SiteSnapshot:
    """The site Madrid with its pairing to Berlin."""
    return a_site_snapshot(a_pairing_snapshot(*rows), site="madrid", **changes)


def berlin(*rows: Replication, **changes: Any) -> SiteSnapshot:
    """The site Berlin, where the same pairing is called Madrid."""
    paired = a_pairing_snapshot(*rows, pairing=a_pairing(name="madrid"))
    return a_site_snapshot(paired, site="berlin", **changes)


DB = a_row(1, "db-01")
WEB = a_row(2, "web-01")
FAR = a_row(3, "far-01", IN)
FLEET = a_snapshot(
    madrid(DB, WEB, FAR),
    berlin(DB._replace(direction=IN), WEB._replace(direction=IN), FAR._replace(direction=OUT)),
)
"""Two sites that show each other's replications; far-01 goes from Berlin to Madrid."""


def asked(found: Found) -> list[tuple[str, str]]:
    """The targets as (site, replication id)."""
    return [(target.site, target.replication_id) for target in found.targets]


def sentence(found: Found) -> str:
    """What the only fault says."""
    (fault,) = found.faults
    return fault.skip.sentence


def of_words(*words: str, snapshot: Snapshot = FLEET, **narrowed: Any) -> Found:
    """What these words find."""
    return find(Wanted(words=words, **narrowed), snapshot)


def test_a_replication_that_two_sites_show_is_one_target_at_its_source() -> None:
    """Each is found once, at the site from which it goes out, whatever their order."""
    assert asked(find(Wanted(is_all=True), FLEET)) == [
        ("madrid", "GID-1"),
        ("madrid", "GID-2"),
        ("berlin", "GID-3"),
    ]


def test_without_its_source_a_replication_is_asked_at_the_first_site_that_shows_it() -> None:
    """Two sites that both see it come in: the first of the settings is asked."""
    sites = (berlin(DB._replace(direction=IN)), madrid(DB._replace(direction=IN)))
    assert asked(find(Wanted(is_all=True), a_snapshot(*sites))) == [("berlin", "GID-1")]


def test_a_local_replication_is_asked_where_it_is_local() -> None:
    """Local is at its source as much as outgoing."""
    sites = (berlin(DB._replace(direction=IN)), madrid(DB._replace(direction=LOCAL)))
    assert asked(of_words("db-01", snapshot=a_snapshot(*sites))) == [("madrid", "GID-1")]


def test_the_two_ends_with_different_ids_are_joined_by_the_vm() -> None:
    """One VM of one vCenter under two ids is one target, found by either id."""
    far_end = changed(DB, id="GID-91", direction=IN)
    fleet = a_snapshot(berlin(far_end), madrid(DB))
    assert asked(find(Wanted(is_all=True), fleet)) == [("madrid", "GID-1")]
    assert asked(of_words("GID-91", snapshot=fleet)) == [("madrid", "GID-1")]
    assert asked(of_words("GID-1", "GID-91", "db-01", snapshot=fleet)) == [("madrid", "GID-1")]


@pytest.mark.parametrize("changes", [{"source_vc_id": "vc-other"}, {"vm_id": ""}])
def test_a_vm_id_joins_within_its_vcenter_only(changes: dict[str, str]) -> None:
    """The same id in another vCenter is another VM; without an id nothing is joined."""
    far_end = changed(DB, id="GID-91", direction=IN, **changes)
    found = find(Wanted(is_all=True), a_snapshot(berlin(far_end), madrid(DB)))
    assert len(found.targets) == 2


def test_without_its_vcenter_a_vm_id_joins_nothing() -> None:
    """Two appliances may count their VMs alike."""
    near, far = changed(DB, source_vc_id=""), changed(DB, id="GID-91", source_vc_id="")
    assert len(find(Wanted(is_all=True), a_snapshot(madrid(near), berlin(far))).targets) == 2


def test_two_ids_at_one_site_stay_two_targets() -> None:
    """What one appliance tells apart is not joined."""
    twice = changed(DB, id="GID-91")
    assert len(find(Wanted(is_all=True), a_snapshot(madrid(DB, twice))).targets) == 2


def test_a_target_has_the_ids_of_the_site_that_is_asked() -> None:
    """Pairing, replication and VM are those of the request that will be made."""
    other = a_pairing(id=PairingId("9"), name="madrid")
    far_end = a_site_snapshot(
        a_pairing_snapshot(DB._replace(direction=IN), pairing=other), site="berlin"
    )
    (target,) = of_words("db-01", snapshot=a_snapshot(far_end, madrid(DB))).targets
    assert (target.site, target.pairing_id) == ("madrid", a_pairing().id)
    assert (target.vm, target.vm_id) == ("db-01", "vm-1")


def test_an_id_wins_over_a_name() -> None:
    """A VM that is named like another's replication id is not meant by it."""
    odd = a_row(9, "GID-1")
    assert asked(of_words("GID-1", snapshot=a_snapshot(madrid(DB, odd)))) == [("madrid", "GID-1")]


def test_an_exact_name_wins_over_a_pattern() -> None:
    """A VM whose name holds a wildcard is found by it, alone."""
    starred = a_row(9, "db-*")
    assert asked(of_words("db-*", snapshot=a_snapshot(madrid(DB, starred)))) == [
        ("madrid", "GID-9")
    ]
    assert asked(of_words("db-*")) == [("madrid", "GID-1")]


def test_patterns_match_every_vm_of_that_name() -> None:
    """What is ambiguous as a word is wanted as a pattern."""
    fleet = a_snapshot(madrid(DB, a_row(4, "db-01"), WEB))
    assert len(find(Wanted(patterns=("db-01",)), fleet).targets) == 2


def test_a_target_wanted_twice_is_found_once() -> None:
    """Words, patterns and all may overlap; the order is that of the first mention."""
    found = find(Wanted(words=("web-01", "GID-2"), patterns=("*-01",), is_all=True), FLEET)
    assert asked(found) == [("madrid", "GID-2"), ("madrid", "GID-1"), ("berlin", "GID-3")]
    assert found.faults == ()


def test_an_unknown_name_is_a_fault_with_the_nearest() -> None:
    """Similar names are offered, whatever their capitals; the other words are found."""
    found = of_words("DB-02", "web-01")
    assert asked(found) == [("madrid", "GID-2")]
    assert found.faults[0].skip.reason == "not_found"
    assert found.faults[0].nearest[0] == "db-01"
    assert sentence(found).startswith('no VM or replication "DB-02" (nearest: db-01')


def test_a_name_like_no_other_has_no_nearest() -> None:
    """Nothing is offered rather than something far."""
    assert sentence(of_words("xyzzy")) == 'no VM or replication "xyzzy"'


def test_a_pattern_that_matches_nothing_is_a_fault() -> None:
    """As a word and as a pattern."""
    assert sentence(of_words("app-*")) == 'no VM matches "app-*"'
    assert sentence(find(Wanted(patterns=("app",)), FLEET)) == 'no VM matches "app"'


def test_two_vms_of_one_name_are_a_fault_that_tells_them_apart() -> None:
    """The sentence has what to say instead: ids, sites and pairings."""
    lyon = a_pairing_snapshot(a_row(4, "db-01"), pairing=a_pairing(id=PairingId("9"), name="lyon"))
    fleet = a_snapshot(a_site_snapshot(a_pairing_snapshot(DB), lyon))
    found = of_words("db-01", snapshot=fleet)
    (fault,) = found.faults
    assert fault.skip.reason == "ambiguous_name"
    assert [target.replication_id for target in fault.choices] == ["GID-1", "GID-4"]
    assert sentence(found) == (
        '"db-01" names 2 VMs: GID-1 at madrid, pairing berlin; GID-4 at madrid, pairing lyon'
        " (say which by id, site or pairing)"
    )
    assert asked(of_words("db-01", snapshot=fleet, pairing="lyon")) == [("madrid", "GID-4")]
    assert asked(of_words("GID-1", snapshot=fleet)) == [("madrid", "GID-1")]


def test_many_of_one_name_are_counted_not_listed() -> None:
    """A sentence stays a sentence."""
    rows = [a_row(number, "clone") for number in range(40)]
    assert "; 34 more (say" in sentence(of_words("clone", snapshot=a_snapshot(madrid(*rows))))


def test_a_site_tells_two_vms_of_one_name_apart_by_their_source() -> None:
    """Both sites show both; the one that goes out from Berlin is Berlin's."""
    other = a_row(4, "db-01", IN)
    fleet = a_snapshot(
        madrid(DB, other), berlin(DB._replace(direction=IN), other._replace(direction=OUT))
    )
    assert of_words("db-01", snapshot=fleet).faults
    assert asked(of_words("db-01", snapshot=fleet, site="berlin")) == [("berlin", "GID-4")]
    assert asked(of_words("db-01", snapshot=fleet, site="madrid")) == [("madrid", "GID-1")]


@pytest.mark.parametrize("word", ["db-01", "GID-1"])
def test_a_word_is_found_at_a_site_that_shows_it_and_asked_at_its_source(word: str) -> None:
    """Who names a replication at its far end means the one target."""
    assert asked(of_words(word, site="berlin")) == [("madrid", "GID-1")]


def test_all_of_a_site_are_those_that_it_is_asked_for() -> None:
    """What merely comes in at Berlin is Madrid's to sync."""
    assert asked(find(Wanted(is_all=True, site="berlin"), FLEET)) == [("berlin", "GID-3")]
    assert asked(find(Wanted(patterns=("*",), site="berlin"), FLEET)) == [("berlin", "GID-3")]


def test_a_pairing_narrows_by_name_or_id() -> None:
    """The name is that of the site that is asked."""
    assert len(find(Wanted(is_all=True, pairing="berlin"), FLEET).targets) == 2
    assert asked(find(Wanted(is_all=True, pairing="madrid"), FLEET)) == [("berlin", "GID-3")]
    by_id = Wanted(is_all=True, site="madrid", pairing=a_pairing().id)
    assert len(find(by_id, FLEET).targets) == 2


def test_a_vm_that_is_elsewhere_is_said_to_be_there() -> None:
    """A name that exists outside the place looked at is no unknown name."""
    rome = a_site_snapshot(a_pairing_snapshot(a_row(7, "rome-01")), site="rome")
    fleet = a_snapshot(*FLEET.sites.values(), rome)
    said = sentence(of_words("rome-01", snapshot=fleet, site="madrid"))
    assert said == '"rome-01" is not where it was looked for, but GID-7 at rome, pairing berlin'


def test_an_unknown_place_is_a_fault_that_names_the_known_ones() -> None:
    """Before anything is looked for there."""
    site = find(Wanted(is_all=True, site="rome"), FLEET)
    assert sentence(site) == 'no site "rome" (configured: madrid, berlin)'
    pairing = find(Wanted(is_all=True, pairing="rome"), FLEET)
    assert sentence(pairing) == 'no pairing "rome" (known: berlin, madrid)'
    assert site.targets == pairing.targets == ()


AWAY = some_poll_facts(error="no answer in 10 s", error_reason="timeout")


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (madrid(DB, up=False, poll=AWAY), "madrid could not be read: no answer in 10 s"),
        (a_site_never_reached(), "madrid has not been read yet"),
        (
            a_site_snapshot(a_pairing_snapshot(DB, up=False, error="no remote session")),
            "pairing berlin of madrid could not be read: no remote session",
        ),
    ],
)
def test_a_place_that_could_not_be_read_is_named_in_the_fault(
    site: SiteSnapshot, said: str
) -> None:
    """A VM that is not found may be there."""
    fleet = a_snapshot(site, berlin(FAR))
    found = of_words("xyzzy", snapshot=fleet)
    assert found.unread == (said,)
    assert sentence(found) == f'no VM or replication "xyzzy"; {said}'
    elsewhere = of_words("xyzzy", snapshot=fleet, site="berlin")
    assert elsewhere.unread == ()


def test_what_was_read_before_is_found_although_its_site_is_away() -> None:
    """The read before the POST decides; here what is known is found, and the rest is said."""
    found = of_words("db-01", snapshot=a_snapshot(madrid(DB, up=False, poll=AWAY)))
    assert asked(found) == [("madrid", "GID-1")]
    assert found.faults == ()
    assert found.unread


def test_a_directory_follows_the_snapshot() -> None:
    """What is found is what the newest snapshot shows."""
    shown = [a_snapshot(madrid(DB))]
    directory = Directory(lambda: shown[0])
    assert directory.find(Wanted(words=("db-01",))).targets
    shown[0] = a_snapshot(madrid(WEB))
    assert directory.find(Wanted(words=("db-01",))).faults
    assert asked(directory.find(Wanted(words=("web-01",)))) == [("madrid", "GID-2")]


rows = st.lists(
    st.builds(
        a_row,
        st.integers(0, 6),
        st.sampled_from(["db-01", "db-02", "web", "GID-3"]),
        st.sampled_from(Direction),
    ),
    max_size=8,
)


@given(rows, rows)
def test_whatever_sites_show_each_replication_is_wanted_once(
    here: list[Replication], there: list[Replication]
) -> None:
    """All ids that any site shows are covered, by targets of different ids and VMs."""
    fleet = a_snapshot(
        a_site_snapshot(replace(a_pairing_snapshot(), replications=()), site="rome"),
        madrid(*here) if here else a_site_never_reached(),
        *([berlin(*there)] if there else []),
    )
    found = find(Wanted(is_all=True), fleet)
    ids = [target.replication_id for target in found.targets]
    assert len(ids) == len(set(ids))
    assert set(ids) == {row.id for row in (*here, *there)}
    for row in (*here, *there):
        assert [t.replication_id for t in of_words(row.id, snapshot=fleet).targets] == [row.id]


def why_not(directory: Directory, site: str, replication: str = "GID-1") -> tuple[str, bool]:
    """The reason why an alert means nothing, and whether it came too early."""
    found = directory.target_of(site, replication)
    assert isinstance(found, NoTarget)
    return found.skip.reason, found.is_early


def test_an_alert_about_what_was_not_read_is_stale_and_early_before_the_first_reading() -> None:
    """What a reading that failed does not show may be there; until one has ended, nobody knows."""
    tried = some_poll_facts(error="timeout")
    failed = a_site_never_reached(site=SiteName("paris"), poll=tried)
    unread = a_site_never_reached(site=SiteName("rome"))
    half = a_pairing_snapshot(up=False, error="timeout", replications=())
    lame = a_site_snapshot(half, site=SiteName("oslo"))
    directory = Directory(lambda: a_snapshot(a_site_snapshot(), failed, unread, lame))
    assert why_not(directory, "paris") == ("stale", False)
    assert why_not(directory, "oslo") == ("stale", False)
    assert why_not(directory, "rome") == ("stale", True)
    assert why_not(directory, "nowhere") == ("unmatched", False)
    assert why_not(Directory(Snapshot), "madrid") == ("stale", True)


def test_C3_an_alert_means_a_replication_by_its_id_at_a_site_that_shows_it() -> None:
    """Neither a name, nor a pattern, nor what only another site shows, nor a site of nobody."""
    paris = a_site_snapshot(
        a_pairing_snapshot(a_replication(id="GID-9", vm="db-09", vm_id="vm-109")),
        site=SiteName("paris"),
    )
    directory = Directory(lambda: a_snapshot(a_site_snapshot(), paris))
    found = directory.target_of("madrid", "GID-1")
    assert isinstance(found, Target)
    assert (found.replication_id, found.site) == ("GID-1", "madrid")
    for site, replication in (
        ("paris", "GID-1"),
        ("madrid", "GID-9"),
        ("madrid", "db-01"),
        ("madrid", "*"),
        ("nowhere", "GID-1"),
    ):
        assert why_not(directory, site, replication) == ("unmatched", False)
    assert (directory.count_at("madrid"), directory.count_at("nowhere")) == (1, 0)
