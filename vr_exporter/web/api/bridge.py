"""The JSON objects of the alert bridge: how it stands, what guards say, how far a test came."""

from __future__ import annotations

from vr_exporter.syncing.guards.chain import Finding
from vr_exporter.web.api.shape import Field, Shape
from vr_exporter.web.bridging import BridgeState, ExplainedEpisode, Hop

BRIDGE: Shape[BridgeState] = Shape(
    "Bridge",
    (
        Field("open", "boolean", "the settings have a webhook", lambda b: b.is_open),
        Field("mode", "string", "`off`, `dry-run` or `on`, for alerts", lambda b: b.mode),
        Field("kill_switch", "boolean", "no alert starts a sync", lambda b: b.has_kill_switch),
        Field("kill_switch_by", "string", "who turned it, and when", lambda b: b.kill_switch_by),
        Field("rules", "array", "alerts that may ask", lambda b: b.rules),
        Field(
            "deadman_timestamp_seconds",
            "number?",
            "when the alert that proves the way in came last",
            lambda b: b.deadman,
        ),
        Field(
            "unhealed",
            "object",
            "replications that syncs by alert did not heal, with how many",
            lambda b: b.unhealed,
        ),
    ),
)

FINDING: Shape[Finding] = Shape(
    "Finding",
    (
        Field("number", "number", "of the guard, 1 to 17", lambda f: f.number),
        Field("guard", "string", "its name", lambda f: f.name),
        Field("shown", "string", "what it judges by", lambda f: f.shown),
        Field("reason", "string", "its no", lambda f: f.skip.reason if f.skip else ""),
        Field(
            "sentence",
            "string",
            "the same for people",
            lambda f: f.skip.sentence if f.skip else "",
        ),
    ),
)


def _refusal(episode: ExplainedEpisode) -> str:
    found = episode.explained.refusal
    return found.skip.reason if found and found.skip else ""


def _sentence(episode: ExplainedEpisode) -> str:
    found = episode.explained.refusal
    vm = episode.explained.trigger.target.vm
    return found.skip.sentence if found and found.skip else f"{vm} would be synced"


EXPLAINED: Shape[ExplainedEpisode] = Shape(
    "Explained",
    (
        Field("key", "string", "of the episode", lambda e: e.explained.trigger.key),
        Field("alertname", "string", "the alert", lambda e: e.intent.episode.alertname),
        Field(
            "starts_timestamp_seconds",
            "number",
            "since when it fires",
            lambda e: e.intent.episode.starts_at,
        ),
        Field("firing", "boolean", "it fires still", lambda e: e.intent.episode.is_firing),
        Field("site", "string", "of the target", lambda e: e.explained.trigger.target.site),
        Field(
            "replication",
            "string",
            "of the target",
            lambda e: e.explained.trigger.target.replication_id,
        ),
        Field("vm", "string", "of the target", lambda e: e.explained.trigger.target.vm),
        Field("offered", "number", "how often it came; 0: it is supposed", lambda e: e.times),
        Field("first_timestamp_seconds", "number?", "when first", lambda e: e.first_at),
        Field("last_timestamp_seconds", "number?", "when last", lambda e: e.last_at),
        Field("said", "string", "what was said to it the last time", lambda e: e.said),
        Field("would_act", "boolean", "no guard says no", lambda e: e.explained.refusal is None),
        Field("reason", "string", "of the first guard that does", _refusal),
        Field("sentence", "string", "the same for people", _sentence),
        Field(
            "guards",
            "array of Finding",
            "each guard in order",
            lambda e: FINDING.each(e.explained.findings),
        ),
    ),
)

HOP: Shape[Hop] = Shape(
    "Hop",
    (
        Field("name", "string", "the step", lambda h: h.name),
        Field("done", "boolean", "it was made", lambda h: h.is_done),
        Field("detail", "string", "what is known of it", lambda h: h.detail),
    ),
)
