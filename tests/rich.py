"""A snapshot in which every family has something to say, and what our own counters are told."""

from __future__ import annotations

from tests.builders import (
    NOW,
    a_finished_task,
    a_pairing,
    a_pairing_snapshot,
    a_replication,
    a_replication_server,
    a_site_snapshot,
    a_task,
    a_watched,
    an_error,
    an_issue,
    some_options,
    some_poll_facts,
    some_progress,
)
from tests.wishes import a_trigger
from vr_exporter.domain import events
from vr_exporter.domain.counts import Exemplar, Histogram, SiteTotals
from vr_exporter.domain.inventory import Direction
from vr_exporter.domain.names import SiteName
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import POLL_STAGES, PairingSnapshot, SiteSnapshot
from vr_exporter.domain.tasks import TaskState
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.metrics.alerts import AlertFacts, ReceiverFacts
from vr_exporter.metrics.own import OwnMetrics

EXPECTED_VMS = ("db-01", "gone-01")


def rich_totals() -> SiteTotals:
    """Totals of every family that has them."""
    link = ("berlin", "outgoing")
    duration = Histogram(
        counts=(0, 0, 0, 0, 1, *[0] * 9, 1),
        sum=90_052.5,
        exemplars=(
            *[None] * 4,
            Exemplar((("task_id", "task-0"), ("replication", "GID-1")), 52.5, NOW - 10.125),
            *[None] * 10,
        ),
    )
    return SiteTotals(
        counters={
            "vr_tasks_completed_total": {("sync",): 2, ("other",): 0},
            "vr_tasks_failed_total": {("sync", "connectivity"): 1, ("sync", "other"): 0},
            "vr_task_errors_total": {("ERROR_NET_42",): 1},
            "vr_task_progress_regressions_total": {(): 3},
            "vr_syncs_observed_total": {link: 5},
            "vr_syncs_observed_bytes_total": {link: 5_000_000_000},
            "vr_transferred_bytes_total": {link: 4_999_999_999},
            "vr_replications_removed_total": {(): 1},
            "vr_trigger_requests_total": {("cli", "accepted"): 3, ("alert", "skipped"): 2},
            "vr_trigger_skips_total": {("cooldown",): 2},
        },
        histograms={
            "vr_task_duration_seconds": {("sync",): duration},
            "vr_task_queue_wait_seconds": {("sync",): Histogram((1, 0, 1, *[0] * 7), 1.75)},
            "vr_sync_duration_seconds": {link: Histogram((0, 5, *[0] * 13), 12)},
            "vr_trigger_duration_seconds": {("cli",): duration},
        },
    )


def unsited_totals() -> SiteTotals:
    """Totals of wishes that name no site we know."""
    return SiteTotals(
        counters={
            "vr_trigger_requests_total": {("api", "skipped"): 4},
            "vr_trigger_skips_total": {("not_found",): 3, ("ambiguous_name",): 1},
        }
    )


def some_triggers() -> tuple[Trigger, ...]:
    """One in each state that a site shows."""
    unfinished = [state for state in TriggerState if not state.is_final]
    return tuple(a_trigger(state=state) for state in (*unfinished, TriggerState.UNRESOLVED))


def a_rich_pairing() -> PairingSnapshot:
    """Replications that sync, fail, keep points in time, were never synced; and issues."""
    syncing = a_replication(
        id="GID-2",
        vm='web "02"\\\nß',
        vm_id="vm-102",
        status="SYNC_RPO_VIOLATION",
        rpo_violated=True,
        rpo_violation_seconds=7200,
        recovery_state="IN_PROGRESS",
        options=some_options(mpit=True, enhanced=None),
        mpit_instances=3,
        mpit_retention_seconds=5 * 86_400,
        progress=some_progress(),
        errors=(an_error(), an_error(kind="recovery")),
        last_sync_timestamp_seconds=NOW - 9000.125,
    )
    unheard = a_replication(
        id="GID-3",
        vm="app-03",
        vm_id="vm-103",
        direction=Direction.INCOMING,
        status="RECONFIGURING",
        rpo_seconds=None,
        rpo_violated=None,
        rpo_violation_seconds=None,
        last_sync_timestamp_seconds=None,
        last_sync_duration_seconds=None,
        last_sync_bytes=None,
        options=None,
    )
    return a_pairing_snapshot(
        a_watched(synced_bytes_total=1_000),
        a_watched(
            syncing,
            verdict=Verdict.BREACHED,
            breached_seconds_total=60.5,
            progress_changed_timestamp_seconds=NOW - 20,
        ),
        a_watched(unheard, verdict=Verdict.UNKNOWN),
        issues={"pairing": (), "replication": (an_issue(), an_issue(severity="error"))},
    )


def a_rich_site() -> SiteSnapshot:
    """The site Madrid with all it may have."""
    return a_site_snapshot(
        a_rich_pairing(),
        poll=some_poll_facts(
            stages={stage: (place + 1) / 8 for place, stage in enumerate(POLL_STAGES)},
            rows_dropped=2,
        ),
        servers=(
            a_replication_server(),
            a_replication_server(
                id="vrs-2", name="vrs-berlin-1", side="remote", connected=False, decommissioned=None
            ),
        ),
        tasks=(
            a_finished_task(),
            a_task(),
            a_task(id="task-2", state=TaskState.QUEUED, operation="pause", entity="vm-102"),
        ),
        totals=rich_totals(),
        triggers=some_triggers(),
        is_circuit_open=True,
    )


def a_failing_site() -> SiteSnapshot:
    """The site Berlin, whose snapshot is stale."""
    return a_site_snapshot(
        a_pairing_snapshot(
            a_replication(id="GID-9", vm="old-09"),
            pairing=a_pairing(id="99999999-2222-3333-4444-555555555555", name="madrid"),
            up=False,
        ),
        site=SiteName("berlin"),
        up=False,
        stale=True,
    )


def some_alert_facts() -> AlertFacts:
    """Alerts on their way to two Alertmanagers, one of which was never reached."""
    durations = Histogram((1, 0, 2, *[0] * 7), 0.5)
    taking = ReceiverFacts(sent=12, failed=1, skew=-0.25, durations=durations)
    return AlertFacts(
        active={"VrEventSyncFailing": 2},
        dropped={"expired": 1},
        capacity=50_000,
        receivers={"am-1:9093": taking, "am-2:9093": ReceiverFacts(waiting=2, oldest=NOW - 90.5)},
    )


def tell_everything(own: OwnMetrics, site: SiteName) -> None:
    """One event of each kind."""
    for event in (
        events.Requested("replications", "GET", "200", 0.3, 14_000),
        events.Requested("session", "POST", "429", 0.01, 200),
        events.Retried("timeout"),
        events.Throttled(NOW + 30),
        events.HeldBack(1.5),
        events.Budget(40, 37),
        events.LoggedIn(succeeded=True),
        events.LoggedIn(succeeded=False),
        events.CertificateSeen(NOW + 86_400),
        events.ClockRead(-0.25),
        events.Surprised("enum", 2),
        events.Polled(),
        events.Polled(("timeout", "auth")),
        events.PollsSkipped(4),
    ):
        own.tell(site, event)
