"""The answers of the routes that everybody may read, and of the reload."""

from __future__ import annotations

from vr_exporter.web import api
from vr_exporter.web.kept import NO_SNIFFING
from vr_exporter.web.message import Headers, Request, Response
from vr_exporter.web.negotiation import VARY, choose_form
from vr_exporter.web.problems import problem
from vr_exporter.web.sources import Sources

_TEXT = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))


def metrics(sources: Sources, request: Request) -> Response:
    """The page of metrics, in the form that the client prefers."""
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
        NO_SNIFFING,
    )
    return Response(200, headers, body.chunks)


def healthy(sources: Sources, _request: Request) -> Response:
    """Whether the loops beat."""
    is_healthy, line = sources.is_healthy()
    return _line(200 if is_healthy else 503, line)


def ready(sources: Sources, _request: Request) -> Response:
    """Whether every site was tried, and the end is not near."""
    if sources.acting and sources.acting.is_stopping():
        return _line(503, "not ready: stopping")
    sites = sources.snapshot().sites.values()
    waiting = [site.site for site in sites if not site.was_tried]
    if waiting or not sites:
        return _line(503, f"not ready: no poll yet of {', '.join(waiting) or 'any site'}")
    return _line(200, "ready: every site was tried")


def sites(sources: Sources, request: Request) -> Response:
    """Sites as JSON."""
    return api.SITES.answer(sources.snapshot(), request, now=sources.now())


def replications(sources: Sources, request: Request) -> Response:
    """Replications as JSON."""
    return api.REPLICATIONS.answer(sources.snapshot(), request, now=sources.now())


def tasks(sources: Sources, request: Request) -> Response:
    """Tasks as JSON."""
    return api.TASKS.answer(sources.snapshot(), request, now=sources.now())


def reload(sources: Sources, _request: Request) -> Response:
    """Read the settings again."""
    fault = sources.reload() if sources.reload else None
    if fault is not None:
        return problem(500, f"the old settings hold: {fault}")
    return _line(200, "reloaded")


def _line(status: int, line: str) -> Response:
    return Response(status, _TEXT, (f"{line}\n".encode(errors="replace"),))
