"""The routes: what may be asked, and which part of the program answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.web import api
from vr_exporter.web.message import Headers, Request, Response
from vr_exporter.web.negotiation import VARY, choose_form
from vr_exporter.web.problems import problem
from vr_exporter.web.status_page import POLICY, status_page

_TEXT = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))
_NO_SNIFFING = ("X-Content-Type-Options", "nosniff")


class Body(Protocol):
    """The page of metrics, ready to be sent."""

    @property
    def chunks(self) -> tuple[bytes, ...]:
        """The bytes."""

    @property
    def etag(self) -> str:
        """Names exactly these bytes, in its quotes."""


class MetricsBody(Protocol):
    """Gives the page of metrics in the form asked for."""

    def __call__(
        self, *, openmetrics: bool, gzip: bool, sites: frozenset[str] | None = None
    ) -> Body:
        """All sites, or the named ones, which exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the routes read and call.

    `is_healthy` answers with a line on why. `reload` reads the settings again and answers with
    the fault, None when there was none; without it there is no such route.
    `now` is in seconds since 1970. While `is_stopping` the exporter is not ready.
    """

    snapshot: Callable[[], Snapshot]
    metrics_body: MetricsBody
    is_healthy: Callable[[], tuple[bool, str]]
    is_stopping: Callable[[], bool]
    now: Callable[[], float]
    version: str
    reload: Callable[[], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One route: `summary` and `parameters` are for the reference, `answer` does the work."""

    method: str
    path: str
    summary: str
    answer: Callable[[Sources, Request], Response]
    parameters: tuple[tuple[str, str], ...] = ()


class Routes:
    """Finds the route of a request by the exact bytes of its path, and answers it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._routes = {
            (route.path, route.method): route
            for route in ROUTES
            if route.answer is not _reload or sources.reload
        }

    def __call__(self, request: Request) -> Response:
        """Answer one request; HEAD is a GET whose body the server keeps back."""
        method = "GET" if request.method == "HEAD" else request.method
        route = self._routes.get((request.path, method))
        if route is None:
            return self._no_route(request)
        if route.method == "POST" and is_cross_site(request):
            return problem(403, "a request from another site")
        return route.answer(self._sources, request)

    def _no_route(self, request: Request) -> Response:
        methods = [method for path, method in self._routes if path == request.path]
        if not methods:
            return problem(404, "no such path; / has links to those there are")
        allowed = ", ".join(["GET", "HEAD"] if "GET" in methods else methods)
        return problem(405, f"this path answers {allowed}", headers=(("Allow", allowed),))


def is_cross_site(request: Request) -> bool:
    """Whether a browser says that a page of another site sent this (fault-matrix C16, C17)."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower()
    except ValueError:
        return True


def _status_page(sources: Sources, _request: Request) -> Response:
    headers: Headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", POLICY),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        _NO_SNIFFING,
    )
    page = status_page(sources.snapshot(), now=sources.now(), version=sources.version)
    return Response(200, headers, (page,))


def _metrics(sources: Sources, request: Request) -> Response:
    names = request.values("site")
    sites = frozenset(names) if names else None
    known = sources.snapshot().sites
    if sites and not sites <= {*known}:
        return problem(404, f"no such site (known: {', '.join(known) or 'none'})")
    form = choose_form(request.headers)
    body = sources.metrics_body(openmetrics=form.openmetrics, gzip=form.gzip, sites=sites)
    encoding = (("Content-Encoding", "gzip"),) if form.gzip else ()
    headers: Headers = (
        ("Content-Type", form.content_type),
        *encoding,
        ("Vary", VARY),
        ("ETag", body.etag),
        _NO_SNIFFING,
    )
    return Response(200, headers, body.chunks)


def _healthy(sources: Sources, _request: Request) -> Response:
    is_healthy, line = sources.is_healthy()
    return _line(200 if is_healthy else 503, line)


def _ready(sources: Sources, _request: Request) -> Response:
    if sources.is_stopping():
        return _line(503, "not ready: stopping")
    sites = sources.snapshot().sites.values()
    waiting = [site.site for site in sites if not site.was_tried]
    if waiting or not sites:
        return _line(503, f"not ready: no poll yet of {', '.join(waiting) or 'any site'}")
    return _line(200, "ready: every site was tried")


def _line(status: int, line: str) -> Response:
    return Response(status, _TEXT, (f"{line}\n".encode(errors="replace"),))


def _sites(sources: Sources, request: Request) -> Response:
    return api.SITES.answer(sources.snapshot(), request, now=sources.now())


def _replications(sources: Sources, request: Request) -> Response:
    return api.REPLICATIONS.answer(sources.snapshot(), request, now=sources.now())


def _tasks(sources: Sources, request: Request) -> Response:
    return api.TASKS.answer(sources.snapshot(), request, now=sources.now())


def _reload(sources: Sources, _request: Request) -> Response:
    fault = sources.reload() if sources.reload else None
    if fault is not None:
        return problem(500, f"the old settings hold: {fault}")
    return _line(200, "reloaded")


_SITE = ("site", "name of a site, repeatable; 404 when there is none of that name")

ROUTES = (
    Route("GET", "/", "Status page for people; it loads itself again every 15 s.", _status_page),
    Route(
        "GET",
        "/metrics",
        "The page that Prometheus scrapes: OpenMetrics 1.0.0 or text 0.0.4 by `Accept`, "
        "gzip by `Accept-Encoding`.",
        _metrics,
        (_SITE,),
    ),
    Route(
        "GET",
        "/-/healthy",
        "200 while the loops beat, else 503; one line says why. Never asks for a login.",
        _healthy,
    ),
    Route(
        "GET",
        "/-/ready",
        "200 once every site was tried, well or not; else 503, and while stopping.",
        _ready,
    ),
    Route("GET", "/api/v1/sites", "Sites with their pairings and servers.", _sites, (_SITE,)),
    Route(
        "GET",
        "/api/v1/replications",
        "Replications, once per site that shows them, error texts included.",
        _replications,
        (
            _SITE,
            ("pairing", "name of a pairing, repeatable"),
            ("late", "`true`: those late or breached; `false`: the others"),
            ("match", "glob over VM names (case counts), or a replication's id; repeatable"),
        ),
    ),
    Route("GET", "/api/v1/tasks", "Tasks that are known, anybody's.", _tasks, (_SITE,)),
    Route(
        "POST",
        "/-/reload",
        "Read the settings again, all or nothing; needs no body. "
        "Only with `--web.enable-lifecycle`, else 404; 500 when the old settings hold.",
        _reload,
    ),
)
"""Every route there is; the reference is generated from it."""
