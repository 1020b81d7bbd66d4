"""The wire shapes of API v2 (vr-api.md 7): milliseconds, minutes and all."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.places import Pairing, Server, Site
from vr_exporter.simulator.world.replica import Image, Replica
from vr_exporter.simulator.world.sync import Sync
from vr_exporter.simulator.world.tasks import Task
from vr_exporter.simulator.world.texts import Trouble

Row = dict[str, Any]

MINUTE_SECONDS = 60


def milliseconds(moment: float | None) -> int | None:
    """A moment as the wire has it."""
    return None if moment is None else round(moment * 1000)


def vc_server(site: Site, *, is_reachable: bool) -> Row:
    """A vCenter Server as a ServerInfo."""
    return {
        **_server_info(site.vc_id, site.vc_name, is_reachable=is_reachable),
        "certificates": [_certificate(site, site.vc_name, site.vc_serial)],
        "version": "8.0.3",
        "build_number": "24022515",
    }


def vrms_server(site: Site, *, is_reachable: bool) -> Row:
    """An appliance as a ServerInfo."""
    return {
        **_server_info(site.vrms_id, site.vrms_name, is_reachable=is_reachable),
        "certificates": [_certificate(site, site.vrms_name, site.vrms_serial)],
        "version": site.version,
        "build_number": site.build,
    }


def vrms_info(site: Site, *, is_reachable: bool) -> Row:
    """An appliance as a VrmsInfo."""
    return {
        **vrms_server(site, is_reachable=is_reachable),
        "vc_guid": site.vc_id,
        "vc_name": site.vc_name,
        "extension_key": "com.vmware.vcHms",
    }


def pairing(pair: Pairing, site: Site) -> Row:
    """A Pairing as one of its ends sees it."""
    far = pair.other(site)
    return {
        "pairing_id": pair.id,
        "local_vc_server": vc_server(site, is_reachable=True),
        "remote_vc_server": vc_server(far, is_reachable=not far.is_down),
        "local_vrms": vrms_server(site, is_reachable=True),
        "remote_vrms": vrms_server(far, is_reachable=not far.is_down),
    }


def replication_server(server: Server) -> Row:
    """A ReplicationServerInfo."""
    return {
        "id": server.id,
        "uuid": server.uuid,
        "name": server.name,
        "hostname": server.hostname,
        "configuration_url": f"https://{server.hostname}:5480",
        "replication_count": server.replications,
        "connected": server.connected,
        "decommissioned": server.decommissioned,
        "internally_managed": True,
        "fault": server.fault,
    }


def replication(
    replica: Replica, site: Site, *, now: float, extended: bool, options: WorldOptions
) -> Row:
    """A ReplicationInfo; without extended info the facts of syncs are left out."""
    row = {
        **_identity(replica, site),
        **_standing(replica, now),
        **_switches(replica),
        "last_sync_time": _last_sync_time(replica, options),
    }
    if extended:
        row["last_sync_duration"] = replica.last_sync_seconds
        row["last_sync_size"] = replica.last_sync_bytes
        row["sync_progress"] = sync_progress(replica.sync, now) if replica.sync else None
    return row


def sync_progress(sync: Sync, now: float) -> Row:
    """SyncProgressData; a delta compares nothing, so its checksum fields are left out."""
    row = {
        "progress": sync.percent(now),
        "transferred_current": sync.transferred_bytes(now),
        "transferred_total": sync.transfer_known_bytes(now),
    }
    if sync.checksum_bytes:
        row["checksum_current"] = sync.checksum_compared_bytes(now)
        row["checksum_total"] = sync.checksum_bytes
    return row


def instance(image: Image, replica: Replica) -> Row:
    """A PointInTimeInstance."""
    return {
        "id": f"PIT-{replica.id[4:12]}-{image.number:06d}",
        "transfer_start_time": milliseconds(image.began_at),
        "transfer_seconds": image.seconds,
        "transfer_bytes": image.transferred_bytes,
        "quiesced_type": "FILE_SYSTEM" if replica.options.quiescing else "NONE",
        "promoted": False,
    }


def task(a_task: Task, now: float) -> Row:
    """A Task, without metadata."""
    row = {
        "id": a_task.id,
        "description": a_task.kind.description,
        "entity": a_task.entity,
        "entity_name": a_task.entity_name,
        "status": a_task.status,
        "error": _error(a_task.trouble),
        "result": a_task.result,
        "progress": a_task.percent(now),
        "queued_time": milliseconds(a_task.queued_at),
        "start_time": milliseconds(a_task.started_at),
        "complete_time": milliseconds(a_task.completed_at),
    }
    if a_task.description_id is not None:
        row["description_id"] = a_task.description_id
    return row


def _identity(replica: Replica, site: Site) -> Row:
    return {
        "name": replica.name,
        "id": replica.id_at(site),
        "vm_id": replica.vm_id,
        "source_site_name": replica.source.name,
        "source_vc_id": replica.source.vc_id,
        "target_site_name": replica.target.name,
        "target_vc_id": replica.target.vc_id,
        "type": "VC_TO_VC",
        "replication_server_name": replica.server.name,
        "target_replication_server_uuid": replica.server.uuid,
        "recovery_solution": replica.recovery_solution,
    }


def _standing(replica: Replica, now: float) -> Row:
    violation = replica.violation_seconds(now)
    row = {
        "status": {"status": replica.status(now), "rpo_violation": violation > 0},
        "rpo": replica.rpo_seconds // MINUTE_SECONDS,
        "current_rpo_violation": int(violation // MINUTE_SECONDS),
        "configuration_state": replica.configuration_state,
        "configuration_error": _error(replica.configuration_error),
        "last_group_error": _error(replica.group_error),
        "recovery_error": replica.recovery_error,
    }
    if replica.recovery_state is not None:
        row["recovery_state"] = replica.recovery_state
    return row


def _switches(replica: Replica) -> Row:
    options = replica.options
    return {
        "quiescing_enabled": options.quiescing,
        "network_compression_enabled": options.network_compression,
        "encryption_enabled": options.encryption,
        "auto_replicate_new_disks_enabled": options.auto_replicate_new_disks,
        "vm_data_sets_replication_enabled": options.vm_data_sets,
        "enhanced_replication": options.enhanced,
        "mpit_enabled": replica.images is not None,
        "mpit_instances": replica.mpit_instances,
        "mpit_days": replica.mpit_days,
    }


def _last_sync_time(replica: Replica, options: WorldOptions) -> int:
    moment = milliseconds(replica.last_sync_at)
    return options.never_synced_time if moment is None else moment


def _error(trouble: Trouble | None) -> Row | None:
    return {"message": trouble.message, "details": trouble.details} if trouble else None


def _server_info(guid: str, name: str, *, is_reachable: bool) -> Row:
    return {
        "id": guid,
        "url": f"https://{name}:443",
        "name": name,
        "server_status": "OK" if is_reachable else "ERROR",
        "certificate_warnings": [],
    }


def _certificate(site: Site, name: str, serial: int) -> Row:
    digest = sha256(f"{name} {serial}".encode()).hexdigest().upper()
    return {
        "serial_number": str(serial),
        "not_before": milliseconds(site.certificate_from),
        "not_after": milliseconds(site.certificate_until),
        "version": 3,
        "subject_dn": f"CN={name}, O={site.name}, C=ES",
        "issuer_dn": f"CN=CA, O={site.name}, C=ES",
        "sig_alg_name": "SHA256withRSA",
        "sig_alg_oid": "1.2.840.113549.1.1.11",
        "public_key_algorithm": "RSA",
        "public_key_format": "X.509",
        "thumbprint": ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)),
        "key_usage": None,
        "subject_alternative_names": [name],
        "extended_key_usage": None,
    }
