"""The routes: what may be asked, and which part of the program answers."""

from __future__ import annotations

from dataclasses import replace

from vr_exporter.alerting.inbound import MOST_BODY_BYTES
from vr_exporter.web.gate import CROSS_SITE, bears_token, is_cross_site, refusal_to_act
from vr_exporter.web.message import Request, Response
from vr_exporter.web.paths import Template
from vr_exporter.web.problems import problem
from vr_exporter.web.route import Route
from vr_exporter.web.sources import Sources
from vr_exporter.web.table import ROUTES
from vr_exporter.web.webhook import refusal_of_webhook

__all__ = ["ROUTES", "Route", "Routes", "Sources"]

LARGEST_ANNOUNCED = 10**18
"""Any length that a head can say: the gate of the route judges it, after the credential."""


class Routes:
    """Finds the route of a request by the exact bytes of its path, and answers it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        present = [route for route in ROUTES if route.is_there(sources)]
        self._fixed = {(route.path, route.method): route for route in present}
        self._open = [
            (template, route) for route in present if (template := Template(route.path)).names
        ]

    def __call__(self, request: Request) -> Response:
        """Answer one request; HEAD is a GET whose body the server keeps back."""
        met = self._route(request)
        if isinstance(met, Response):
            return met
        route, captured = met
        return route.answer(self._sources, replace(request, captured=captured))

    def refusal(self, request: Request) -> Response | None:
        """What a head alone is enough to refuse; `__call__` refuses the same."""
        met = self._route(request)
        return met if isinstance(met, Response) else None

    def spares_login(self, request: Request) -> bool:
        """Whether the web file's login is not asked for: there is one Authorization field only.

        Where a route acts, the bearer token counts alone; it also opens whatever can be read.
        """
        acting = self._sources.acting
        if acting is None:
            return False
        met = self._find(request)
        if met is not None and (met[0].acts or met[0].is_webhook):
            return True
        scheme = request.headers.get("authorization", "")[:7].lower()
        return scheme == "bearer " and bears_token(request, acting.token())

    def most_body_bytes(self, request: Request) -> int | None:
        """How large a body a route takes that takes more than others.

        What is larger is refused by `refusal`, or while it is read in chunks.
        """
        met = self._find(request)
        if met is None or not met[0].takes_webhook:
            return None
        is_announced = met[0].is_webhook and "content-length" in request.headers
        return LARGEST_ANNOUNCED if is_announced else MOST_BODY_BYTES

    def unread(self, request: Request) -> None:
        """Count a webhook whose body did not come as it has to."""
        met = self._find(request)
        if met is not None and met[0].is_webhook:
            self._sources.webhook.refused("body")

    def _route(self, request: Request) -> tuple[Route, dict[str, str]] | Response:
        met = self._find(request)
        if met is None:
            return self._no_route(request)
        return self._refusal_at(met[0], request) or met

    def _refusal_at(self, route: Route, request: Request) -> Response | None:
        if route.is_webhook:
            return refusal_of_webhook(self._sources.webhook, request)
        if route.method == "POST" and is_cross_site(request):
            return CROSS_SITE
        return refusal_to_act(self._sources.desk, request) if route.acts else None

    def _find(self, request: Request) -> tuple[Route, dict[str, str]] | None:
        method = "GET" if request.method == "HEAD" else request.method
        fixed = self._fixed.get((request.path, method))
        if fixed is not None:
            return fixed, {}
        for template, route in self._open:
            if route.method == method and (captured := template.match(request.path)) is not None:
                return route, captured
        return None

    def _no_route(self, request: Request) -> Response:
        methods = [method for path, method in self._fixed if path == request.path]
        methods += [
            route.method
            for template, route in self._open
            if template.match(request.path) is not None
        ]
        if not methods:
            return problem(404, "no such path; / has links to those there are")
        allowed = ", ".join(["GET", "HEAD"] if "GET" in methods else methods)
        return problem(405, f"this path answers {allowed}", headers=(("Allow", allowed),))
