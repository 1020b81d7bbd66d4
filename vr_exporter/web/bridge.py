"""The answers of the routes by which people ask of the bridge, and stop it."""

from __future__ import annotations

import json
from typing import Final

from vr_exporter.alerting.inbound import NotAWebhook
from vr_exporter.ledger.store import StoreFailed
from vr_exporter.web.actors import actor_of
from vr_exporter.web.api import json_response
from vr_exporter.web.api.bridge import BRIDGE, EXPLAINED, HOP
from vr_exporter.web.message import Request, Response
from vr_exporter.web.problems import problem
from vr_exporter.web.sources import Sources

LONGEST_WORD: Final = 256


def state(sources: Sources, _request: Request) -> Response:
    """How the bridge stands."""
    return json_response(
        {
            "generated_timestamp_seconds": sources.now(),
            "bridge": BRIDGE.of(sources.bridge.state()),
        }
    )


def explain(sources: Sources, request: Request) -> Response:
    """What every guard says of an episode, or of a replication as if it were in breach."""
    word = _member(request, "of", str)
    if not isinstance(word, str) or not 0 < len(word) <= LONGEST_WORD:
        return problem(400, "body: say `of`: the key of an episode, a replication or a VM")
    found = sources.bridge.explain(word)
    if not found:
        return problem(404, f'no episode, replication or VM "{word}"')
    return json_response(
        {"generated_timestamp_seconds": sources.now(), "episodes": EXPLAINED.each(found)}
    )


def simulate(sources: Sources, request: Request) -> Response:
    """What would become of a webhook, nothing written and nothing asked for."""
    try:
        found = sources.bridge.simulate(request.body)
    except NotAWebhook as error:
        return problem(400, str(error))
    return json_response(
        {"generated_timestamp_seconds": sources.now(), "episodes": EXPLAINED.each(found)}
    )


def kill(sources: Sources, request: Request) -> Response:
    """Turn the kill switch."""
    is_on = _member(request, "on", bool)
    if not isinstance(is_on, bool):
        return problem(400, "body: say `on`: true or false")
    sources.bridge.kill(is_on, actor_of(request))
    return state(sources, request)


def send_test(sources: Sources, request: Request) -> Response:
    """Send a test alert on its way."""
    try:
        began = sources.bridge.send_test(actor_of(request))
    except StoreFailed:
        return problem(503, "the ledger cannot take it in")
    except LookupError as error:
        return problem(409, str(error))
    return json_response({"began_timestamp_seconds": began}, status=202)


def test_hops(sources: Sources, request: Request) -> Response:
    """How far a test alert came."""
    began = _member(request, "began_timestamp_seconds", (int, float))
    if isinstance(began, bool) or not isinstance(began, int | float):
        return problem(400, "body: say `began_timestamp_seconds`, as the test was answered with")
    return json_response({"hops": HOP.each(sources.bridge.test_hops(float(began)))})


def _member(request: Request, name: str, kind: type | tuple[type, ...]) -> object:
    try:
        shape = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return None
    value = shape.get(name) if isinstance(shape, dict) else None
    return value if isinstance(value, kind) else None
