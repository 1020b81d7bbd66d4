"""What the page must show of a site: its own facts always, its detail while that is fresh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tests.fleet_model.rows import STATUSES, VERDICTS, Row, Sample
from tests.fleet_model.site import Pairing, SiteModel, Totals
from tests.fleet_model.told import Truth

DIRECTIONS: Final = ("outgoing", "incoming")
REASONS: Final = (
    *("dns", "connect", "tls", "timeout", "deadline", "reset", "too_large", "encoding"),
    *("not_json", "schema", "auth", "forbidden", "not_found", "throttled", "server_error"),
    *("redirect", "paging", "session", "internal"),
)


def samples(site: SiteModel, now: float) -> Iterator[Sample]:
    """Everything that the page must hold for a site at this moment."""
    yield from _own(site, now)
    yield from _totals(site)
    is_stale = site.is_stale("site", now)
    if is_stale:
        return
    if site.info is not None:
        names = {"version": site.info["version"], "build": site.info["build_number"], "api": "v2"}
        yield "vr_appliance_info", {"site": site.name} | names, 1
    if not site.is_stale("servers", now):
        for server in site.servers:
            yield from _server(server, site.name)
    fresh = [p for p in site.pairings.values() if not site.is_stale(p.id, now)]
    for pairing in fresh:
        yield from _pairing(site, pairing)
    if site.tasks.shown is not None and not site.is_stale("tasks", now):
        known = {key: _entity(row) for p in fresh for key, row in p.rows.items()}
        yield from site.tasks.detail(site.name, known)


def _entity(row: Row) -> tuple[str, str]:
    is_withheld = row.is_partial and row.direction == "incoming"
    return "" if is_withheld else row.truth["vm_id"], row.truth["name"]


def _own(site: SiteModel, now: float) -> Iterator[Sample]:
    labels = {"site": site.name}
    yield "vr_up", labels, float(site.is_up)
    yield "vr_snapshot_stale", labels, float(site.is_stale("site", now))
    yield "vr_poll_interval_seconds", labels, site.interval
    yield "vr_rows_dropped", labels, 0.0
    if site.last_success is not None:
        yield "vr_poll_last_success_timestamp_seconds", labels, site.last_success
    if site.last_turn is not None:
        yield "vr_poll_last_attempt_timestamp_seconds", labels, site.last_turn.wall
        lasted = site.last_turn.ended - site.last_turn.began
        yield "sum of vr_poll_duration_seconds", labels, lasted
    yield "vr_polls_total", labels, float(site.polls)
    yield "vr_polls_skipped_total", labels, float(site.skipped)
    for reason in REASONS:
        yield "vr_poll_failures_total", labels | {"reason": reason}, float(site.reasons[reason])
    yield "vr_api_logins_total", labels, float(site.logins)
    yield "vr_api_login_failures_total", labels, float(site.failed_logins)
    throttled = sum(n for (_, _, code), n in site.requests.items() if code == "429")
    yield "vr_api_throttled_total", labels, float(throttled)
    for (endpoint, method, code), count in site.requests.items():
        own = {"endpoint": endpoint, "method": method, "code": code}
        yield "vr_api_requests_total", labels | own, float(count)
    for pairing in site.pairings.values():
        yield "vr_pairing_up", labels | {"pairing": pairing.name}, float(pairing.is_up)


def _totals(site: SiteModel) -> Iterator[Sample]:
    if site.was_observed:
        yield "vr_replications_removed_total", {"site": site.name}, float(site.removed)
    for name in site.born:
        for direction in DIRECTIONS:
            key = name, direction
            labels = {"site": site.name, "pairing": name, "direction": direction}
            yield "vr_syncs_observed_total", labels, float(site.syncs[key])
            yield "vr_syncs_observed_bytes_total", labels, float(site.bytes[key])
            yield "vr_transferred_bytes_total", labels, float(site.moved[key])
            yield "vr_sync_duration_seconds_count", labels, float(site.syncs[key])
            yield "vr_sync_duration_seconds_sum", labels, float(site.sync_seconds[key])
    yield from site.tasks.samples(site.name)


def _server(server: Truth, site: str) -> Iterator[Sample]:
    labels = {"site": site, "server": server["uuid"]}
    names = {
        "name": server["name"],
        "side": "local",
        "decommissioned": str(server["decommissioned"]).lower(),
    }
    yield "vr_replication_server_info", labels | names, 1
    yield "vr_replication_server_connected", labels, float(server["connected"])
    yield "vr_replication_server_replications", labels, float(server["replications"])


def _pairing(site: SiteModel, pairing: Pairing) -> Iterator[Sample]:
    p = {"site": site.name, "pairing": pairing.name}
    names = {
        "pairing_id": pairing.id,
        "local_vc": pairing.local_vc,
        "remote_vc": pairing.remote_vc,
    }
    yield "vr_pairing_info", p | names, 1
    if pairing.remote_up is not None:
        yield "vr_pairing_remote_session_up", p, float(pairing.remote_up)
    for side, connected in pairing.vc_connected.items():
        yield "vr_pairing_vc_connected", p | {"side": side}, float(connected)
    for scope, counted in pairing.issues.items():
        for severity in ("warning", "error"):
            labels = p | {"scope": scope, "severity": severity}
            yield "vr_issues", labels, float(counted[severity])
    rows = pairing.rows
    for direction in DIRECTIONS:
        own = [row for row in rows.values() if row.direction == direction]
        states, verdicts = Counter(r.status for r in own), Counter(r.verdict for r in own)
        labels = p | {"direction": direction}
        for status in STATUSES:
            yield "vr_replications", labels | {"status": status}, float(states[status])
        others = sum(count for status, count in states.items() if status not in STATUSES)
        yield "vr_replications", labels | {"status": "OTHER"}, float(others)
        for verdict in VERDICTS:
            yield "vr_replications_rpo", labels | {"verdict": verdict}, float(verdicts[verdict])
    for key, row in rows.items():
        r = p | {"replication": key, "vm": row.truth["name"]}
        yield from row.samples(r, pairing.id)
        totals = site.totals.get(key, Totals())
        yield "vr_replication_rpo_breached_seconds_total", r, totals.breached_seconds
        yield "vr_replication_synced_bytes_total", r, float(totals.synced_bytes)
