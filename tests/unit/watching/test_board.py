"""The board, and the names of pairings."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import a_pairing, a_site_snapshot, a_vc_server
from vr_exporter.domain.names import PairingId, PairingName, SiteName
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.watching.board import Board
from vr_exporter.watching.pairings import named
from vr_exporter.watching.peers import Peers

MADRID, BERLIN = (SiteName(name) for name in ("madrid", "berlin"))


def test_putting_a_site_swaps_the_snapshot_whole_and_keeps_the_order() -> None:
    """A reader that holds the old snapshot is not disturbed."""
    board = Board()
    board.put(a_site_snapshot(site=MADRID))
    board.put(a_site_snapshot(site=BERLIN))
    held = board.current()
    board.put(a_site_snapshot(site=MADRID, up=False))
    assert list(board.current().sites) == [MADRID, BERLIN]
    assert held.sites[MADRID].up
    assert not board.current().sites[MADRID].up


def test_each_change_is_told_with_the_site_that_changed() -> None:
    """Only that site is rendered again."""
    told: list[tuple[list[SiteName], SiteName | None]] = []

    def note(snapshot: Snapshot, site: SiteName | None) -> None:
        told.append((list(snapshot.sites), site))

    board = Board(on_change=note)
    board.put(a_site_snapshot(site=MADRID))
    board.remove(MADRID)
    assert told == [([MADRID], MADRID), ([], MADRID)]


def test_a_change_is_told_before_it_can_be_seen() -> None:
    """Who sees on the board that a site was read finds it on the page too."""
    seen: list[int] = []
    board = Board(on_change=lambda _snapshot, _site: seen.append(len(board.current().sites)))
    board.put(a_site_snapshot(site=MADRID))
    assert seen == [0]
    assert list(board.current().sites) == [MADRID]


def test_telling_again_tells_of_every_site() -> None:
    """A page that takes another's place is filled whole."""
    told: list[tuple[list[SiteName], SiteName | None]] = []
    board = Board(on_change=lambda snapshot, site: told.append((list(snapshot.sites), site)))
    board.put(a_site_snapshot(site=MADRID))
    board.tell_again()
    assert told[-1] == ([MADRID], None)


def test_a_pairing_is_named_after_its_alias_else_its_remote_vcenter() -> None:
    """An alias is found by the remote vCenter's name, however it is written, or by its id."""
    aliases = {"vc.berlin.example": PairingName("berlin"), "vc-rome-id": PairingName("rome")}
    remotes = [
        a_vc_server(name="VC.Berlin.example"),
        a_vc_server(id="vc-rome-id", name="vc.rome.example"),
        a_vc_server(id="x", name="vc.oslo.example"),
    ]
    pairings = tuple(
        a_pairing(id=PairingId(str(number)), remote_vc=remote)
        for number, remote in enumerate(remotes)
    )
    names = [pairing.name for pairing in named(pairings, aliases)]
    assert names == ["berlin", "rome", "vc.oslo.example"]


def test_of_two_pairings_with_one_name_the_later_id_adds_itself() -> None:
    """Names stay unique, and the same ones at every poll whatever the order of the answer."""
    first = a_pairing(id=PairingId("1111111111"))
    second = a_pairing(id=PairingId("2222222222"))
    for order in ((first, second), (second, first)):
        names = {pairing.id: pairing.name for pairing in named(order, {})}
        assert names == {first.id: "vc.berlin.example", second.id: "vc.berlin.example#22222222"}


def test_a_pairing_whose_remote_end_is_unknown_is_named_by_its_id() -> None:
    """Partial data may leave the remote vCenter out."""
    pairing = a_pairing(remote_vc=None, name=PairingName(""))
    assert str(named((pairing,), {})[0].name) == pairing.id


def test_a_site_is_the_far_end_when_it_has_the_remote_vcenter_or_the_pairing() -> None:
    """Either tells it: partial data leaves the remote vCenter out."""
    peers = Peers(lambda: [MADRID, BERLIN])
    assert peers.far_end(MADRID, a_pairing()) is None
    peers.introduce(BERLIN, vc_id="vc-berlin-id", pairings=())
    assert peers.far_end(MADRID, a_pairing()) == BERLIN
    assert peers.far_end(BERLIN, a_pairing()) is None
    peers.introduce(BERLIN, vc_id="", pairings=[a_pairing()])
    assert peers.far_end(MADRID, a_pairing(remote_vc=None)) == BERLIN


def test_a_site_that_could_say_nothing_is_known_all_the_same() -> None:
    """It is not waited for, and does not take back what it said before."""
    peers = Peers(lambda: [MADRID, BERLIN])
    peers.introduce(BERLIN, vc_id="vc-berlin-id", pairings=())
    assert not peers.are_all_known()
    for site in (MADRID, BERLIN):
        peers.introduce(site, vc_id="", pairings=())
    assert peers.are_all_known()
    assert peers.far_end(MADRID, a_pairing()) == BERLIN


def test_a_site_keeps_what_it_told_before_where_it_cannot_tell_now() -> None:
    """One failed GET /info does not cost the other site its remote session."""
    peers = Peers(lambda: [MADRID, BERLIN])
    listed = a_pairing(id=PairingId("shared"))
    peers.introduce(BERLIN, vc_id="vc-berlin-id", pairings=(listed,))
    peers.introduce(BERLIN, vc_id="", pairings=(listed,))
    assert peers.far_end(MADRID, a_pairing(id=PairingId("another"))) == BERLIN
    peers.introduce(BERLIN, vc_id="vc-berlin-id", pairings=())
    assert peers.far_end(MADRID, replace(listed, remote_vc=None)) == BERLIN
