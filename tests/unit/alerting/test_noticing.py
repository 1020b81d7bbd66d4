"""One look at a site: which tasks ended since, and who tells of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.builders import (
    NOW,
    a_pairing_snapshot,
    a_replication,
    a_site_snapshot,
    a_snapshot,
    a_task,
)
from vr_exporter.alerting.noticing import Known, newly_ended, noticed
from vr_exporter.alerting.outbound import Form
from vr_exporter.domain.alerts import Begun, Ended, Event, Noticed, kin_of
from vr_exporter.domain.counts import ReplicationTotals, SeenTasks, SiteChanges
from vr_exporter.domain.inventory import Direction
from vr_exporter.domain.names import ReplicationId, SiteName, TaskId
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.domain.tasks import Task, TaskState

GID = ReplicationId("GID-1")
FAILING = kin_of(Event.SYNC_FAILING, {"site": "madrid", "replication": "GID-1"})


def a_failure(**changes: Any) -> Task:
    """A sync of GID-1 that failed."""
    failed = a_task(
        state=TaskState.ERROR,
        completed_timestamp_seconds=NOW - 5,
        error_class="storage",
        replication_id=GID,
    )
    return replace(failed, **changes)


def look(
    *tasks: Task,
    known: Known | None = None,
    site: SiteSnapshot | None = None,
    **changes: Any,
) -> Noticed:
    """What is noticed when these tasks are listed; all that ended are counted now."""
    ended = {t.identity: NOW - 5 for t in tasks if not t.state.is_unfinished}
    return noticed(
        replace(site or a_site_snapshot(), tasks=tasks),
        SiteChanges(ended_tasks=ended, **changes),
        known or Known(seen=SeenTasks()),
        form=Form(),
        now=NOW,
    )


def names(found: Noticed) -> list[str]:
    """The alerts that began, by name, and what ended."""
    return [each.alert.name if isinstance(each, Begun) else "ended" for each in found.news]


def labels_of(found: Noticed) -> dict[str, str]:
    """The labels of the one alert that began."""
    (begun,) = found.news
    assert isinstance(begun, Begun)
    return dict(begun.alert.labels)


def test_a_failure_is_told_with_the_names_of_its_replication() -> None:
    """And counted as the first of a row."""
    found = look(a_failure())
    labels = labels_of(found)
    assert (labels["pairing"], labels["vm"], labels["error_class"]) == (
        "berlin",
        "db-01",
        "storage",
    )
    assert found.failures == {GID: 1}


def test_a_task_is_told_once() -> None:
    """What was counted before is no news, and nothing is at a first start."""
    seen = SeenTasks({a_failure().identity: NOW - 5})
    assert look(a_failure(), known=Known(seen=seen)) == Noticed()
    assert look(a_failure(), known=Known(seen=None)) == Noticed()
    old = SeenTasks({}, watermark_seconds=NOW)
    assert look(a_failure(), known=Known(seen=old)) == Noticed()
    assert newly_ended([a_failure()], SiteChanges(), SeenTasks()) == ()


def test_tasks_that_run_or_went_well_are_no_news() -> None:
    """Nothing ended badly."""
    good = a_failure(state=TaskState.SUCCESS, error_class=None)
    assert look(a_task(id=TaskId("task-2"), replication_id=GID), good) == Noticed()


def test_a_task_of_something_that_is_not_watched_names_its_vm() -> None:
    """The site and the name on the task are all there is."""
    found = look(a_failure(operation="configure", replication_id=None, entity_name="new-01"))
    labels = labels_of(found)
    assert (labels["alertname"], labels["vm"]) == (Event.TASK_FAILED, "new-01")
    assert "replication" not in labels


def test_a_failure_that_both_ends_list_is_told_at_its_source_alone() -> None:
    """One page, not two: as the rules take one view of each replication."""
    source = a_site_snapshot(site=SiteName("berlin"))
    incoming = a_replication(direction=Direction.INCOMING)
    here = a_site_snapshot(a_pairing_snapshot(incoming))
    alone = Known(seen=SeenTasks(), fleet=a_snapshot(here))
    both = Known(seen=SeenTasks(), fleet=a_snapshot(here, source))
    assert names(look(a_failure(), site=here, known=alone)) == [Event.SYNC_FAILED]
    assert look(a_failure(), site=here, known=both) == Noticed()
    assert names(look(a_failure(), known=both)) == [Event.SYNC_FAILED]


def test_where_the_ends_show_different_ids_the_vm_tells() -> None:
    """Within its vCenter a VM's id is unique."""
    source = a_site_snapshot(
        a_pairing_snapshot(a_replication(id=ReplicationId("other"))), site=SiteName("berlin")
    )
    here = a_site_snapshot(a_pairing_snapshot(a_replication(direction=Direction.INCOMING)))
    known = Known(seen=SeenTasks(), fleet=a_snapshot(here, source))
    assert look(a_failure(), site=here, known=known) == Noticed()


def test_a_sync_by_rpo_ends_a_row_of_failures() -> None:
    """It need be no task: the last sync time has moved."""
    totals = {GID: ReplicationTotals(last_sync_timestamp_seconds=NOW - 900)}
    known = Known(seen=SeenTasks(), totals=totals, failures={GID: 4})
    moved = {GID: ReplicationTotals(last_sync_timestamp_seconds=NOW - 10)}
    still = {GID: ReplicationTotals(60.0, 0, NOW - 900)}
    assert look(known=known, replications=moved) == Noticed((Ended(FAILING, NOW),), {GID: 0})
    assert look(known=known, replications=still) == Noticed()
    assert look(known=known) == Noticed()


def test_a_replication_that_is_gone_fails_no_more() -> None:
    """Its row ends with it."""
    known = Known(seen=SeenTasks(), failures={GID: 4})
    found = look(known=known, gone=frozenset({GID, ReplicationId("GID-9")}))
    assert found == Noticed((Ended(FAILING, NOW),), {GID: 0})
