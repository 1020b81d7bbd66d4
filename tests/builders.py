"""The nouns as tests make them: a plain healthy one each, changed by keyword."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vr_exporter.domain.inventory import (
    ApplianceFacts,
    Direction,
    Issue,
    Pairing,
    Replication,
    ReplicationError,
    ReplicationOptions,
    ReplicationServer,
    SyncProgress,
    VcServer,
)
from vr_exporter.domain.names import PairingId, PairingName, ReplicationId, SiteName, TaskId
from vr_exporter.domain.rpo import Verdict
from vr_exporter.domain.snapshot import (
    POLL_STAGES,
    PairingSnapshot,
    PollFacts,
    SiteSnapshot,
    Snapshot,
    WatchedReplication,
)
from vr_exporter.domain.tasks import Task, TaskState

NOW = 1_790_000_000.0
"""The moment, in seconds since 1970, around which everything built here happened."""

_LOCAL_VC = VcServer(id="vc-madrid-id", name="vc.madrid.example", connected=True)
_REMOTE_VC = VcServer(id="vc-berlin-id", name="vc.berlin.example", connected=True)


def some_options(**changes: Any) -> ReplicationOptions:
    """All switches of a replication, each known."""
    options = ReplicationOptions(
        quiescing=False,
        network_compression=True,
        encryption=False,
        auto_replicate_new_disks=True,
        vm_data_sets=False,
        enhanced=True,
        mpit=False,
    )
    return replace(options, **changes)


def some_progress(**changes: Any) -> SyncProgress:
    """A running sync that is halfway."""
    progress = SyncProgress(
        ratio=0.5,
        transferred_bytes=1_000_000,
        transfer_size_bytes=2_000_000,
        checksum_compared_bytes=300_000,
        checksum_size_bytes=400_000,
    )
    return replace(progress, **changes)


def an_error(**changes: Any) -> ReplicationError:
    """An error of a replication's group."""
    return replace(ReplicationError(kind="group", message="The disk is full."), **changes)


def a_replication(**changes: Any) -> Replication:
    """An idle outgoing replication that meets its RPO of 15 minutes."""
    replication = Replication(
        id=ReplicationId("GID-1"),
        vm="db-01",
        direction=Direction.OUTGOING,
        vm_id="vm-101",
        source_site="madrid",
        target_site="berlin",
        source_vc_id=_LOCAL_VC.id,
        replication_type="VC_TO_VC",
        replication_server="vrs-berlin-1",
        recovery_solution="",
        status="OK",
        configuration_state="OK",
        recovery_state=None,
        rpo_seconds=900,
        rpo_violated=False,
        rpo_violation_seconds=0,
        last_sync_timestamp_seconds=NOW - 300,
        last_sync_duration_seconds=42,
        last_sync_bytes=123_456_789,
        options=some_options(),
    )
    return replication._replace(**changes)


def a_watched(replication: Replication | None = None, **changes: Any) -> WatchedReplication:
    """A replication (by default a healthy one) as watched; `changes` are of the watching."""
    watched = WatchedReplication(
        replication=replication if replication is not None else a_replication(),
        verdict=Verdict.MET,
    )
    return watched._replace(**changes)


def a_vc_server(**changes: Any) -> VcServer:
    """The remote vCenter Server of `a_pairing`."""
    return replace(_REMOTE_VC, **changes)


def a_pairing(**changes: Any) -> Pairing:
    """The pairing from Madrid to Berlin."""
    pairing = Pairing(
        id=PairingId("11111111-2222-3333-4444-555555555555"),
        name=PairingName("berlin"),
        local_vc=_LOCAL_VC,
        remote_vc=_REMOTE_VC,
    )
    return replace(pairing, **changes)


def an_issue(**changes: Any) -> Issue:
    """A warning about a replication."""
    issue = Issue(
        scope="replication",
        severity="warning",
        entity_name="db-01",
        description="The RPO is violated.",
        timestamp_seconds=NOW - 60,
    )
    return replace(issue, **changes)


def a_pairing_snapshot(
    *replications: Replication | WatchedReplication, **changes: Any
) -> PairingSnapshot:
    """A pairing that was read, with the given replications (by default one) and no issues."""
    rows = replications or (a_watched(),)
    pairing = PairingSnapshot(
        pairing=a_pairing(),
        up=True,
        replications=tuple(a_watched(r) if isinstance(r, Replication) else r for r in rows),
        issues={"pairing": (), "replication": ()},
        remote_session_up=True,
        last_success_timestamp_seconds=NOW - 10,
    )
    return replace(pairing, **changes)


def a_replication_server(**changes: Any) -> ReplicationServer:
    """A connected replication server on the local side."""
    server = ReplicationServer(
        id="aaaaaaaa-0000-0000-0000-000000000001",
        name="vrs-madrid-1",
        side="local",
        connected=True,
        decommissioned=False,
        replications=7,
    )
    return replace(server, **changes)


def a_task(**changes: Any) -> Task:
    """A sync that is running."""
    task = Task(
        id=TaskId("task-1"),
        operation="sync",
        state=TaskState.RUNNING,
        entity="GID-1",
        entity_name="db-01",
        progress_ratio=0.25,
        queued_timestamp_seconds=NOW - 62,
        started_timestamp_seconds=NOW - 60,
    )
    return replace(task, **changes)


def a_finished_task(**changes: Any) -> Task:
    """A sync that ended well after 50 seconds."""
    task = a_task(
        id=TaskId("task-0"),
        state=TaskState.SUCCESS,
        progress_ratio=1.0,
        completed_timestamp_seconds=NOW - 10,
    )
    return replace(task, **changes)


def some_appliance_facts(**changes: Any) -> ApplianceFacts:
    """What /info of the site Madrid says."""
    facts = ApplianceFacts(
        version="9.0.3",
        build="24000000",
        api="v2",
        vc_id=_LOCAL_VC.id,
        vc_name=_LOCAL_VC.name,
    )
    return replace(facts, **changes)


def some_poll_facts(**changes: Any) -> PollFacts:
    """A good poll that ended a moment ago."""
    facts = PollFacts(
        interval_seconds=60.0,
        last_attempt_timestamp_seconds=NOW - 10,
        last_success_timestamp_seconds=NOW - 10,
        stages=dict.fromkeys(POLL_STAGES, 0.25),
    )
    return replace(facts, **changes)


def a_site_snapshot(*pairings: PairingSnapshot, **changes: Any) -> SiteSnapshot:
    """The site Madrid, up and fresh, with the given pairings (by default one)."""
    site = SiteSnapshot(
        site=SiteName("madrid"),
        poll=some_poll_facts(),
        up=True,
        url="https://vr.madrid.example",
        appliance=some_appliance_facts(),
        pairings=pairings or (a_pairing_snapshot(),),
        servers=(a_replication_server(),),
        tasks=(),
    )
    return replace(site, **changes)


def a_site_never_reached(**changes: Any) -> SiteSnapshot:
    """A site as it is known before its first poll has ended."""
    return replace(
        SiteSnapshot(site=SiteName("madrid"), poll=PollFacts(interval_seconds=60.0)), **changes
    )


def a_snapshot(*sites: SiteSnapshot) -> Snapshot:
    """The given sites (by default Madrid alone), in their order."""
    return Snapshot(sites={site.site: site for site in sites or (a_site_snapshot(),)})
