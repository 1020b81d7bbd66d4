from __future__ import annotations

import json
from typing import Any

from tests.builders import (
    NOW,
    a_pairing_snapshot,
    a_replication,
    a_site_never_reached,
    a_site_snapshot,
    a_snapshot,
    a_watched,
    some_poll_facts,
    some_progress,
)
from vr_exporter.cli.status import rows
from vr_exporter.cli.status.rows import REPLICATION_COLUMNS, SITE_COLUMNS, Column, Row
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import SiteSnapshot, WatchedReplication
from vr_exporter.web import api
from vr_exporter.web.message import Request


def listed(key: str, *sites: SiteSnapshot) -> list[Row]:
    """Rows as the API gives them."""
    listing = {"sites": api.SITES, "replications": api.REPLICATIONS}[key]
    response = listing.answer(a_snapshot(*sites), Request("GET", "/"), now=NOW)
    answer: dict[str, Any] = json.loads(b"".join(response.chunks))
    found: list[Row] = answer[key]
    return found


def replication(watched: WatchedReplication) -> Row:
    """One replication as the API gives it."""
    return listed("replications", a_site_snapshot(a_pairing_snapshot(watched)))[0]


def shown(columns: tuple[Column, ...], row: Row) -> dict[str, str]:
    """The cells of a row by their headings."""
    texts = rows.cells(columns, row, now=NOW)
    return {column.heading: text for column, text in zip(columns, texts, strict=True)}


def test_a_site_shows_verdicts_syncs_version_and_the_age_of_its_last_poll() -> None:
    """All that the table promises, from one row of the API."""
    syncing = a_watched(a_replication(id="GID-2", progress=some_progress()))
    site = a_site_snapshot(a_pairing_snapshot(a_watched(), syncing))
    (row,) = rows.with_syncing(listed("sites", site), listed("replications", site))
    assert shown(SITE_COLUMNS, row) == {
        "site": "madrid",
        "state": "up",
        "last poll": "10s ago",
        "replications": "2",
        "met": "2",
        "late": "0",
        "breached": "0",
        "excused": "0",
        "unknown": "0",
        "syncing": "1",
        "version": "9.0.3",
        "last error": "-",
    }


def test_a_site_that_was_never_reached_has_unknowns_and_no_zero_age() -> None:
    """What is not known is a dash."""
    (row,) = rows.with_syncing(listed("sites", a_site_never_reached()), [])
    cells = shown(SITE_COLUMNS, row)
    assert (cells["state"], cells["last poll"], cells["version"]) == ("waiting", "-", "-")


def test_a_site_that_is_down_shows_its_error_cut_to_a_line() -> None:
    """A stale site is told from one that just failed."""
    poll = some_poll_facts(error="x" * 200, error_reason="connect")
    site = a_site_snapshot(up=False, stale=True, poll=poll)
    (row,) = rows.with_syncing(listed("sites", site), [])
    cells = shown(SITE_COLUMNS, row)
    assert cells["state"] == "down, stale"
    assert cells["last error"] == "x" * 59 + "…"


def test_a_replication_shows_how_far_behind_it_is() -> None:
    """Its objective, the time past it, its last sync and its progress."""
    late = a_watched(
        a_replication(
            status="SYNC_RPO_VIOLATION", rpo_violation_seconds=660, progress=some_progress()
        ),
        verdict=Verdict.BREACHED,
    )
    assert shown(REPLICATION_COLUMNS, replication(late)) == {
        "vm": "db-01",
        "site": "madrid",
        "pairing": "berlin",
        "direction": "outgoing",
        "status": "SYNC_RPO_VIOLATION",
        "verdict": "breached",
        "rpo": "15m",
        "behind": "11m",
        "last sync": "5m ago",
        "moved": "118 MiB",
        "progress": "50%",
    }


def test_a_replication_of_which_nothing_is_known_shows_dashes() -> None:
    """Unknown is never 0."""
    unknown = a_watched(
        a_replication(
            status=None,
            rpo_seconds=None,
            rpo_violation_seconds=None,
            last_sync_timestamp_seconds=None,
            last_sync_bytes=None,
        ),
        verdict=Verdict.UNKNOWN,
    )
    cells = shown(REPLICATION_COLUMNS, replication(unknown))
    assert {cells[name] for name in ("status", "rpo", "behind", "last sync", "moved")} == {"-"}


def test_a_running_sync_without_a_ratio_is_still_syncing() -> None:
    """The appliance may not say how far it is."""
    watched = a_watched(a_replication(progress=some_progress(ratio=None)))
    assert shown(REPLICATION_COLUMNS, replication(watched))["progress"] == "syncing"


def test_a_hostile_name_is_escaped() -> None:
    """A VM's name cannot clear the screen or turn the writing around."""
    watched = a_watched(a_replication(vm="db\x1b[2J\u202e\nx"))
    assert shown(REPLICATION_COLUMNS, replication(watched))["vm"] == "db\\u001b[2J\\u202e\\nx"


def test_the_worst_come_first() -> None:
    """Breached before late before unknown before met, the longest behind first."""
    some = [
        a_watched(a_replication(id=vm, vm=vm, rpo_violation_seconds=behind), verdict=verdict)
        for vm, behind, verdict in (
            ("met", 0, Verdict.MET),
            ("late", 1000, Verdict.LATE),
            ("unknown", None, Verdict.UNKNOWN),
            ("b-9", 9, Verdict.BREACHED),
            ("b-99", 99, Verdict.BREACHED),
        )
    ]
    found = listed("replications", a_site_snapshot(a_pairing_snapshot(*some)))
    ordered = [row["vm"] for row in sorted(found, key=rows.by_urgency)]
    assert ordered == ["b-99", "b-9", "late", "unknown", "met"]
