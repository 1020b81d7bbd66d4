"""Which route answers what."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.bridges import a_bridge_control
from tests.builders import NOW, a_site_never_reached, a_site_snapshot, a_snapshot
from tests.desks import FakeDesk
from tests.wishes import a_trigger
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.web.acting import Acting
from vr_exporter.web.bridging import BridgeControl
from vr_exporter.web.message import Request, Response
from vr_exporter.web.negotiation import OPENMETRICS_TYPE, TEXT_TYPE
from vr_exporter.web.routes import ROUTES, Routes, Sources


@dataclass(frozen=True, slots=True)
class Page:
    """Stands for the page of metrics, and keeps what was asked of it."""

    chunks: tuple[bytes, ...] = (b"vr_up 1\n", b"# EOF\n")
    etag: str = '"1-2-o"'
    asked: list[dict[str, Any]] = field(default_factory=list)

    def body(self, *, openmetrics: bool, gzip: bool, sites: frozenset[str] | None = None) -> Page:
        """The page itself."""
        self.asked.append({"openmetrics": openmetrics, "gzip": gzip, "sites": sites})
        return self


def some_routes(
    *,
    snapshot: Snapshot | None = None,
    page: Page | None = None,
    healthy: tuple[bool, str] = (True, "healthy"),
    reload: Callable[[], str | None] | None = None,
    acting: Acting | None = None,
    control: BridgeControl | None = None,
) -> Routes:
    """Routes over the site Madrid."""
    shown = snapshot or a_snapshot()
    return Routes(
        Sources(
            snapshot=lambda: shown,
            metrics_body=(page or Page()).body,
            is_healthy=lambda: healthy,
            now=lambda: NOW,
            version="1.2.3",
            reload=reload,
            acting=acting,
            control=control,
        )
    )


def get(path: str, *query: tuple[str, str], **headers: str) -> Request:
    """A GET request."""
    return Request("GET", path, query=query, headers=headers)


def post(path: str, headers: Mapping[str, str] | None = None) -> Request:
    """A POST request."""
    return Request("POST", path, headers={"host": "vr.example:10843", **(headers or {})})


def detail(response: Response) -> str:
    """What a problem says."""
    assert ("Content-Type", "application/problem+json") in response.headers
    problem = json.loads(b"".join(response.chunks))
    assert problem["status"] == response.status
    assert problem["title"]
    return str(problem["detail"])


def test_every_get_route_answers() -> None:
    """Each GET of the table has an answer, HEAD included."""
    desk = FakeDesk(kept=[a_trigger(key="{key}")])
    routes = some_routes(acting=desk.acting(), control=a_bridge_control())
    for route in ROUTES:
        if route.method == "GET":
            query = (("all", "true"),) if route.path.endswith("targets") else ()
            path = route.path.replace("{key}", "%7Bkey%7D").replace("{file}", "main.js")
            assert routes(get(path, *query)).status == 200
            assert routes(Request("HEAD", path, query=query)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "//metrics",
        "/metrics/",
        "/metrics/..",
        "/./metrics",
        "/metrics;x",
        "/metrics%00",
        "/%6detrics",
        "/%2e%2e/etc/passwd",
        "/METRICS",
        "/favicon.ico",
        "/api/v1/triggers",
        "/api/v1",
    ],
)
def test_C10_path_is_matched_byte_by_byte(path: str) -> None:
    """Nothing but the very path is a route."""
    response = some_routes()(get(path))
    assert response.status == 404
    assert path not in detail(response)


@pytest.mark.parametrize(
    "path", ["/-/quit", "/debug/pprof", "/debug/vars", "/-/config", "/server-status"]
)
def test_C32_there_is_nothing_to_quit_or_debug(path: str) -> None:
    """No route ends the program or looks into it."""
    for method in ("GET", "POST", "PUT"):
        assert some_routes(reload=lambda: None)(Request(method, path)).status == 404


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "FOO"]
)
def test_other_method_is_told_those_there_are(method: str) -> None:
    """405 names what the path answers."""
    response = some_routes()(Request(method, "/metrics"))
    assert response.status == 405
    assert ("Allow", "GET, HEAD") in response.headers


def test_metrics_are_sent_as_they_lie_there() -> None:
    """The chunks are those of the page, labelled by form, tagged by its tag."""
    page = Page()
    response = some_routes(page=page)(
        get("/metrics", accept="application/openmetrics-text", **{"accept-encoding": "gzip"})
    )
    headers = dict(response.headers)
    assert response.chunks is page.chunks
    assert headers["Content-Type"] == OPENMETRICS_TYPE
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == "Accept, Accept-Encoding"
    assert headers["ETag"] == '"1-2-o"'
    assert page.asked == [{"openmetrics": True, "gzip": True, "sites": None}]


def test_metrics_are_plain_text_unless_asked_for_otherwise() -> None:
    """Without Accept fields text 0.0.4 goes out, not compressed."""
    page = Page()
    headers = dict(some_routes(page=page)(get("/metrics")).headers)
    assert headers["Content-Type"] == TEXT_TYPE
    assert "Content-Encoding" not in headers
    assert page.asked == [{"openmetrics": False, "gzip": False, "sites": None}]


def test_metrics_of_named_sites_alone() -> None:
    """`site` may be repeated; a site that there is not is a problem, not an empty page."""
    page = Page()
    madrid, berlin = a_site_snapshot(), a_site_snapshot(site="berlin")
    routes = some_routes(page=page, snapshot=a_snapshot(madrid, berlin))
    routes(get("/metrics", ("site", "madrid"), ("site", "berlin"), ("site", "madrid")))
    assert page.asked[0]["sites"] == frozenset({"madrid", "berlin"})
    response = routes(get("/metrics", ("site", "madrid"), ("site", "atlantis")))
    assert response.status == 404
    assert detail(response) == "no such site (known: madrid, berlin)"
    assert routes(get("/metrics", ("site", ""))).status == 404


def test_healthy_says_why_not() -> None:
    """503 with one line of text while a loop is dead."""
    response = some_routes(healthy=(False, "the loop of madrid is silent"))(get("/-/healthy"))
    assert (response.status, response.chunks) == (503, (b"the loop of madrid is silent\n",))


def test_ready_once_every_site_was_tried() -> None:
    """A site that is down was tried; one that was never polled was not."""
    down = a_site_snapshot(up=False)
    assert some_routes(snapshot=a_snapshot(down))(get("/-/ready")).status == 200
    waiting = a_snapshot(down, a_site_never_reached(site="wien"))
    response = some_routes(snapshot=waiting)(get("/-/ready"))
    assert (response.status, response.chunks) == (503, (b"not ready: no poll yet of wien\n",))
    assert some_routes(snapshot=Snapshot())(get("/-/ready")).status == 503


def test_not_ready_while_stopping() -> None:
    """Nobody sends work to a program that is about to end."""
    response = some_routes(acting=FakeDesk(is_stopping=True).acting())(get("/-/ready"))
    assert (response.status, response.chunks) == (503, (b"not ready: stopping\n",))


def test_reload_is_there_only_when_it_is_enabled() -> None:
    """Without a callable to reload with there is no such path."""
    assert some_routes()(post("/-/reload")).status == 404
    assert some_routes(reload=lambda: None)(post("/-/reload")).status == 200
    assert some_routes(reload=lambda: None)(get("/-/reload")).headers[-1] == ("Allow", "POST")


def test_reload_says_why_the_old_settings_hold() -> None:
    """A refused file is a problem with the fault in it."""
    response = some_routes(reload=lambda: "config.yml: sites: no site")(post("/-/reload"))
    assert response.status == 500
    assert "config.yml: sites: no site" in detail(response)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://vr.example:10843"}, 200),
        ({"origin": "https://VR.example:10843", "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://vr.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://[vr.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://vr.example:10843", "sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_C16_post_from_a_page_of_another_site_is_refused(
    headers: dict[str, str], status: int
) -> None:
    """An Origin has to name the Host, and the browser must not call the request cross-site."""
    calls: list[None] = []

    def reload() -> None:
        calls.append(None)

    assert some_routes(reload=reload)(post("/-/reload", headers)).status == status
    assert len(calls) == (status == 200)


def test_C15_page_for_people_allows_nothing_but_its_own_files() -> None:
    """The policy of the HTML page names no origin but ours, and nothing inline."""
    headers = dict(some_routes()(get("/")).headers)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["main.js", "page.css", "icon.svg"])
def test_files_of_the_page_are_asked_for_once(name: str) -> None:
    """Each has its type and a tag; to one who has it the answer is 304 without a body."""
    routes = some_routes()
    first = routes(get(f"/status/{name}"))
    headers = dict(first.headers)
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Content-Type"].split(";")[0].partition("/")[0] in ("text", "image")
    again = routes(get(f"/status/{name}", **{"if-none-match": headers["ETag"]}))
    assert (again.status, again.chunks) == (304, ())


@pytest.mark.parametrize("name", ["assets.py", "..%2Ftables.py", "main.js%00", "nothing.js"])
def test_C10_no_other_file_is_served(name: str) -> None:
    """What is no file of the page is not there, whatever stands beside it on the disk."""
    assert some_routes()(get(f"/status/{name}")).status == 404
