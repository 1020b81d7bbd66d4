"""What is not known has no sample, and what is too old is withheld."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import (
    NOW,
    a_finished_task,
    a_pairing,
    a_pairing_snapshot,
    a_replication,
    a_replication_server,
    a_site_never_reached,
    a_site_snapshot,
    a_task,
    a_vc_server,
    a_watched,
    an_issue,
    some_poll_facts,
    some_progress,
)
from tests.pages import a_page, named, names_on, own_metrics, value
from tests.rich import EXPECTED_VMS, a_rich_pairing, a_rich_site, rich_totals, tell_everything
from vr_exporter.domain.inventory import KNOWN_STATUSES, Direction, Replication
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import SiteSnapshot, WatchedReplication
from vr_exporter.domain.tasks import OPERATIONS, Task, TaskState
from vr_exporter.metrics.expected import unreplicated
from vr_exporter.metrics.page import Page

BERLIN = SiteName("berlin")


def page_with(*replications: Replication | WatchedReplication) -> Page:
    """A page of one site with these replications."""
    return a_page(a_site_snapshot(a_pairing_snapshot(*replications)))


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"status": None}, ["vr_replication_status"]),
        ({"configuration_state": None}, ["vr_replication_configuration_state"]),
        ({"rpo_seconds": None}, ["vr_replication_rpo_seconds"]),
        ({"rpo_violated": None}, ["vr_replication_rpo_violated"]),
        ({"rpo_violation_seconds": None}, ["vr_replication_rpo_violation_seconds"]),
        ({"last_sync_bytes": None}, ["vr_replication_last_sync_bytes"]),
        ({"last_sync_duration_seconds": None}, ["vr_replication_last_sync_duration_seconds"]),
        ({"options": None}, ["vr_replication_options_info"]),
        ({"last_sync_timestamp_seconds": None}, ["vr_replication_last_sync_timestamp_seconds"]),
        ({"mpit_instances": None}, ["vr_replication_mpit_instances"]),
        ({"mpit_retention_seconds": None}, ["vr_replication_mpit_retention_seconds"]),
    ],
)
def test_R4_unknown_fact_takes_its_own_samples_away_and_no_others(
    changes: dict[str, Any], absent: list[str]
) -> None:
    """An unknown fact is an absent sample, never a 0."""
    kept = {"mpit_instances": 3, "mpit_retention_seconds": 86_400}
    every = names_on(page_with(a_replication(**kept)))
    assert every - names_on(page_with(a_replication(**{**kept, **changes}))) == set(absent)


def test_sync_of_no_bytes_in_no_time_is_shown() -> None:
    """0 that is known is a value."""
    page = page_with(a_replication(last_sync_bytes=0, last_sync_duration_seconds=0))
    assert value(page, "vr_replication_last_sync_bytes") == 0
    assert value(page, "vr_replication_last_sync_duration_seconds") == 0


@pytest.mark.parametrize(
    ("verdict", "breached"),
    [
        (Verdict.MET, 0),
        (Verdict.LATE, 0),
        (Verdict.EXCUSED, 0),
        (Verdict.BREACHED, 1),
        (Verdict.UNKNOWN, None),
    ],
)
def test_breached_follows_the_verdict(verdict: Verdict, breached: int | None) -> None:
    """The series that alerts is 1 for a breach alone and absent where nothing can be said."""
    page = page_with(a_watched(verdict=verdict))
    assert value(page, "vr_replication_rpo_breached") == breached


def test_lightweight_delta_has_no_checksum_series() -> None:
    """A running sync without a checksum phase shows what it has."""
    progress = some_progress(checksum_compared_bytes=None, checksum_size_bytes=None)
    page = page_with(
        a_watched(a_replication(progress=progress), progress_changed_timestamp_seconds=NOW)
    )
    assert {n for n in names_on(page) if n.startswith("vr_replication_sync_")} == {
        "vr_replication_sync_progress_ratio",
        "vr_replication_sync_transferred_bytes",
        "vr_replication_sync_transfer_size_bytes",
        "vr_replication_sync_progress_changed_timestamp_seconds",
    }


def test_movement_of_an_ended_sync_is_not_shown() -> None:
    """Where no sync runs none can be stuck."""
    page = page_with(a_watched(progress_changed_timestamp_seconds=NOW))
    assert "vr_replication_sync_progress_changed_timestamp_seconds" not in names_on(page)


def test_A46_unknown_state_is_shown_verbatim_and_counted_as_other() -> None:
    """A state that is not published keeps its spelling in detail; counts know a closed set."""
    page = page_with(a_replication(status="RECONFIGURING"), a_replication(id="GID-2", status=None))
    assert value(page, "vr_replication_status", status="RECONFIGURING") == 1
    counts = {
        dict(labels)["status"]: count
        for labels, count in named(page, "vr_replications").items()
        if ("direction", "outgoing") in labels
    }
    assert counts == dict.fromkeys(KNOWN_STATUSES, 0) | {"OTHER": 1, "UNKNOWN": 1}


def test_counts_are_zero_filled_over_both_directions_or_local_alone() -> None:
    """A pairing of a vCenter with itself has one direction, any other has two."""
    both = a_page(a_site_snapshot())
    assert len(named(both, "vr_replications")) == 38
    assert len(named(both, "vr_replications_rpo")) == 10
    itself = a_pairing(remote_vc=a_pairing().local_vc)
    replication = a_replication(direction=Direction.LOCAL)
    local = a_page(a_site_snapshot(a_pairing_snapshot(replication, pairing=itself)))
    assert len(named(local, "vr_replications")) == 19
    assert value(local, "vr_replications_rpo", direction="local", verdict="met") == 1


def test_issues_of_a_scope_that_may_not_be_read_are_absent() -> None:
    """A refused endpoint is unknown, a readable empty one is 0."""
    issues = {"replication": (an_issue(), an_issue())}
    page = a_page(a_site_snapshot(a_pairing_snapshot(issues=issues)))
    assert value(page, "vr_issues", scope="replication", severity="warning") == 2
    assert value(page, "vr_issues", scope="replication", severity="error") == 0
    assert value(page, "vr_issues", scope="pairing", severity="error") is None


def test_partial_data_leaves_the_remote_vcenter_out() -> None:
    """Without a remote session the far side has no name and no state."""
    pairing = a_pairing(remote_vc=None)
    page = a_page(a_site_snapshot(a_pairing_snapshot(pairing=pairing, remote_session_up=False)))
    assert value(page, "vr_pairing_info", local_vc="vc.madrid.example") == 1
    assert value(page, "vr_pairing_vc_connected", side="local") == 1
    assert value(page, "vr_pairing_vc_connected", side="remote") is None
    assert value(page, "vr_pairing_remote_session_up") == 0


def test_unknown_connection_of_a_vcenter_is_absent() -> None:
    """A missing field is neither connected nor not."""
    pairing = a_pairing(local_vc=None, remote_vc=a_vc_server(connected=None))
    page = a_page(a_site_snapshot(a_pairing_snapshot(pairing=pairing, remote_session_up=None)))
    assert not {"vr_pairing_vc_connected", "vr_pairing_remote_session_up"} & names_on(page)


def test_silent_replication_server_has_its_info_only() -> None:
    """A server of which nothing is said but its name is shown without numbers."""
    server = a_replication_server(connected=None, replications=None, decommissioned=None, side="")
    page = a_page(a_site_snapshot(servers=(server, server)))
    assert value(page, "vr_replication_server_info", name="vrs-madrid-1") == 1
    shown = {n for n in names_on(page) if n.startswith("vr_replication_server_")}
    assert shown == {"vr_replication_server_info"}


def test_site_never_reached_says_that_it_is_down_and_nothing_of_its_inventory() -> None:
    """`vr_up` is 0 from the first moment; there are no times and no detail yet."""
    names = names_on(a_page(a_site_never_reached(), own=own_metrics()))
    ours = (
        "vr_exporter_",
        "vr_store_",
        "vr_trigger",
        "vr_alert",
        "vr_webhook",
        "process_",
        "python_",
    )
    assert {name for name in names if not name.startswith(ours)} == {
        "vr_up",
        "vr_snapshot_stale",
        "vr_poll_interval_seconds",
        "vr_rows_dropped",
        "vr_snapshot_rendered_bytes",
        "vr_snapshot_render_duration_seconds",
        "vr_secret_reload_failures_total",
        "vr_log_lines_dropped_total",
    }


def test_stages_of_a_poll_that_broke_off_are_0() -> None:
    """Every stage has a series once a poll was tried."""
    facts = some_poll_facts(stages={"pairings": 0.5})
    page = a_page(a_site_snapshot(poll=facts))
    assert value(page, "vr_poll_duration_seconds", stage="pairings") == 0.5
    assert value(page, "vr_poll_duration_seconds", stage="tasks") == 0
    assert len(named(page, "vr_poll_duration_seconds")) == 5


KEPT_WHILE_STALE = {
    "vr_up",
    "vr_snapshot_stale",
    "vr_poll_last_success_timestamp_seconds",
    "vr_poll_last_attempt_timestamp_seconds",
    "vr_poll_duration_seconds",
    "vr_poll_interval_seconds",
    "vr_rows_dropped",
    "vr_pairing_up",
    "vr_triggers_queued",
    "vr_triggers_in_flight",
    "vr_triggers_ambiguous",
    "vr_trigger_circuit_open",
    *rich_totals().counters,
    *(f"{n}_{part}" for n in rich_totals().histograms for part in ("bucket", "count", "sum")),
}


def test_R2_stale_site_keeps_counters_and_the_facts_of_its_polls() -> None:
    """Detail is withheld; what tells that it is withheld, and what `increase()` needs, stays."""
    own = own_metrics("madrid")
    tell_everything(own, SiteName("madrid"))
    stale = replace(a_rich_site(), up=False, stale=True)
    fresh_names = names_on(a_page(a_rich_site(), own=own))
    page = a_page(stale, own=own)
    names_of_no_site = names_on(a_page(own=own))
    assert names_on(page) == KEPT_WHILE_STALE | names_of_no_site
    assert names_on(page) < fresh_names
    assert (value(page, "vr_up"), value(page, "vr_snapshot_stale")) == (0, 1)
    assert value(page, "vr_tasks_completed_total", operation="sync") == 2


def test_R2_failed_poll_keeps_the_detail_until_it_is_stale() -> None:
    """`vr_up` falls at once, the last snapshot stays for the while."""
    page = a_page(replace(a_rich_site(), up=False))
    assert value(page, "vr_up") == 0
    assert len(named(page, "vr_replication_status")) == 3


def test_stale_pairing_withholds_its_own_detail_only() -> None:
    """One pairing that cannot be read does not take the other one's detail away."""
    lost = replace(a_rich_pairing(), pairing=a_pairing(id="x", name="paris"), up=False, stale=True)
    here = a_pairing_snapshot(a_replication(id="GID-7"))
    page = a_page(a_site_snapshot(here, lost, totals=rich_totals()))
    assert value(page, "vr_pairing_up", pairing="paris") == 0
    for name in names_on(page) - {"vr_pairing_up"}:
        assert not [labels for labels in named(page, name) if ("pairing", "paris") in labels]
    assert value(page, "vr_replication_status", replication="GID-7") == 1
    assert value(page, "vr_snapshot_stale") == 0


def tasks_page(*tasks: Task, **changes: Any) -> Page:
    """A page of a site with these tasks."""
    return a_page(a_site_snapshot(tasks=tasks, **changes))


def test_tasks_are_zero_filled_once_they_were_read() -> None:
    """No task is 0 for each operation, never read is no series."""
    assert len(named(tasks_page(), "vr_tasks")) == 2 * len(OPERATIONS)
    assert "vr_tasks" not in names_on(a_page(a_site_snapshot(tasks=None)))


def test_finished_tasks_are_neither_counted_nor_shown() -> None:
    """The gauges are of unfinished tasks."""
    page = tasks_page(a_finished_task(), a_task(state=TaskState.OTHER))
    assert sum(named(page, "vr_tasks").values()) == 0
    assert not {"vr_task_progress_ratio", "vr_task_oldest_timestamp_seconds"} & names_on(page)


def test_queued_task_counts_from_its_queueing() -> None:
    """A task that never starts must look old too."""
    queued = a_task(state=TaskState.QUEUED, started_timestamp_seconds=None)
    later = a_task(id="task-2")
    page = tasks_page(later, queued)
    assert value(page, "vr_task_oldest_timestamp_seconds", operation="sync") == NOW - 62
    assert value(page, "vr_tasks", operation="sync", status="queued") == 1
    assert value(page, "vr_tasks", operation="sync", status="running") == 1


@pytest.mark.parametrize(
    "entity", [{"entity": "GID-1"}, {"entity": "vm-101"}, {"entity": "", "entity_name": "db-01"}]
)
def test_task_is_matched_to_its_replication(entity: dict[str, str]) -> None:
    """The entity is the replication's id, its VM's id, or the VM's name alone."""
    page = tasks_page(a_task(**entity))
    assert value(page, "vr_task_progress_ratio", replication="GID-1", operation="sync") == 0.25


def test_task_whose_vm_has_a_namesake_is_not_guessed_at() -> None:
    """A name that leads to two replications leads to none; neither does an unknown one."""
    namesakes = a_pairing_snapshot(a_replication(), a_replication(id="GID-2", vm_id=""))
    site = a_site_snapshot(
        namesakes,
        tasks=(a_task(entity=""), a_task(entity="", entity_name=""), a_task(entity="vm-999")),
    )
    assert "vr_task_progress_ratio" not in names_on(a_page(site))


def test_of_two_tasks_on_one_replication_the_younger_is_shown() -> None:
    """The series has no id of a task."""
    older = a_task(id="task-9", progress_ratio=0.9, started_timestamp_seconds=NOW - 100)
    page = tasks_page(a_task(), older)
    assert list(named(page, "vr_task_progress_ratio").values()) == [0.25]


def expecting(*sites: SiteSnapshot) -> dict[str, float]:
    """What a page of these sites says of the expected VMs."""
    found = named(a_page(*sites, expected_vms=EXPECTED_VMS), "vr_vm_replicated")
    return {dict(labels)["vm"]: answer for labels, answer in found.items()}


def test_expected_vm_is_found_at_any_site() -> None:
    """1 where some readable site has it, 0 where every site was read and none has."""
    other = a_site_snapshot(a_pairing_snapshot(a_replication(vm="x")), site=BERLIN)
    assert expecting(other, a_site_snapshot()) == {"db-01": 1, "gone-01": 0}
    assert unreplicated(EXPECTED_VMS, (other, a_site_snapshot())) == ("gone-01",)


def test_expected_vm_of_a_stale_site_is_unknown() -> None:
    """While the site that had it is stale nobody can say; others are not touched."""
    other = a_site_snapshot(a_pairing_snapshot(a_replication(vm="x")), site=BERLIN)
    assert expecting(a_site_snapshot(stale=True), other) == {"gone-01": 0}
    stale_pairing = a_site_snapshot(a_pairing_snapshot(up=False, stale=True))
    assert expecting(stale_pairing, other) == {"gone-01": 0}


def test_expected_vm_is_unknown_while_a_site_was_never_read() -> None:
    """At a start nobody is missed before every site was read once."""
    assert expecting(a_site_snapshot(), a_site_never_reached(site=BERLIN)) == {"db-01": 1}
    assert expecting(a_site_never_reached()) == {}
    assert unreplicated(EXPECTED_VMS, (a_site_never_reached(),)) == ()


def test_without_expectations_the_family_is_absent() -> None:
    """No setting, no series."""
    assert "vr_vm_replicated" not in names_on(a_page(a_site_snapshot()))
