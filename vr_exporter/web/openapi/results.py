"""What each route answers with when all is well, and which values its parameters take.

A route that has no entry here fails the tests: what is served is described.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

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
}
"""By method and path: what each status of success holds, and a 503 that is no problem."""

BODIES: Final[Mapping[str, Schema]] = {
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
    "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    "state": {"type": "array", "items": {"type": "string", "enum": _STATES}},
}
"""By name: what a parameter of the query may say; an array is a parameter that is repeated."""
