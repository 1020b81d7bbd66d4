"""The JSON objects of sites and what belongs to them."""

from __future__ import annotations

from urllib.parse import urlsplit

from vr_exporter.domain.inventory import Issue, IssueScope, ReplicationServer, VcServer
from vr_exporter.domain.snapshot import SiteSnapshot
from vr_exporter.web.api.shape import Field, Shape
from vr_exporter.web.rows import PairingRow, ReplicationRow, count_verdicts


def public_url(url: str) -> str:
    """A URL without a user name or password that someone may have put into it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


VC_SERVER: Shape[VcServer] = Shape(
    "VcServer",
    (
        Field("id", "string", "the appliance's id of the vCenter Server", lambda v: v.id),
        Field("name", "string", "its address", lambda v: v.name),
        Field("connected", "boolean?", "whether the appliance reaches it", lambda v: v.connected),
    ),
)

ISSUE: Shape[Issue] = Shape(
    "Issue",
    (
        Field("severity", "string", "`warning` or `error`", lambda i: i.severity),
        Field("entity_name", "string", "what it is about", lambda i: i.entity_name),
        Field("description", "string", "the appliance's words", lambda i: i.description),
        Field("timestamp_seconds", "number?", "when it began", lambda i: i.timestamp_seconds),
    ),
)

SERVER: Shape[ReplicationServer] = Shape(
    "Server",
    (
        Field("id", "string", "uuid of the replication server", lambda s: s.id),
        Field("name", "string", "its name", lambda s: s.name),
        Field("side", "string", "`local`, `remote` or empty", lambda s: s.side),
        Field("connected", "boolean?", "whether it is connected", lambda s: s.connected),
        Field("decommissioned", "boolean?", "whether it is put away", lambda s: s.decommissioned),
        Field("replications", "number?", "how many it serves", lambda s: s.replications),
    ),
)


def _rows_of(row: PairingRow) -> list[ReplicationRow]:
    return [ReplicationRow(row.site, row.pairing, each) for each in row.pairing.replications]


def _rows_of_site(site: SiteSnapshot) -> list[ReplicationRow]:
    return [row for pairing in site.pairings for row in _rows_of(PairingRow(site, pairing))]


def _vc_server(server: VcServer | None) -> dict[str, object] | None:
    return VC_SERVER.of(server) if server else None


def _issues(row: PairingRow, scope: IssueScope) -> list[dict[str, object]] | None:
    found = row.pairing.issues.get(scope)
    return None if found is None else ISSUE.each(found)


PAIRING: Shape[PairingRow] = Shape(
    "Pairing",
    (
        Field("pairing", "string", "name, the label `pairing`", lambda r: r.pairing.pairing.name),
        Field("id", "string", "the appliance's id", lambda r: r.pairing.pairing.id),
        Field("up", "boolean", "its list was read in the last poll", lambda r: r.pairing.up),
        Field("stale", "boolean", "detail is withheld from the page", lambda r: r.pairing.stale),
        Field("error", "string", "the last failure, empty if none", lambda r: r.pairing.error),
        Field(
            "last_success_timestamp_seconds",
            "number?",
            "when its list was last read",
            lambda r: r.pairing.last_success_timestamp_seconds,
        ),
        Field(
            "remote_session_up",
            "boolean?",
            "whether the remote site is logged in to",
            lambda r: r.pairing.remote_session_up,
        ),
        Field(
            "local_vc",
            "VcServer?",
            "the vCenter Server at this end",
            lambda r: _vc_server(r.pairing.pairing.local_vc),
        ),
        Field(
            "remote_vc",
            "VcServer?",
            "the one at the other end",
            lambda r: _vc_server(r.pairing.pairing.remote_vc),
        ),
        Field("replications", "number", "how many", lambda r: len(r.pairing.replications)),
        Field("verdicts", "object", "how many by verdict", lambda r: count_verdicts(_rows_of(r))),
        Field(
            "pairing_issues",
            "array? of Issue",
            "issues of the pairing; null when not answered",
            lambda r: _issues(r, "pairing"),
        ),
        Field(
            "replication_issues",
            "array? of Issue",
            "issues of its replications; null when not answered",
            lambda r: _issues(r, "replication"),
        ),
    ),
)

SITE: Shape[SiteSnapshot] = Shape(
    "Site",
    (
        Field("site", "string", "name, the label `site`", lambda s: s.site),
        Field("url", "string", "the appliance's address", lambda s: public_url(s.url)),
        Field("up", "boolean", "the last poll worked (`vr_up`)", lambda s: s.up),
        Field("stale", "boolean", "detail is withheld from the page", lambda s: s.stale),
        Field("tried", "boolean", "a first poll has ended, well or not", lambda s: s.was_tried),
        Field("error", "string", "the last poll's failure, empty if good", lambda s: s.poll.error),
        Field("error_reason", "string", "its kind (`reason`)", lambda s: s.poll.error_reason),
        Field(
            "interval_seconds",
            "number",
            "effective time between polls",
            lambda s: s.poll.interval_seconds,
        ),
        Field(
            "last_attempt_timestamp_seconds",
            "number?",
            "when the last poll ended",
            lambda s: s.poll.last_attempt_timestamp_seconds,
        ),
        Field(
            "last_success_timestamp_seconds",
            "number?",
            "when the last good poll ended",
            lambda s: s.poll.last_success_timestamp_seconds,
        ),
        Field(
            "stage_seconds",
            "object",
            "what the last poll spent on each stage",
            lambda s: dict(s.poll.stages),
        ),
        Field(
            "rows_dropped", "number", "rows beyond the cap on rows", lambda s: s.poll.rows_dropped
        ),
        Field(
            "appliance",
            "object?",
            "`version`, `build`, `api`, `vc_id`, `vc_name`",
            lambda s: s.appliance,
        ),
        Field("replications", "number", "how many", lambda s: len(_rows_of_site(s))),
        Field(
            "verdicts", "object", "how many by verdict", lambda s: count_verdicts(_rows_of_site(s))
        ),
        Field(
            "pairings",
            "array of Pairing",
            "its pairings",
            lambda s: PAIRING.each(PairingRow(s, pairing) for pairing in s.pairings),
        ),
        Field(
            "servers", "array of Server", "replication servers", lambda s: SERVER.each(s.servers)
        ),
        Field(
            "tasks", "number?", "tasks known", lambda s: None if s.tasks is None else len(s.tasks)
        ),
    ),
)
