"""The world as it is: everything in seconds and bytes, owing nothing to the API's shapes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from vr_exporter.simulator.world.actions import Actions
from vr_exporter.simulator.world.places import Pairing, Site
from vr_exporter.simulator.world.population import Population
from vr_exporter.simulator.world.replica import Replica
from vr_exporter.simulator.world.sync import Sync
from vr_exporter.simulator.world.tasks import Task

Facts = dict[str, Any]


def tell_truth(
    population: Population, *, sites: Iterable[Site], actions: Actions, now: float
) -> Facts:
    """All that is so at this moment.

    What the appliance itself knows only in whole units is whole here too: last syncs in
    milliseconds and whole seconds, progress in percent, violations in whole minutes.
    """
    return {
        "now": now,
        "sites": {site.name: _site(site, actions, now=now) for site in sites},
        "pairings": [_pairing(pairing) for pairing in population.pairings.values()],
        "replications": [_replication(replica, now) for replica in population],
    }


def _site(site: Site, actions: Actions, *, now: float) -> Facts:
    return {
        "vc_id": site.vc_id,
        "vc_name": site.vc_name,
        "appliance_id": site.vrms_id,
        "appliance_name": site.vrms_name,
        "version": site.version,
        "build": site.build,
        "is_down": site.is_down,
        "certificate_expiry_timestamp_seconds": site.certificate_until,
        "replication_servers": [
            {
                "id": server.id,
                "uuid": server.uuid,
                "name": server.name,
                "connected": server.connected,
                "decommissioned": server.decommissioned,
                "replications": server.replications,
            }
            for server in site.servers
        ],
        "tasks": [_task(task, now) for task in actions.recent(site, now)],
    }


def _pairing(pairing: Pairing) -> Facts:
    return {
        "id": pairing.id,
        "first": pairing.first.name,
        "second": pairing.second.name,
        "is_down": pairing.is_down,
        "links": [
            {
                "source": source.name,
                "target": target.name,
                "capacity_bytes_per_second": link.capacity * link.speed,
                "share": link.share,
                "running_syncs": link.running,
                "bytes_per_second_of_each": link.pace,
                "bytes_of_ended_syncs": link.bytes_done,
            }
            for link, source, target in (
                (pairing.out, pairing.first, pairing.second),
                (pairing.back, pairing.second, pairing.first),
            )
        ],
    }


def _replication(replica: Replica, now: float) -> Facts:
    errors = {
        "configuration": replica.configuration_error and replica.configuration_error.message,
        "group": replica.group_error and replica.group_error.message,
        "recovery": replica.recovery_error,
    }
    return {
        "ids": {site.name: replica.id_at(site) for site in (replica.source, replica.target)},
        "name": replica.name,
        "vm_id": replica.vm_id,
        "pairing_id": replica.pairing.id,
        "source_site": replica.source.name,
        "target_site": replica.target.name,
        "source_vc_id": replica.source.vc_id,
        "target_vc_id": replica.target.vc_id,
        "replication_server": replica.server.name,
        "replication_server_uuid": replica.server.uuid,
        "status": replica.status(now),
        "configuration_state": replica.configuration_state,
        "recovery_state": replica.recovery_state,
        "recovery_solution": replica.recovery_solution,
        "errors": {kind: text for kind, text in errors.items() if text},
        "rpo_seconds": replica.rpo_seconds,
        "rpo_violated": replica.violation_seconds(now) > 0,
        "rpo_violation_seconds": replica.violation_seconds(now) // 60 * 60,
        "deadline_timestamp_seconds": replica.deadline,
        "options": asdict(replica.options),
        "mpit": replica.images is not None,
        **_last_sync(replica),
        "progress": _progress(replica.sync, now),
    }


def _last_sync(replica: Replica) -> Facts:
    has_synced = replica.last_sync_at is not None
    keeps = replica.images is not None
    return {
        "last_sync_timestamp_seconds": replica.last_sync_at,
        "last_sync_duration_seconds": replica.last_sync_seconds if has_synced else None,
        "last_sync_bytes": replica.last_sync_bytes if has_synced else None,
        "syncs_done": replica.syncs_done,
        "synced_bytes": replica.bytes_done,
        "mpit_instances": replica.mpit_instances if keeps else None,
        "mpit_retention_seconds": replica.mpit_days * 86_400 if keeps else None,
    }


def _progress(sync: Sync | None, now: float) -> Facts | None:
    if sync is None:
        return None
    return {
        "kind": sync.kind,
        "began_timestamp_seconds": sync.began_at,
        "ratio": sync.percent(now) / 100,
        "transferred_bytes": sync.transferred_bytes(now),
        "transfer_size_bytes": sync.transfer_known_bytes(now),
        "checksum_compared_bytes": sync.checksum_compared_bytes(now)
        if sync.checksum_bytes
        else None,
        "checksum_size_bytes": sync.checksum_bytes or None,
    }


def _task(task: Task, now: float) -> Facts:
    return {
        "id": task.id,
        "operation": task.kind.name,
        "user": task.user,
        "replication": task.replica.id_at(task.site) if task.replica else None,
        "status": task.status,
        "progress_ratio": task.percent(now) / 100,
        "queued_timestamp_seconds": task.queued_at,
        "started_timestamp_seconds": task.started_at,
        "completed_timestamp_seconds": task.completed_at,
        "error": task.trouble.message if task.trouble else None,
    }
