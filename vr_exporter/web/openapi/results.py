"""What each route answers with when all is well, and which values its parameters take.

A route that has no entry here fails the tests: what is served is described.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vr_exporter.alerting.inbound import MOST_ALERTS, VERSION
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.web.negotiation import OPENMETRICS
from vr_exporter.web.openapi.schemas import REF, Schema, object_of, schema_of
from vr_exporter.web.trigger_lists import MOST_ROWS

TIME: Final = ("generated_timestamp_seconds", "number", "when the answer was made")
_WORDS: Final = 256


@dataclass(frozen=True, slots=True)
class Result:
    """What an answer holds: an object of these members, always there, else what `schema` says.

    `has_tag`: with `If-None-Match` it may be a 304 without a body.
    """

    members: tuple[tuple[str, str, str], ...] = ()
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    media_types: tuple[str, ...] = ("application/json",)
    has_tag: bool = False

    @property
    def content(self) -> Schema:
        """One schema for each media type."""
        schema = object_of(self.members) if self.members else self.schema
        return {media_type: {"schema": schema} for media_type in self.media_types}


def _listed(*members: tuple[str, str, str], has_tag: bool = False) -> Mapping[int, Result]:
    return {200: Result((TIME, *members), has_tag=has_tag)}


def _one_of(*names: str) -> Result:
    return Result(schema={"anyOf": [{"$ref": REF + name} for name in names]})


_LINE: Final = Result(media_types=("text/plain",))
_STATUS: Final[Schema] = {"allOf": [{"$ref": f"{REF}Status"}, object_of((TIME,))]}
_BEGAN: Final = ("began_timestamp_seconds", "number", "names the test alert")
_EPISODES: Final = _listed(("episodes", "array of Explained", ""))
_BRIDGE: Final = _listed(("bridge", "Bridge", ""))
_TAKEN: Final = Result(
    (
        ("alerts", "number", "how many could be read"),
        ("taken", "number", "wishes that are new in the ledger"),
        ("refused", "object", "how many by reason"),
        ("unreadable", "number", "how many could not be read"),
        ("truncated", "number", "how many Alertmanager left out"),
        ("verdicts", "array of object", "what became of the first 100"),
    )
)
_FILES: Final = ("text/css", "text/javascript", "image/svg+xml")

RESULTS: Final[Mapping[tuple[str, str], Mapping[int, Result]]] = {
    ("GET", "/"): {200: Result(media_types=("text/html",), has_tag=True)},
    ("GET", "/status/{file}"): {200: Result(media_types=_FILES, has_tag=True)},
    ("GET", "/metrics"): {200: Result(media_types=(OPENMETRICS, "text/plain"))},
    ("GET", "/-/healthy"): {200: _LINE, 503: _LINE},
    ("GET", "/-/ready"): {200: _LINE, 503: _LINE},
    ("POST", "/-/reload"): {200: _LINE},
    ("GET", "/api/v1/openapi.json"): {200: Result(schema={"type": "object"}, has_tag=True)},
    ("GET", "/api/v1/status"): {200: Result(schema=_STATUS, has_tag=True)},
    ("GET", "/api/v1/status/replications"): _listed(
        ("columns", "array of string", "names of the members"),
        ("rows", "array of array", "their values, a row for each replication"),
        has_tag=True,
    ),
    ("GET", "/api/v1/sites"): _listed(("sites", "array of Site", "")),
    ("GET", "/api/v1/replications"): _listed(("replications", "array of Replication", "")),
    ("GET", "/api/v1/tasks"): _listed(("tasks", "array of Task", "")),
    ("GET", "/api/v1/targets"): _listed(
        ("targets", "array of Target", ""),
        ("faults", "array of Fault", "the words that mean no target, or several"),
        ("unread", "array of string", "what could not be read, so that some may be missing"),
    ),
    ("GET", "/api/v1/triggers"): _listed(("triggers", "array of Trigger", "")),
    ("GET", "/api/v1/triggers/{key}"): {200: _one_of("Trigger")},
    ("GET", "/api/v1/audit"): _listed(("audit", "array of AuditRow", "")),
    ("POST", "/api/v1/sites/{site}/replications/{replication}/sync"): {
        202: _one_of("Trigger"),
        200: _one_of("Trigger", "Preview"),
    },
    ("POST", "/api/v1/triggers/{trigger}/acknowledge"): {
        200: Result((("acknowledged", "array of Trigger", "those that were closed now"),))
    },
    ("POST", "/api/v1/alertmanager"): {200: _TAKEN, 202: _TAKEN},
    ("GET", "/api/v1/bridge"): _BRIDGE,
    ("POST", "/api/v1/bridge/explain"): _EPISODES,
    ("POST", "/api/v1/bridge/simulate"): _EPISODES,
    ("POST", "/api/v1/bridge/kill"): _BRIDGE,
    ("POST", "/api/v1/bridge/test-alert"): {202: Result((_BEGAN,))},
    ("POST", "/api/v1/bridge/test-alert/hops"): {200: Result((("hops", "array of Hop", ""),))},
}
"""By method and path: what each status of success holds, and a 503 that is no problem."""

_ALERT: Final[Schema] = {
    "type": "object",
    "properties": {
        "status": {"enum": ["firing", "resolved"]},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "startsAt": {"type": "string", "format": "date-time"},
    },
    "required": ["status", "labels", "startsAt"],
}
_WEBHOOK: Final[Schema] = {
    "type": "object",
    "description": "What is read of a webhook of Alertmanager; the rest is passed over.",
    "properties": {
        "version": {"const": VERSION},
        "alerts": {"type": "array", "items": _ALERT, "maxItems": MOST_ALERTS},
        "truncatedAlerts": {"type": "integer", "default": 0},
    },
    "required": ["version", "alerts"],
}

BODIES: Final[Mapping[str, Schema]] = {
    "/api/v1/alertmanager": _WEBHOOK,
    "/api/v1/bridge/simulate": _WEBHOOK,
    "/api/v1/sites/{site}/replications/{replication}/sync": schema_of("WishBody"),
}
"""By path: bodies that have a schema of their own; others are made of the table's members."""

_STRINGS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
_PATTERNS: Final[Schema] = {"type": "array", "items": {"type": "string", "maxLength": _WORDS}}
_STATES: Final = [state.value for state in TriggerState]

PARAMETERS: Final[Mapping[str, Schema]] = {
    "site": _STRINGS,
    "pairing": _STRINGS,
    "name": _PATTERNS,
    "match": _PATTERNS,
    "late": {"type": "boolean"},
    "all": {"type": "boolean"},
    "bridge": {"type": "boolean"},
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    "state": {"type": "array", "items": {"type": "string", "enum": _STATES}},
}
"""By name: what a parameter of the query may say; an array is a parameter that is repeated."""
