"""The reference of the routes in Markdown, made from the tables that answer them."""

from __future__ import annotations

from collections.abc import Iterator

from vr_exporter.web.api import REPLICATIONS, SHAPES, SITES, TASKS
from vr_exporter.web.api.shape import Shape
from vr_exporter.web.routes import ROUTES, Route

_INTRODUCTION = """\
# HTTP routes

<!-- Made by `vr-exporter routes`; a test holds this file to the program. -->

Paths match as they are written, byte by byte: `//metrics` or `/%6detrics` is no path of ours.
Only what stands in braces below is open: one segment, percent-encoded as UTF-8 and decoded once.
`HEAD` is answered wherever `GET` is; any other method gets 405 with `Allow`. With
`basic_auth_users` in the web file every path but `/-/healthy` asks for a login; the unix socket in
the state folder never does.

What acts asks for `Authorization: Bearer` with the token of the setting `api`, on the unix socket
for none, and for `Content-Type: application/json`. Without a token in the settings nothing acts
over TCP. As there is but one `Authorization` field, that token also stands in place of a login. The
webhook of Alertmanager has a credential of its own, which opens nothing else; no other opens it.

A problem is `application/problem+json` with `title`, `status` and `detail`: 400 for a request that
cannot be read or an unknown filter, 401 without a good login, 403 for a POST from a page of another
site, 404 and 405 for what there is not, 408 for a request that did not arrive in time, 409 for a
wish that a guard turned down or whose key is another's, 413, 414 and 431 for too large a body,
request line or head, 415 for a body that is not JSON, 500 for a fault of ours, 503 while stopping
or where the ledger cannot write.

"""

_JSON = """\
## JSON

Lists stand under a key of their own, beside the time of the answer:
`{"generated_timestamp_seconds": 1790000000.0, "sites": […]}`. Times are in seconds, timestamps in
seconds since 1970, sizes in bytes. Every member is always there; one whose type ends in `?` is null
when it is not known. Members may be added; none is renamed or taken away within a major version.

"""

_LISTS: tuple[tuple[str, str, str], ...] = (
    ("/api/v1/sites", SITES.key, "Site"),
    ("/api/v1/replications", REPLICATIONS.key, "Replication"),
    ("/api/v1/tasks", TASKS.key, "Task"),
    ("/api/v1/triggers", "triggers", "Trigger"),
    ("/api/v1/audit", "audit", "AuditRow"),
    ("/api/v1/targets", "targets", "Target"),
    ("/api/v1/targets", "faults", "Fault: the words that mean no target, or several"),
    ("/api/v1/targets", "unread", "sentences: what could not be read, so that some may be missing"),
)


def routes_reference() -> str:
    """Write the whole page."""
    return "".join(
        [
            _INTRODUCTION,
            *(_route(route) for route in ROUTES),
            _JSON,
            *(f"- `{path}`: `{key}`, an array of {what}\n" for path, key, what in _LISTS),
            "\n",
            "\n".join(_shape(shape) for shape in SHAPES),
        ]
    )


def _route(route: Route) -> str:
    lines = [f"## {route.method} {route.path}\n", f"{route.summary}\n"]
    lines += [f"- `{name}`: {meaning}" for name, meaning in route.parameters]
    if route.body:
        lines += ["| member of the body | type | meaning |", "|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in route.body]
        lines.append("")
    if route.answers:
        lines += ["| answer | when |", "|---|---|"]
        lines += [f"| {status} | {when} |" for status, when in route.answers]
    return "\n".join(lines).rstrip("\n") + "\n\n"


def _shape(shape: Shape[object]) -> str:
    return "\n".join(_shape_lines(shape)) + "\n"


def _shape_lines(shape: Shape[object]) -> Iterator[str]:
    yield f"### {shape.name}\n\n| member | type | meaning |\n|---|---|---|"
    for field in shape.fields:
        yield f"| `{field.name}` | {field.kind} | {field.meaning} |"
