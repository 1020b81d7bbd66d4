"""The families of pairings, their issues, and the replication servers."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter

from vr_exporter.domain.inventory import ReplicationServer, VcServer
from vr_exporter.domain.snapshot import PairingSnapshot, SiteSnapshot
from vr_exporter.metrics.family import Family, Key, Rows, Samples, Table, unique
from vr_exporter.metrics.rows import pairings_in_sight

_SEVERITIES = ("warning", "error")


def _every_pairing(site: SiteSnapshot) -> Rows[PairingSnapshot]:
    keys = [(site.site, pairing.pairing.name) for pairing in site.pairings]
    return unique(Rows(keys, site.pairings), itemgetter(1))


def _servers(site: SiteSnapshot) -> Rows[ReplicationServer]:
    servers = () if site.stale else site.servers
    return unique(Rows([(site.site, server.id) for server in servers], servers), itemgetter(1))


def _name(server: VcServer | None) -> str:
    return "" if server is None else server.name


def _names(pairing: PairingSnapshot) -> Key:
    facts = pairing.pairing
    return (facts.id, _name(facts.local_vc), _name(facts.remote_vc))


def _up(pairing: PairingSnapshot) -> int:
    return int(pairing.up)


def _remote_session_up(pairing: PairingSnapshot) -> int | None:
    return None if pairing.remote_session_up is None else int(pairing.remote_session_up)


def _vc_connected(pairing: PairingSnapshot) -> Samples | None:
    sides = (("local", pairing.pairing.local_vc), ("remote", pairing.pairing.remote_vc))
    known = tuple(
        ((side,), int(server.connected))
        for side, server in sides
        if server is not None and server.connected is not None
    )
    return known or None


def _issues(pairing: PairingSnapshot) -> Samples | None:
    """Zero-filled over the severities of each scope that was read."""
    counted = {
        (scope, severity): 0 for scope in pairing.issues for severity in _SEVERITIES
    } | Counter(
        (scope, issue.severity) for scope, found in pairing.issues.items() for issue in found
    )
    return tuple(counted.items()) or None


def _server_names(server: ReplicationServer) -> Key:
    decommissioned = {True: "true", False: "false", None: ""}[server.decommissioned]
    return (server.name, server.side, decommissioned)


def _server_connected(server: ReplicationServer) -> int | None:
    return None if server.connected is None else int(server.connected)


def _server_replications(server: ReplicationServer) -> int | None:
    return server.replications


PAIRINGS_UP: Table[SiteSnapshot, PairingSnapshot] = Table(
    "Pairings: reachable",
    ("site", "pairing"),
    _every_pairing,
    (
        Family(
            "vr_pairing_up",
            "gauge",
            "1 if the replication list of the pairing (/pairings/{id}/replications) was read, else"
            " 0, as of the last poll; 0 also for a pairing of the settings that is gone.",
            read=_up,
        ),
    ),
)

PAIRINGS: Table[SiteSnapshot, PairingSnapshot] = Table(
    "Pairings",
    ("site", "pairing"),
    pairings_in_sight,
    (
        Family(
            "vr_pairing_info",
            "info",
            "Id of a pairing and names of its vCenter Servers (/pairings), as of the last poll.",
            ("pairing_id", "local_vc", "remote_vc"),
            read=_names,
            reads="labels",
        ),
        Family(
            "vr_pairing_remote_session_up",
            "gauge",
            "1 if logged in to the remote site of the pairing (/pairings/{id}/remote-session),"
            " else 0, as of the last poll; absent where no login is needed or configured.",
            is_optional=True,
            read=_remote_session_up,
        ),
        Family(
            "vr_pairing_vc_connected",
            "gauge",
            "0 if the appliance reports its connection to this vCenter Server as failed"
            " (local_vc_server.server_status, remote_vc_server.server_status) or withholds it as"
            " down (_meta.errors), else 1, as of the last poll.",
            ("side",),
            read=_vc_connected,
            reads="samples",
        ),
        Family(
            "vr_issues",
            "gauge",
            "Open issues by severity (status of /pairings/{id}/issues and"
            " /pairings/{id}/replications/issues), as of the last poll; absent for a scope that"
            " may not be read.",
            ("scope", "severity"),
            read=_issues,
            reads="samples",
        ),
    ),
)

SERVERS: Table[SiteSnapshot, ReplicationServer] = Table(
    "Replication servers",
    ("site", "server"),
    _servers,
    (
        Family(
            "vr_replication_server_info",
            "info",
            "Name and side of a replication server, and whether it is decommissioned"
            " (/replication-servers), as of the last poll.",
            ("name", "side", "decommissioned"),
            read=_server_names,
            reads="labels",
        ),
        Family(
            "vr_replication_server_connected",
            "gauge",
            "1 if the replication server is connected (connected), else 0, as of the last poll.",
            read=_server_connected,
        ),
        Family(
            "vr_replication_server_replications",
            "gauge",
            "Replications that the server carries (replication_count), as of the last poll.",
            read=_server_replications,
        ),
    ),
)
