"""Looking at triggers, at the audit and at what names mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import NOW, a_site_never_reached, a_site_snapshot, a_snapshot
from tests.desks import FakeDesk
from tests.wishes import a_target, a_trigger
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.triggers import Origin, TriggerState
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.web.message import Request
from vr_exporter.web.routes import Routes, Sources


class NoPage:
    """Stands for the page of metrics."""

    chunks = ()
    etag = ""


def get(desk: FakeDesk, path: str, *query: tuple[str, str]) -> tuple[int, Any]:
    """Status and JSON of a GET, for which no token is needed."""
    routes = Routes(
        Sources(
            snapshot=desk.snapshot,
            metrics_body=lambda **_: NoPage(),
            is_healthy=lambda: (True, ""),
            now=lambda: NOW,
            version="1",
            acting=desk.acting(),
        )
    )
    response = routes(Request("GET", f"/api/v1/{path}", query=query))
    return response.status, json.loads(b"".join(response.chunks))


@pytest.fixture
def desk() -> FakeDesk:
    """A desk with three triggers, the youngest first."""
    berlin = a_target(site="berlin", replication_id="GID-9", vm="web-09")
    return FakeDesk(
        lambda: a_snapshot(a_site_snapshot(), a_site_snapshot(site="berlin")),
        kept=[
            a_trigger(key="c", state=TriggerState.RUNNING, task_id="task-1"),
            a_trigger(key="b", target=berlin, origin=Origin.API),
            a_trigger(key="a", state=TriggerState.SUCCEEDED, ended_at=NOW + 60, is_confirmed=True),
        ],
    )


def keys(answer: tuple[int, Any]) -> list[str]:
    """The keys of a list of triggers."""
    status, shape = answer
    assert (status, shape["generated_timestamp_seconds"]) == (200, NOW)
    return [trigger["key"] for trigger in shape["triggers"]]


def test_triggers_are_listed_youngest_first(desk: FakeDesk) -> None:
    """All of them, unless narrowed by site, state or number."""
    assert keys(get(desk, "triggers")) == ["c", "b", "a"]
    assert keys(get(desk, "triggers", ("limit", "2"))) == ["c", "b"]
    assert keys(get(desk, "triggers", ("site", "berlin"))) == ["b"]
    states = (("state", "succeeded"), ("state", "reserved"))
    assert keys(get(desk, "triggers", *states)) == ["b", "a"]
    assert keys(get(desk, "triggers", ("limit", "1"), *states)) == ["b"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("triggers", ("state", "done"), 400),
        ("triggers", ("limit", "0"), 400),
        ("triggers", ("limit", "1001"), 400),
        ("triggers", ("limit", "+5"), 400),
        ("triggers", ("limit", "٣"), 400),
        ("triggers", ("limit", "1" * 5000), 400),
        ("triggers", ("sites", "madrid"), 400),
        ("triggers", ("site", "atlantis"), 404),
        ("triggers/nobody", ("", ""), 404),
        ("audit", ("site", "madrid"), 400),
        ("targets", ("late", "true"), 400),
        ("targets", ("all", "yes"), 400),
        ("targets", ("all", "false"), 400),
        ("targets", ("name", "x" * 257), 400),
        ("targets", ("match", "*" * 257), 400),
    ],
)
def test_filter_that_is_none_is_refused(
    desk: FakeDesk, path: str, query: tuple[str, str], status: int
) -> None:
    """Listing something else than was meant would be worse."""
    assert get(desk, path, *([query] if query[0] else []))[0] == status


def test_trigger_has_all_that_a_follower_needs(desk: FakeDesk) -> None:
    """State, word, outcome, exit code, times and task, null while unknown."""
    _, running = get(desk, "triggers/c")
    assert (running["state"], running["word"], running["outcome"]) == (
        "running",
        "syncing",
        "accepted",
    )
    assert (running["is_final"], running["exit_code"], running["task"]) == (False, None, "task-1")
    assert running["ended_timestamp_seconds"] is None
    status, ended = get(desk, "triggers/a")
    assert (status, ended["is_final"], ended["exit_code"], ended["confirmed"]) == (
        200,
        True,
        0,
        True,
    )
    assert ended["ended_timestamp_seconds"] == NOW + 60
    assert ended["url"] == "/api/v1/triggers/a"


def test_audit_tells_who_and_what() -> None:
    """The rows as the ledger gives them."""
    row = AuditRow(7, NOW, "api from 192.0.2.7", "reserved", "k", "madrid", "GID-1")
    desk = FakeDesk(rows=(row, AuditRow(6, NOW, "ann", "kill_switch", result="on")))
    _, shape = get(desk, "audit", ("limit", "1"))
    assert shape["audit"] == [
        {
            "number": 7,
            "timestamp_seconds": NOW,
            "actor": "api from 192.0.2.7",
            "what": "reserved",
            "key": "k",
            "site": "madrid",
            "replication": "GID-1",
            "result": "",
        }
    ]
    assert len(get(desk, "audit")[1]["audit"]) == 2


def test_targets_are_told_with_their_pairing() -> None:
    """Names are resolved in one place for all clients."""
    status, shape = get(FakeDesk(), "targets", ("name", "db-01"), ("match", "db-*"))
    assert status == 200
    assert shape["targets"] == [
        {
            "replication": "GID-1",
            "site": "madrid",
            "pairing": "berlin",
            "pairing_id": a_target().pairing_id,
            "vm": "db-01",
        }
    ]
    assert shape["faults"] == shape["unread"] == []
    assert get(FakeDesk(), "targets", ("all", "true"))[1]["targets"] == shape["targets"]


def test_word_that_means_nothing_is_a_fault_beside_the_rest() -> None:
    """The others are found all the same, and what could not be read is said."""
    shown = Snapshot({**a_snapshot().sites, **a_snapshot(a_site_never_reached(site="wien")).sites})
    query = (("name", "db-1"), ("name", "db-01"))
    _, shape = get(FakeDesk(lambda: shown), "targets", *query)
    assert len(shape["targets"]) == 1
    (fault,) = shape["faults"]
    assert (fault["word"], fault["reason"], fault["nearest"]) == ("db-1", "not_found", ["db-01"])
    assert 'no VM or replication "db-1"' in fault["sentence"]
    assert shape["unread"] == ["wien has not been read yet"]


def test_place_may_be_said_once() -> None:
    """A site or pairing that is not there is a fault too."""
    twice = (("all", "true"), ("site", "madrid"), ("site", "berlin"))
    assert get(FakeDesk(), "targets", *twice)[0] == 400
    _, shape = get(FakeDesk(), "targets", ("all", "true"), ("site", "atlantis"))
    assert (shape["targets"], shape["faults"][0]["word"]) == ([], "atlantis")
    _, shape = get(FakeDesk(), "targets", ("all", "true"), ("pairing", "berlin"))
    assert len(shape["targets"]) == 1
