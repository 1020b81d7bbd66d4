"""JSON Schema of what the API says, made from the tables that its answers are made from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from vr_exporter.web.api import SHAPES
from vr_exporter.web.api.shape import Shape
from vr_exporter.web.wish_body import WishBody

Schema = dict[str, Any]

REF: Final = "#/components/schemas/"
_KIND = re.compile(r"(?P<name>\w+)(?P<null>\?)?(?: of (?P<each>[\w ?]+))?")
_PLAIN = frozenset({"string", "number", "boolean", "object", "array"})

PROBLEM: Final = "Problem"
_OF_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "What went wrong (RFC 9457); some have more members.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "the phrase that goes with the status"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one sentence for people"},
    },
    "required": ["type", "title", "status", "detail"],
}


def schema_of(kind: str) -> Schema:
    """The schema of a kind as the tables write it: `number?`, `Trigger`, `array? of Issue`."""
    match = _KIND.fullmatch(kind)
    if match is None:
        raise ValueError(f"no kind of JSON: {kind}")
    if match["name"] not in _PLAIN:
        reference: Schema = {"$ref": REF + match["name"]}
        return {"anyOf": [reference, {"type": "null"}]} if match["null"] else reference
    schema: Schema = {"type": [match["name"], "null"] if match["null"] else match["name"]}
    if match["each"]:
        schema["items"] = schema_of(match["each"])
    return schema


def object_of(members: Iterable[tuple[str, str, str]]) -> Schema:
    """The schema of an object whose members (name, kind, meaning) are always there."""
    rows = tuple(members)
    return {
        "type": "object",
        "properties": {name: _described(schema_of(kind), of) for name, kind, of in rows},
        "required": [name for name, _, _ in rows],
    }


def components() -> dict[str, Schema]:
    """Every named schema: the shapes of the API, the body of a wish, and the problem."""
    _, bodies = msgspec.json.schema_components((WishBody,), ref_template=REF + "{name}")
    shapes = {shape.name: _of_shape(shape) for shape in SHAPES}
    return {**shapes, **bodies, PROBLEM: _OF_PROBLEM}


def _of_shape(shape: Shape[Any]) -> Schema:
    return object_of((field.name, field.kind, field.meaning) for field in shape.fields)


def _described(schema: Schema, meaning: str) -> Schema:
    return {**schema, "description": meaning} if meaning else schema
