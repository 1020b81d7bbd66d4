"""What the listener offers to strangers: what is read is open, what acts is closed (C1, C20)."""

from __future__ import annotations

import re
from typing import Any, NoReturn

import pytest

from tests.desks import FakeDesk, some_sources
from vr_exporter.app.serving import WebOptions
from vr_exporter.web.bridging import BridgeControl, BridgeState, Inbound, WebhookAnswer
from vr_exporter.web.listeners import split_address
from vr_exporter.web.message import Request, Response
from vr_exporter.web.routes import ROUTES, Route, Routes

ELSEWHERE = "http://192.0.2.66:9999/"
NAMES = re.compile(r"target|url|uri|host|address|proxy|next|redirect|callback|dest", re.IGNORECASE)
READ = [route for route in ROUTES if route.method == "GET"]
ACTING = [route for route in ROUTES if route.acts]


def routes_of(desk: FakeDesk) -> Routes:
    """Routes of an exporter whose desk is a fake."""
    return Routes(some_sources(desk, inbound=closed_webhook(), control=unused_bridge()))


def closed_webhook() -> Inbound:
    """A webhook for which the settings have no credential."""

    def take(_body: bytes) -> WebhookAnswer:
        raise AssertionError("read although it is closed")

    return Inbound(
        key=lambda: None,
        take=take,
        refused=lambda _: None,
        received=lambda: None,
        failed=lambda _: None,
        is_stopping=lambda: False,
    )


def unused_bridge() -> BridgeControl:
    """A bridge that may be looked at, and fails the test when it is made to act."""

    def act(*_: object) -> NoReturn:
        raise AssertionError("acted although nobody showed a credential")

    still = BridgeState(
        is_open=False,
        mode="off",
        has_kill_switch=False,
        kill_switch_by="",
        rules=(),
        deadman=None,
        unhealed={},
    )
    return BridgeControl(
        state=lambda: still,
        explain=act,
        simulate=act,
        kill=act,
        send_test=act,
        test_hops=act,
        acknowledge_loop=act,
    )


def ask(desk: FakeDesk, route: Route, *, site: str = "madrid", **more: Any) -> Response:
    """A request of a stranger for a route."""
    path = re.sub(r"\{[a-z]+\}", "db-01", route.path.replace("{site}", site))
    headers = {"host": "vr:10843", "content-type": "application/json"}
    request = Request(route.method, path, headers=headers, peer="192.0.2.1", body=b"{}", **more)
    routes = routes_of(desk)
    return routes.refusal(request) or routes(request)


def test_C1_it_listens_on_every_address_unless_told_otherwise() -> None:
    """As the family's exporters do; the host of the default address is empty."""
    assert [split_address(address) for address in WebOptions().listen] == [("", 10843)]


@pytest.mark.parametrize("route", READ, ids=lambda route: route.path)
def test_C1_what_is_read_needs_no_credential(route: Route) -> None:
    """No GET asks who is there; it has what it was asked for, or there is none of that name."""
    assert ask(FakeDesk(), route).status in (200, 400, 404)


@pytest.mark.parametrize("token", [None, "", "set"])
@pytest.mark.parametrize("route", ACTING, ids=lambda route: route.path)
def test_C1_nothing_that_acts_is_open_without_a_credential(route: Route, token: str | None) -> None:
    """Without a token in the settings it is closed; with one it is asked for."""
    desk = FakeDesk(token=token)
    assert ask(desk, route).status == (401 if token else 403)
    assert (desk.wishes, desk.turned_away, desk.acknowledged) == ([], [], [])


def test_C1_the_webhook_is_closed_without_a_credential_of_its_own() -> None:
    """Not even its body is read; no other route of strangers acts."""
    (webhook,) = (route for route in ROUTES if route.is_webhook)
    assert ask(FakeDesk(), webhook).status == 403
    others = [route.path for route in ROUTES if route.method == "POST" and not route.acts]
    assert sorted(others) == ["/-/reload", webhook.path]


def test_C20_no_route_takes_an_address() -> None:
    """Which appliances are asked is said in the settings alone: there is no `?target=`."""
    taken = [name for route in ROUTES for name, _ in route.parameters]
    taken += [name for route in ROUTES for name, _, _ in route.body]
    taken += [name for route in ROUTES for name in re.findall(r"\{([a-z]+)\}", route.path)]
    assert "site" in taken
    assert [name for name in taken if NAMES.search(name)] == []


@pytest.mark.parametrize(
    "route", [route for route in READ if ("site" in dict(route.parameters))], ids=lambda r: r.path
)
def test_C20_an_address_in_place_of_a_site_is_no_site(route: Route) -> None:
    """Sites are looked up by their names and never become part of an address."""
    query = (("site", ELSEWHERE), ("match", "*"), ("name", "db-01"))
    known = [(name, value) for name, value in query if name in dict(route.parameters)]
    response = ask(FakeDesk(), route, query=tuple(known))
    body = b"".join(response.chunks)
    assert response.status == 404 or b'"not_found"' in body


def test_C20_a_target_parameter_is_refused_or_passed_over() -> None:
    """What other exporters would follow names nothing here."""
    for route in READ:
        plain, aimed = (
            ask(FakeDesk(), route, query=query) for query in ((), (("target", ELSEWHERE),))
        )
        assert aimed.status in (400, plain.status)
        assert ELSEWHERE.encode() not in b"".join(aimed.chunks)
