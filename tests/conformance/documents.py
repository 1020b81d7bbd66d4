"""Documents made from the schemas of the appliance's OpenAPI document, and ways to spoil them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.contract import the_document

Schema = Mapping[str, Any]

_BITS = {"int32": 31, "int64": 63}
_TEXT = st.text(max_size=40)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_UNKNOWN = st.dictionaries(st.sampled_from(["added_later", "more"]), _ANYTHING, max_size=1)


@cache
def schema_of(name: str) -> Schema:
    """A named schema of the document."""
    schema: Schema = the_document()["components"]["schemas"][name]
    return schema


def resolved(schema: Schema) -> Schema:
    """The schema that a reference stands for, a schema as it is."""
    return schema_of(schema["$ref"].rpartition("/")[2]) if "$ref" in schema else schema


def conforming(schema: Schema) -> st.SearchStrategy[Any]:
    """Anything that a schema allows, unknown members among it."""
    schema = resolved(schema)
    values = _values(schema)
    return st.none() | values if schema.get("nullable") else values


@cache
def page_of(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """A page of a list whose rows are of a named schema."""
    return conforming(schema_of(f"{name}DrResponseList"))


def _values(schema: Schema) -> st.SearchStrategy[Any]:
    if "allOf" in schema:
        parts = [conforming(part) for part in schema["allOf"]]
        return st.tuples(*parts).map(
            lambda found: {k: v for part in found for k, v in part.items()}
        )
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = {"object": _objects, "array": _arrays, "integer": _integers, "string": _strings}
    if schema.get("type") == "boolean":
        return st.booleans()
    return kinds[schema["type"]](schema) if "type" in schema else _ANYTHING


def _objects(schema: Schema) -> st.SearchStrategy[Any]:
    members = {name: conforming(member) for name, member in schema["properties"].items()}
    required = {name: members.pop(name) for name in schema.get("required", ())}
    known = st.fixed_dictionaries(required, optional=members)
    return st.tuples(_UNKNOWN, known).map(lambda found: {**found[0], **found[1]})


def _arrays(schema: Schema) -> st.SearchStrategy[Any]:
    return st.lists(conforming(schema["items"]), max_size=3)


def _integers(schema: Schema) -> st.SearchStrategy[Any]:
    bound = 2 ** _BITS[schema["format"]]
    return st.integers(schema.get("minimum", -bound), schema.get("maximum", bound - 1))


def _strings(schema: Schema) -> st.SearchStrategy[Any]:
    return st.uuids().map(str) if schema.get("format") == "uuid" else _TEXT


@st.composite
def spoiled(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> Any:
    """A document of which one to five members, anywhere, were dropped or replaced."""
    document = {"document": draw(documents)}
    for _ in range(draw(st.integers(1, 5))):
        parent, key = draw(st.sampled_from(list(_places(document))))
        if draw(st.booleans()) and isinstance(parent, dict) and parent is not document:
            del parent[key]
        else:
            parent[key] = draw(_ANYTHING)
    return document["document"]


def _places(node: Any) -> Any:
    items: Any = ()
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list):
        items = list(enumerate(node))
    for key, value in items:
        yield node, key
        yield from _places(value)
