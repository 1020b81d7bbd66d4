"""The routes of triggers over a real desk and ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import NOW, a_snapshot
from tests.ledgers import an_engine
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.desk import Desk, Policy
from vr_exporter.syncing.targets import Directory
from vr_exporter.web.acting import Acting
from vr_exporter.web.message import Request
from vr_exporter.web.routes import Routes, Sources

PATH = "/api/v1/sites/madrid/replications/db-01/sync"


class NoPage:
    """Stands for the page of metrics."""

    chunks = ()
    etag = ""


class Office:
    """Routes as the program wires them."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        desk = Desk(
            ledger, snapshot=a_snapshot, policy=Policy(), now=lambda: NOW, nudge=lambda _: None
        )
        acting = Acting(
            find=Directory(a_snapshot).find,
            submit=desk.submit,
            preview=desk.preview,
            turn_away=desk.turn_away,
            trigger=ledger.trigger,
            triggers=ledger.triggers,
            audit=ledger.audit,
            acknowledge=ledger.acknowledge,
            token=lambda: "secret",
            is_stopping=lambda: False,
        )
        self.routes = Routes(
            Sources(
                snapshot=a_snapshot,
                metrics_body=lambda **_: NoPage(),
                is_healthy=lambda: (True, ""),
                now=lambda: NOW,
                version="1",
                acting=acting,
            )
        )

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Status and JSON."""
        sent = {"host": "vr", "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.routes(Request(method, path, headers=sent, body=body, peer="192.0.2.7"))
        return response.status, json.loads(b"".join(response.chunks))

    def wish(self, path: str = PATH, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Ask with the right token."""
        return self.ask("POST", path, body, authorization="Bearer secret", **headers)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A fresh ledger behind the routes."""
    with an_engine(tmp_path) as engine:
        yield Office(engine.open())


def test_wish_is_in_the_ledger_when_202_is_said(office: Office) -> None:
    """And can be looked at under its path, in the list and in the audit."""
    status, taken = office.wish()
    assert status == 202
    assert office.ledger.trigger(taken["key"]) is not None
    assert office.ask("GET", taken["url"])[1]["state"] == "reserved"
    assert len(office.ask("GET", "/api/v1/triggers")[1]["triggers"]) == 1
    (row,) = office.ask("GET", "/api/v1/audit")[1]["audit"]
    assert (row["actor"], row["what"], row["key"]) == (
        "api from 192.0.2.7",
        "reserved",
        taken["key"],
    )


def test_C19_repeat_is_200_and_another_wish_under_the_key_409(office: Office) -> None:
    """The ledger tells them apart by the digest of the wish."""
    _, first = office.wish(idempotency_key="run-1")
    status, again = office.wish(idempotency_key="run-1", body=b"{}")
    assert (status, again["key"]) == (200, first["key"])
    assert office.wish(idempotency_key="run-1", body=b'{"force": true}')[0] == 409


def test_second_wish_for_a_target_joins_the_first(office: Office) -> None:
    """202 too: it is taken, and follows."""
    _, first = office.wish()
    status, second = office.wish()
    assert (status, second["state"], second["follows"]) == (202, "joined", first["key"])


def test_C2_refused_request_writes_nothing(office: Office) -> None:
    """No row, no audit, no count."""
    writes = office.ledger.facts.writes
    for token in ("", "Bearer wrong"):
        assert office.ask("POST", PATH, authorization=token)[0] == 401
    assert (office.ledger.triggers(), office.ledger.audit(limit=10)) == ((), ())
    assert office.ledger.facts.writes == writes


def test_C3_unknown_target_is_audited_and_counted(office: Office) -> None:
    """404, no row to look at, and who asked stays known."""
    status, _ = office.wish("/api/v1/sites/madrid/replications/nobody/sync")
    assert (status, office.ledger.triggers()) == (404, ())
    (row,) = office.ledger.audit(limit=10)
    assert (row.what, row.site) == ("skipped", "madrid")
    assert "nobody" in row.result


def test_nothing_unknown_is_nothing_to_acknowledge(office: Office) -> None:
    """A wish that waits is no trigger whose outcome stayed unknown."""
    _, taken = office.wish()
    assert office.wish(f"{taken['url']}/acknowledge")[0] == 404
