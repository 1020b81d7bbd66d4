"""The API described as OpenAPI 3.1, made from the table of the routes and from their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from vr_exporter.web.kept import document
from vr_exporter.web.message import Request, Response
from vr_exporter.web.openapi.results import BODIES, PARAMETERS, RESULTS, Result
from vr_exporter.web.openapi.schemas import PROBLEM, REF, Schema, components, object_of
from vr_exporter.web.paths import Template
from vr_exporter.web.problems import encoded
from vr_exporter.web.sources import Sources

if TYPE_CHECKING:  # the table of the routes names this room as one that answers
    from vr_exporter.web.route import Route

KEY_PATTERN: Final = "^[A-Za-z0-9._:-]{1,128}$"
_ALWAYS: Final = (400, 401, 408, 414, 431)
_OF_POST: Final = (403, 413)
_ACTING: Final = (404, 415, 503)
_HAS_TAG: Final = 304
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_SCHEMES: Final[Schema] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of the setting `api`: it opens what acts, and whatever is read.",
    },
    "webhook": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of the setting `webhook`, which opens nothing else.",
    },
    "webhook_login": {
        "type": "http",
        "scheme": "basic",
        "description": "The user of `webhook.basic`, where the settings have that instead.",
    },
    "login": {
        "type": "http",
        "scheme": "basic",
        "description": "A login of the web file, where it has `basic_auth_users`.",
    },
}


def answer(sources: Sources, request: Request, routes: Sequence[Route]) -> Response:
    """The description of the routes that are there."""
    made = sources.kept.get(
        "openapi",
        [route.path for route in routes],
        lambda: document(encoded(openapi(routes, version=sources.version))),
    )
    return made.answer(request, (("Content-Type", _JSON), ("Cache-Control", "no-cache")))


def openapi(routes: Iterable[Route], *, version: str) -> dict[str, Any]:
    """Describe routes; KeyError names one whose answers have no entry in RESULTS."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "vr-exporter", "version": version},
        "paths": paths,
        "components": {"schemas": components(), "securitySchemes": _SCHEMES},
    }


def _operation(route: Route) -> dict[str, Any]:
    operation = {
        "operationId": _operation_id(route),
        "description": route.summary,
        "security": [{name: [] for name in names} for names in _credentials(route)],
        "parameters": _parameters(route),
        "responses": {str(status): _response(route, status) for status in statuses(route)},
    }
    return {**operation, "requestBody": _body(route)} if _takes_json(route) else operation


def _credentials(route: Route) -> tuple[tuple[str, ...], ...]:
    """Which credentials open a route, any of them; an empty one: none is needed."""
    if route.is_webhook:
        return (("webhook",), ("webhook_login",))
    return (("bearer",),) if route.acts else ((), ("login",), ("bearer",))


def _takes_json(route: Route) -> bool:
    return route.acts or route.is_webhook


def statuses(route: Route) -> list[int]:
    """Every status that a route may answer with, save 500, which is a fault of ours."""
    results = RESULTS[route.method, route.path]
    found = {*results, *_ALWAYS, *(status for status, _ in route.answers)}
    if any(result.has_tag for result in results.values()):
        found.add(_HAS_TAG)
    if Template(route.path).names or any(name == "site" for name, _ in route.parameters):
        found.add(404)
    if route.method == "POST":
        found.update(_OF_POST)
    if _takes_json(route):
        found.update(_ACTING)
    return sorted(found)


def _operation_id(route: Route) -> str:
    words = (word.strip("{}-") for word in route.path.split("/"))
    return "_".join([route.method.lower(), *(word.replace(".", "_") for word in words if word)])


def _response(route: Route, status: int) -> dict[str, Any]:
    said = dict(route.answers).get(status) or HTTPStatus(status).phrase
    result = RESULTS[route.method, route.path].get(status)
    if result is None and status == _HAS_TAG:
        return {"description": said}
    return {"description": said, "content": _content(result)}


def _content(result: Result | None) -> Schema:
    if result is None:
        return {_PROBLEM: {"schema": {"$ref": REF + PROBLEM}}}
    return result.content


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in Template(route.path).names
    ]
    in_query = [
        {"name": name, "in": "query", "description": meaning, "schema": PARAMETERS[name]}
        for name, meaning in route.parameters
    ]
    return [*in_path, *in_query, *([_KEY] if route.acts else [])]


_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "under one key a wish is taken once",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}


def _body(route: Route) -> dict[str, Any]:
    schema = BODIES.get(route.path) or object_of(route.body)
    return {"required": bool(schema.get("required")), "content": {_JSON: {"schema": schema}}}
