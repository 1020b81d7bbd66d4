"""The snapshot as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import (
    NOW,
    a_finished_task,
    a_pairing,
    a_pairing_snapshot,
    a_replication,
    a_site_never_reached,
    a_site_snapshot,
    a_snapshot,
    a_task,
    a_watched,
    an_error,
    an_issue,
    some_poll_facts,
    some_progress,
)
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.domain.tasks import TaskState
from vr_exporter.web.api import REPLICATIONS, SITES, TASKS, Listing
from vr_exporter.web.message import Request


def ask(listing: Listing, snapshot: Snapshot, *query: tuple[str, str]) -> Any:
    """The decoded answer."""
    response = listing.answer(snapshot, Request("GET", "/", query=query), now=NOW)
    assert response.status == 200
    answer = json.loads(b"".join(response.chunks))
    assert answer["generated_timestamp_seconds"] == NOW
    return answer[listing.key]


def refused(listing: Listing, *query: tuple[str, str]) -> tuple[int, str]:
    """Status and text of a refusal."""
    response = listing.answer(a_snapshot(), Request("GET", "/", query=query), now=NOW)
    return response.status, json.loads(b"".join(response.chunks))["detail"]


def names(rows: list[dict[str, Any]]) -> list[str]:
    """The VMs of replications."""
    return [row["vm"] for row in rows]


@pytest.fixture
def two_sites() -> Snapshot:
    """Madrid with a healthy, a late and a breached replication; Berlin with one."""
    late = a_watched(a_replication(id="GID-2", vm="web-01"), verdict=Verdict.LATE)
    breached = a_watched(a_replication(id="GID-3", vm="db-02"), verdict=Verdict.BREACHED)
    lisbon = a_pairing(id="lisbon-id", name="lisbon")
    madrid = a_site_snapshot(
        a_pairing_snapshot(a_watched(), late), a_pairing_snapshot(breached, pairing=lisbon)
    )
    berlin = a_site_snapshot(a_pairing_snapshot(a_replication(vm="mail-01")), site="berlin")
    return a_snapshot(madrid, berlin)


def test_site_has_all_that_a_table_of_sites_needs() -> None:
    """State, times, error, verdicts, pairings with issues, servers."""
    issue = an_issue(scope="pairing", severity="error", description="away")
    pairing = a_pairing_snapshot(issues={"pairing": (issue,)}, error="403")
    poll = some_poll_facts(error="timed out", error_reason="timeout")
    (site,) = ask(SITES, a_snapshot(a_site_snapshot(pairing, up=False, poll=poll)))
    assert site["site"] == "madrid"
    assert (site["up"], site["stale"], site["tried"]) == (False, False, True)
    assert (site["error"], site["error_reason"]) == ("timed out", "timeout")
    assert site["last_success_timestamp_seconds"] == NOW - 10
    assert site["appliance"]["version"] == "9.0.3"
    assert site["verdicts"] == {"met": 1, "late": 0, "breached": 0, "excused": 0, "unknown": 0}
    assert (site["replications"], site["tasks"]) == (1, 0)
    (shown,) = site["pairings"]
    assert (shown["pairing"], shown["up"], shown["error"]) == ("berlin", True, "403")
    assert shown["remote_vc"]["name"] == "vc.berlin.example"
    assert shown["pairing_issues"][0]["description"] == "away"
    assert shown["replication_issues"] is None
    assert site["servers"][0]["connected"] is True


def test_site_that_was_never_reached_is_there_with_nulls() -> None:
    """What is not known is null, and the site is listed all the same."""
    (site,) = ask(SITES, a_snapshot(a_site_never_reached()))
    assert site["tried"] is False
    assert (site["appliance"], site["tasks"], site["pairings"]) == (None, None, [])


def test_address_is_shown_without_credentials() -> None:
    """A password that somebody put into a URL is not handed on."""
    (site,) = ask(SITES, a_snapshot(a_site_snapshot(url="https://ann:secret@vr.example:8443/a")))
    assert site["url"] == "https://vr.example:8443/a"


def test_replication_has_all_that_a_table_of_replications_needs() -> None:
    """Identity, verdict, RPO, last sync, progress, switches and error texts."""
    replication = a_replication(progress=some_progress(), errors=(an_error(),))
    watched = a_watched(replication, progress_changed_timestamp_seconds=NOW - 3)
    (row,) = ask(REPLICATIONS, a_snapshot(a_site_snapshot(a_pairing_snapshot(watched))))
    assert (row["site"], row["pairing"], row["replication"]) == ("madrid", "berlin", "GID-1")
    assert (row["vm"], row["direction"], row["verdict"]) == ("db-01", "outgoing", "met")
    assert (row["rpo_seconds"], row["rpo_violation_seconds"]) == (900, 0)
    assert row["last_sync_timestamp_seconds"] == NOW - 300
    assert row["progress"]["ratio"] == 0.5
    assert row["progress_changed_timestamp_seconds"] == NOW - 3
    assert row["options"]["quiescing"] is False
    assert row["errors"] == [{"kind": "group", "message": "The disk is full."}]


def test_replication_of_a_stale_site_says_so() -> None:
    """People see the memory of a site that is away, marked as such."""
    site = a_site_snapshot(stale=True)
    assert [row["stale"] for row in ask(REPLICATIONS, a_snapshot(site))] == [True]


def test_replications_are_filtered(two_sites: Snapshot) -> None:
    """Filters of different kinds all have to fit, of one kind any."""
    assert names(ask(REPLICATIONS, two_sites)) == ["db-01", "web-01", "db-02", "mail-01"]
    assert names(ask(REPLICATIONS, two_sites, ("site", "berlin"))) == ["mail-01"]
    assert names(ask(REPLICATIONS, two_sites, ("pairing", "lisbon"))) == ["db-02"]
    assert names(ask(REPLICATIONS, two_sites, ("late", "true"))) == ["web-01", "db-02"]
    assert names(ask(REPLICATIONS, two_sites, ("late", "false"))) == ["db-01", "mail-01"]
    assert names(ask(REPLICATIONS, two_sites, ("match", "db-*"))) == ["db-01", "db-02"]
    assert names(ask(REPLICATIONS, two_sites, ("match", "GID-2"))) == ["web-01"]
    both = (("match", "db-*"), ("match", "web-*"), ("late", "true"))
    assert names(ask(REPLICATIONS, two_sites, *both)) == ["web-01", "db-02"]


@pytest.mark.parametrize(
    ("vm", "replication", "pattern", "is_found"),
    [
        ("db-01", "GID-1", "db-01", True),
        ("db-01", "GID-1", "DB-01", False),
        ("db-01", "GID-1", "db-0?", True),
        ("db-01", "GID-1", "db-0[2-9]", False),
        ("db-01", "GID-1", "GID-1", True),
        ("db-01", "GID-1", "GID-*", False),
        ("db[1]", "GID-1", "db[1]", False),
        ("db[1]", "GID-1", "db[[]1]", True),
        ("db-01", "odd[1]", "odd[1]", True),
        ("db*", "GID-1", "db*", True),
    ],
)
def test_a_pattern_is_an_id_or_a_glob_over_names(
    vm: str, replication: str, pattern: str, *, is_found: bool
) -> None:
    """An id is met as it stands, a name as a glob whose case counts, among others or alone."""
    watched = a_watched(a_replication(id=replication, vm=vm))
    snapshot = a_snapshot(a_site_snapshot(a_pairing_snapshot(watched)))
    others = tuple(("match", f"GID-9{n}") for n in range(40))
    for query in ((("match", pattern),), (*others, ("match", pattern))):
        assert names(ask(REPLICATIONS, snapshot, *query)) == [vm] * is_found


def test_filter_that_is_none_is_refused() -> None:
    """A slip in a filter does not list everything."""
    assert refused(SITES, ("sites", "madrid")) == (400, "unknown parameter (known: site)")
    assert refused(TASKS, ("site", "x")) == (404, "no such site (known: madrid)")
    assert refused(REPLICATIONS, ("late", "yes"))[0] == 400
    assert refused(REPLICATIONS, ("match", "*" * 300))[0] == 400


def test_tasks_are_listed_with_their_errors() -> None:
    """Anybody's tasks, with what the appliance says of a failure."""
    failed = a_finished_task(state=TaskState.ERROR, error_class="storage", error_message="full")
    site = a_site_snapshot(tasks=(failed, a_task()))
    first, second = ask(TASKS, a_snapshot(site, a_site_never_reached(site="wien")))
    assert (first["task"], first["state"], first["error_message"]) == ("task-0", "ERROR", "full")
    assert (first["duration_seconds"], first["queue_wait_seconds"]) == (50, 2)
    assert (second["progress_ratio"], second["duration_seconds"]) == (0.25, None)


def test_wild_name_is_sent() -> None:
    """No name of a VM can spoil the answer, half a surrogate pair included."""
    wild = 'a"\\\x00\n\u2028\ud800</script>'
    site = a_site_snapshot(a_pairing_snapshot(a_replication(vm=wild, progress=some_progress())))
    response = REPLICATIONS.answer(a_snapshot(site), Request("GET", "/"), now=NOW)
    assert b"\\ud800" in b"".join(response.chunks)
