"""The JSON that the status page lives on."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from tests.builders import (
    NOW,
    a_pairing_snapshot,
    a_replication,
    a_site_snapshot,
    a_snapshot,
    a_watched,
    an_error,
    some_progress,
)
from tests.desks import TOKEN, FakeDesk
from tests.rich import a_failing_site, a_rich_site
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.syncing.schedules import Schedule
from vr_exporter.syncing.targets import Wanted
from vr_exporter.web.message import Request, Response
from vr_exporter.web.routes import Routes, Sources

ROWS = "/api/v1/status/replications"


@dataclass
class Shown:
    """Routes over a snapshot and a time that may both change."""

    snapshot: Snapshot = field(default_factory=a_snapshot)
    time: float = NOW
    desk: FakeDesk | None = None
    schedules: tuple[Schedule, ...] = ()
    expected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.routes = Routes(
            Sources(
                snapshot=lambda: self.snapshot,
                metrics_body=_no_metrics,
                is_healthy=lambda: (True, ""),
                now=lambda: self.time,
                version="1.2.3",
                acting=self.desk.acting() if self.desk else None,
                schedules=lambda: self.schedules,
                expected_vms=lambda: self.expected,
            )
        )

    def get(self, path: str = "/api/v1/status", **headers: str) -> Response:
        """The answer to a GET."""
        return self.routes(Request("GET", path, headers=headers))

    def json(self, path: str = "/api/v1/status") -> dict[str, Any]:
        """The object of an answer."""
        said: dict[str, Any] = msgspec.json.decode(b"".join(self.get(path).chunks))
        return said


def _no_metrics(**_: object) -> Any:
    raise AssertionError("nobody asks for metrics here")


def etag(response: Response) -> str:
    """The tag of an answer."""
    return dict(response.headers)["ETag"]


def test_status_tells_all_that_the_page_shows() -> None:
    """Facts, sites with their pairings, triggers, failures, tasks, of a good site and a bad one."""
    said = Shown(a_snapshot(a_rich_site(), a_failing_site()), expected=("nobody-01",)).json()
    assert said["version"] == "1.2.3"
    assert said["facts"][0] == {
        "level": "down",
        "sentence": "Site berlin is down: what stands below is what was last known",
    }
    assert any("nobody-01" in fact["sentence"] for fact in said["facts"])
    assert [site["site"] for site in said["sites"]] == ["madrid", "berlin"]
    assert said["sites"][0]["verdicts"] == {"met": 1, "breached": 1, "unknown": 1}
    assert said["sites"][0]["pairings"][0]["pairing"] == "berlin"
    assert said["triggers_total"] == len(said["triggers"]) == 6
    assert {task["task"] for task in said["tasks"]} == {"task-0", "task-1", "task-2"}
    assert "The disk is full." in [failure["message"] for failure in said["failures"]]


def test_status_tells_the_next_slots_the_soonest_first() -> None:
    """A line that no day fits comes last, and never."""
    schedules = (
        Schedule("never", "0 0 30 2 *"),
        Schedule("nightly", "0 2 * * *", "Europe/Madrid", Wanted(patterns=("db-*",)), 60.0),
        Schedule("soon", "* * * * *"),
    )
    said = Shown(schedules=schedules).json()["schedules"]
    assert [each["schedule"] for each in said] == ["soon", "nightly", "never"]
    assert said[0]["next_timestamp_seconds"] - NOW <= 60
    assert said[1]["patterns"] == ["db-*"]
    assert said[2]["next_timestamp_seconds"] is None


def test_status_tells_wishes_that_came_to_nothing_with_their_vm() -> None:
    """Those that went well are left out."""
    rows = (
        AuditRow(3, NOW, "nightly", "skipped", "k", "madrid", "GID-1", "cooldown: asked 5 s ago"),
        AuditRow(2, NOW, "nightly", "succeeded", "k", "madrid", "GID-1"),
        AuditRow(1, NOW, "api from ::1", "refused", "j", "madrid", "GID-gone", "busy"),
    )
    said = Shown(desk=FakeDesk(rows=rows)).json()["refusals"]
    assert [(each["vm"], each["what"]) for each in said] == [("db-01", "skipped"), ("", "refused")]
    assert said[0]["why"] == "cooldown: asked 5 s ago"


def test_page_can_sync_only_where_a_token_is_set() -> None:
    """Without a desk or a token nothing acts over TCP, and the page offers nothing."""
    assert not Shown().json()["can_sync"]
    assert not Shown(desk=FakeDesk(token=None)).json()["can_sync"]
    assert Shown(desk=FakeDesk()).json()["can_sync"]
    assert TOKEN not in str(Shown(desk=FakeDesk()).json())


def test_rows_hold_every_replication_once_the_worst_first() -> None:
    """Breached before late before the others, then by time past the RPO, then by name."""
    rows = [
        a_watched(a_replication(id="1", vm="b-met")),
        a_watched(a_replication(id="2", vm="late", rpo_violation_seconds=9), verdict=Verdict.LATE),
        a_watched(
            a_replication(id="3", vm="bad", rpo_violation_seconds=5, progress=some_progress()),
            verdict=Verdict.BREACHED,
        ),
        a_watched(a_replication(id="4", vm="a-met", errors=(an_error(message="x" * 999),))),
    ]
    both = a_snapshot(
        a_site_snapshot(a_pairing_snapshot(*rows)),
        a_site_snapshot(a_pairing_snapshot(*rows), site=SiteName("berlin")),
    )
    said = Shown(both).json(ROWS)
    found = [dict(zip(said["columns"], row, strict=True)) for row in said["rows"]]
    assert [each["vm"] for each in found] == ["bad", "late", "a-met", "b-met"]
    assert (found[0]["syncing"], found[0]["ratio"]) == (True, 0.5)
    assert (found[1]["syncing"], found[1]["ratio"]) == (False, None)
    assert len(found[2]["error"]) < 310


def test_unchanged_answer_is_not_sent_again() -> None:
    """304 by the tag, which leaves the time out; a change makes another tag."""
    shown = Shown()
    for path, what in (("/", a_replication(status="PAUSED")), (ROWS, a_replication(status="SYNC"))):
        tag = etag(shown.get(path))
        again = shown.get(path, **{"if-none-match": f'"other", {tag}'})
        assert (again.status, again.chunks) == (304, ())
        shown.snapshot = a_snapshot(a_site_snapshot(a_pairing_snapshot(what), up=path == ROWS))
        assert shown.get(path, **{"if-none-match": tag}).status == 200


def test_status_is_the_same_later_while_nothing_happens() -> None:
    """The time of the answer moves on, its tag does not."""
    shown = Shown()
    first = shown.json()
    tag = etag(shown.get())
    shown.time += 3600
    assert (
        shown.json()["generated_timestamp_seconds"] == first["generated_timestamp_seconds"] + 3600
    )
    assert shown.get(**{"if-none-match": tag}).status == 304


def test_rows_are_not_made_again_for_a_trigger() -> None:
    """Only what a poll reads anew makes another list; the bytes stay the very same object."""
    shown = Shown()
    before = shown.get(ROWS).chunks[0]
    site = shown.snapshot.sites[SiteName("madrid")]
    shown.snapshot = a_snapshot(replace(site, is_circuit_open=True))
    assert shown.get(ROWS).chunks[0] is before
    shown.snapshot = a_snapshot(replace(site, stale=True))
    assert shown.get(ROWS).chunks[0] is not before


def test_answers_are_packed_for_those_who_unpack() -> None:
    """Gzip where it is accepted and worth it, with the same words inside."""
    many = [a_replication(id=f"GID-{number}") for number in range(50)]
    shown = Shown(a_snapshot(a_site_snapshot(a_pairing_snapshot(*many))))
    packed = shown.get(ROWS, **{"accept-encoding": "gzip"})
    assert dict(packed.headers)["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.chunks[0]) == shown.get(ROWS).chunks[0]


def test_name_that_is_no_clean_text_is_sent_all_the_same() -> None:
    """Half a surrogate pair in a name costs nobody the page."""
    shown = Shown(a_snapshot(a_site_snapshot(a_pairing_snapshot(a_replication(vm="bad\ud800")))))
    assert shown.get(ROWS).status == shown.get().status == shown.get("/").status == 200
