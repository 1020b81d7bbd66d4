from __future__ import annotations

import json
from typing import Any

import pytest

from vr_exporter.appliance import wire
from vr_exporter.domain.inventory import Issue, Pairing, ReplicationServer, VcServer

NOW = 1_790_000_000.0


def reading_of(*rows: Any) -> tuple[bytes, wire.Reading]:
    """A page of rows, and what reads it."""
    return json.dumps({"list": rows}).encode(), wire.Reading(NOW)


def a_pairing_info(**changes: Any) -> dict[str, Any]:
    """A pairing as the vendor sends it."""
    return {
        "pairing_id": "p-1",
        "local_vc_server": {"id": "vc-1", "name": "vc.madrid", "server_status": "OK"},
        "remote_vc_server": {"id": "vc-2", "name": "vc.berlin", "server_status": "ERROR"},
        **changes,
    }


def pairing(**changes: Any) -> tuple[Pairing, dict[str, int]]:
    """Read one pairing."""
    body, reading = reading_of(a_pairing_info(**changes))
    (row,) = wire.pairings_page(body, reading).rows
    return row, dict(reading.surprises.counts)


def test_a_pairing_is_named_by_its_remote_vcenter() -> None:
    """The vendor gives it no name of its own."""
    row, surprises = pairing()
    assert (row.id, row.name, row.is_local) == ("p-1", "vc.berlin", False)
    assert row.local_vc == VcServer("vc-1", "vc.madrid", connected=True)
    assert row.remote_vc == VcServer("vc-2", "vc.berlin", connected=False)
    assert not surprises


@pytest.mark.parametrize("remote", [None, {}, {"server_status": "OK"}])
def test_partial_data_leaves_the_remote_end_out(remote: Any) -> None:
    """Null, absent and empty are read alike."""
    row, surprises = pairing(remote_vc_server=remote)
    assert (row.remote_vc, row.name) == (None, "")
    assert not surprises


def cut_off(field: str, *remotes: Any, code: str = "remote_server_down") -> list[Any]:
    """Whether the far end of each pairing is connected, after one partial error."""
    infos = [
        a_pairing_info(pairing_id=f"p-{number}", remote_vc_server=remote)
        for number, remote in enumerate(remotes)
    ]
    errors = [{"code": code, "message": "Away.", "field": field}]
    body = json.dumps({"list": infos, "_meta": {"errors": errors}}).encode()
    rows = wire.pairings_page(body, wire.Reading(NOW)).rows
    return [row.remote_vc and row.remote_vc.connected for row in rows]


@pytest.mark.parametrize("field", ["$.list[1].remote_vc_server", "$['list'][1]['remote_vrms']"])
def test_A57_a_far_end_withheld_because_it_is_down_is_not_connected(field: str) -> None:
    """The error names the row; of the others nothing is said."""
    assert cut_off(field, None, None) == [None, False]
    assert cut_off(field, None, {}) == [None, False]
    assert cut_off(field, None, None, code="remote_not_authenticated") == [None, None]


@pytest.mark.parametrize("field", ["$.list[*].remote_vc_server", "$.list", "", "$.list[99]"])
def test_A57_an_error_that_names_no_row_holds_for_all_that_lack_their_far_end(field: str) -> None:
    """What a pairing does say of its far end stands; a row that is not there is nobody's."""
    known = {"id": "vc-2", "name": "vc.berlin", "server_status": "OK"}
    everywhere = None if "99" in field else False
    assert cut_off(field, None, known) == [everywhere, True]


@pytest.mark.parametrize(("status", "connected"), [("WARNING", True), ("ODD", True), (..., None)])
def test_a_vcenter_is_disconnected_only_by_error(status: Any, connected: Any) -> None:
    """Anything but ERROR is connected; nothing said is unknown."""
    server = {"id": "vc-2", "name": "b"} | ({} if status is ... else {"server_status": status})
    row, _ = pairing(remote_vc_server=server)
    assert row.remote_vc is not None
    assert row.remote_vc.connected is connected


def test_A41_a_pairing_without_an_id_is_dropped() -> None:
    """The others stay."""
    body, reading = reading_of(a_pairing_info(pairing_id=None), a_pairing_info())
    assert [row.id for row in wire.pairings_page(body, reading).rows] == ["p-1"]
    assert reading.surprises.counts == {"null": 1}


def test_a_replication_server_goes_by_its_uuid() -> None:
    """The uuid is the identity, the id only where there is none."""
    full = {
        "id": "HmsRemoteHbrServer:1",
        "uuid": "u-1",
        "name": None,
        "hostname": "vrs-1",
        "connected": True,
        "decommissioned": False,
        "replication_count": 7,
    }
    body, reading = reading_of(full, {"id": "only-id", "replication_count": -1}, {"name": "x"})
    rows = wire.servers_page(body, reading).rows
    assert rows == (
        ReplicationServer(
            "u-1", "vrs-1", "local", connected=True, decommissioned=False, replications=7
        ),
        ReplicationServer("only-id", "", "local"),
    )
    assert reading.surprises.counts == {"range": 1, "null": 1}


def test_issues_have_a_severity() -> None:
    """The vendor's status in lower case; one that is unknown counts as a warning."""
    body, reading = reading_of(
        {
            "entity": "e-1",
            "entity_name": "db-01",
            "description": "The\nRPO",
            "timestamp": 1_789_999_000_000,
            "status": "ERROR",
        },
        {"entity": "e-2", "entity_name": None, "timestamp": 0, "status": "FATAL"},
    )
    rows = wire.issues_page(body, reading, scope="replication").rows
    assert rows == (
        Issue("replication", "error", "db-01", "The RPO", 1_789_999_000.0),
        Issue("replication", "warning", "e-2", ""),
    )
    assert reading.surprises.counts == {"time": 1, "enum": 1}


def test_info_is_read_tolerantly() -> None:
    """An odd member costs itself alone."""
    reading = wire.Reading(NOW, "v1")
    facts = wire.info_of(b'{"version": 9, "vc_guid": null, "vc_name": "vc"}', reading)
    assert (facts.version, facts.vc_id, facts.vc_name, facts.api) == ("9", "", "vc", "v1")
    assert reading.surprises.counts == {"type": 1, "null": 1}
