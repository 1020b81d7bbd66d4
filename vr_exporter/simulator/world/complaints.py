"""The issues that an appliance complains of, as IssueInfo rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from vr_exporter.simulator.world.places import DAY_SECONDS, Pairing, Site
from vr_exporter.simulator.world.replica import Replica
from vr_exporter.simulator.world.shapes import Row, milliseconds

EXPIRES_SOON_SECONDS = 30 * DAY_SECONDS
Severity = Literal["WARNING", "ERROR"]


def replication_issues(replicas: Iterable[Replica], site: Site, *, now: float) -> Iterator[Row]:
    """Errors of configuration and of syncs, and violated RPOs, at most one row of each."""
    for replica in replicas:
        about = {"entity": replica.id_at(site), "entity_name": replica.name, "issue_type": "VRMS"}
        if replica.configuration_error:
            text = replica.configuration_error.message
            yield about | _issue("ERROR", text, replica.error_since)
        if replica.group_error:
            yield about | _issue("ERROR", replica.group_error.message, replica.error_since)
        deadline = replica.deadline
        if deadline is not None and now > deadline:
            yield about | _issue("WARNING", "The RPO is violated.", deadline)


def pairing_issues(pairing: Pairing, site: Site, *, now: float) -> Iterator[Row]:
    """A far side that is away, lost servers, old certificates, links short of bandwidth."""
    far = pairing.other(site)
    if far.is_down:
        about = {"entity": far.vrms_id, "entity_name": far.vrms_name, "issue_type": "VRMS"}
        yield about | _issue("ERROR", "The remote appliance does not answer.", far.down_since)
    for place in {site.name: site, far.name: far}.values():
        yield from _server_issues(place)
        yield from _certificate_issues(place, now)
    for link in pairing.links:
        if link.share < 1.0:
            subject: Row = {"entity": pairing.id, "entity_name": None, "issue_type": "UNKNOWN"}
            yield subject | _issue("WARNING", "Replication is held up.", link.share_since)


def _server_issues(site: Site) -> Iterator[Row]:
    for server in site.servers:
        if not server.connected:
            about = {"entity": server.id, "entity_name": server.name, "issue_type": "VRS"}
            yield about | _issue("ERROR", "The replication server is not connected.", server.since)


def _certificate_issues(site: Site, now: float) -> Iterator[Row]:
    if site.certificate_until - now < EXPIRES_SOON_SECONDS:
        about = {"entity": site.vc_id, "entity_name": site.vc_name, "issue_type": "VC"}
        since = site.certificate_until - EXPIRES_SOON_SECONDS
        yield about | _issue("WARNING", "The certificate expires soon.", since)


def _issue(severity: Severity, text: str, since: float) -> Row:
    return {"status": severity, "description": text, "timestamp": milliseconds(since)}
