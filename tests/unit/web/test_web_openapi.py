"""The description of the API: whole, sound, and of what is there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from tests.desks import FakeDesk, some_sources
from vr_exporter.web.api import SHAPES
from vr_exporter.web.message import Request
from vr_exporter.web.openapi import openapi
from vr_exporter.web.openapi.results import BODIES, PARAMETERS, RESULTS
from vr_exporter.web.openapi.schemas import REF, components, schema_of
from vr_exporter.web.routes import ROUTES, Route, Routes

DOCUMENT = openapi(ROUTES, version="1.2.3")


def answer(*, has_desk: bool = True, **headers: str) -> tuple[int, dict[str, Any]]:
    """What the route answers, with or without a desk."""
    sources = some_sources(FakeDesk() if has_desk else None)
    response = Routes(sources)(Request("GET", "/api/v1/openapi.json", headers=headers))
    body = b"".join(response.chunks)
    return response.status, json.loads(body) if body else {}


def references(shape: object) -> set[str]:
    """Every schema that is referred to anywhere below."""
    if isinstance(shape, list):
        return {found for each in shape for found in references(each)}
    if not isinstance(shape, dict):
        return set()
    own = {shape["$ref"]} if "$ref" in shape else set()
    return own | {found for each in shape.values() for found in references(each)}


def operation(route: Route) -> dict[str, Any]:
    """A route as it is described."""
    described: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return described


def test_every_route_is_described_and_nothing_else() -> None:
    """A new route needs an entry that says what it answers, and takes it along when it goes."""
    assert set(RESULTS) == {(route.method, route.path) for route in ROUTES}
    assert all(any(status < 300 for status in results) for results in RESULTS.values())
    assert set(BODIES) <= {route.path for route in ROUTES if route.method == "POST"}
    assert {name for route in ROUTES for name, _ in route.parameters} == set(PARAMETERS)


def test_route_without_an_entry_cannot_be_described() -> None:
    """Nothing is made up for it."""
    with pytest.raises(KeyError, match="/api/v1/new"):
        openapi([replace(ROUTES[0], path="/api/v1/new")], version="1")


def test_every_status_that_the_reference_names_is_described() -> None:
    """The two descriptions agree: each row of `answers` is among the responses."""
    for route in ROUTES:
        named = {str(status) for status, _ in route.answers}
        assert named <= set(operation(route)["responses"])


def test_every_schema_is_sound_and_every_reference_leads_somewhere() -> None:
    """Programs that generate code from it do not stumble."""
    known = DOCUMENT["components"]["schemas"]
    for schema in known.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert references(DOCUMENT) <= {REF + name for name in known}
    assert {shape.name for shape in SHAPES} <= set(known)


def test_operations_have_names_of_their_own() -> None:
    """Client generators make functions of them."""
    names = [operation(route)["operationId"] for route in ROUTES]
    assert len(set(names)) == len(names)


def test_what_acts_asks_for_the_bearer_token_and_what_is_read_does_not() -> None:
    """Security is described as the gate decides it."""
    for route in ROUTES:
        security = operation(route)["security"]
        if route.is_webhook:
            assert security == [{"webhook": []}, {"webhook_login": []}]
        elif route.acts:
            assert security == [{"bearer": []}]
        else:
            assert {} in security


def test_problems_are_problem_json() -> None:
    """Every status from 400 on, save those of a line of text."""
    for route in ROUTES:
        for status, response in operation(route)["responses"].items():
            if int(status) >= 400 and int(status) not in RESULTS[route.method, route.path]:
                assert list(response["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", ["x", ""], [None, 1]),
        ("number?", [None, 1, 1.5], ["1"]),
        ("array of string", [[], ["x"]], [None, [1]]),
        ("array? of Fact", [None, [{"level": "met", "sentence": ""}]], [[{}]]),
        ("Fact", [{"level": "met", "sentence": "", "more": 1}], [None, {"level": "met"}]),
        ("Fact?", [None, {"level": "met", "sentence": ""}], [{}]),
    ],
)
def test_kinds_of_the_tables_are_schemas(kind: str, good: list[Any], bad: list[Any]) -> None:
    """What a table calls `number?` admits numbers and null, and nothing else."""
    schema = {**schema_of(kind), "components": {"schemas": components()}}
    validator = jsonschema.Draft202012Validator(schema)
    assert all(validator.is_valid(each) for each in good)
    assert not any(validator.is_valid(each) for each in bad)


def test_kind_that_is_none_is_refused() -> None:
    """A slip in a table is found by the tests, not by users."""
    with pytest.raises(ValueError, match="no kind of JSON"):
        schema_of("list[str]")


def test_served_description_has_only_what_is_there() -> None:
    """Without a desk no trigger can be asked for, and the description does not say so."""
    status, document = answer()
    assert status == 200
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == "1.2.3"
    assert "/api/v1/triggers" in document["paths"]
    assert "/-/reload" not in document["paths"]
    _, without = answer(has_desk=False)
    assert "/api/v1/triggers" not in without["paths"]


def test_wish_is_described_by_what_reads_it() -> None:
    """The body's schema is that of the reader: unknown members and negative ages are refused."""
    schema = DOCUMENT["components"]["schemas"]["WishBody"]
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"force": True, "max_age_seconds": 5})
    assert not validator.is_valid({"forced": True})
    assert not validator.is_valid({"max_age_seconds": -1})
