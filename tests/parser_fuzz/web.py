"""Parsers of what comes to our own door: heads, bodies, choices, paths, queries, credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from tests.parser_fuzz.mutation import JSON, ODD_JSON, ODD_TEXT
from tests.parser_fuzz.parser import Parser
from tests.simulated import AN_INSTANT
from tests.status_site import sources_of
from tests.watched import Watched
from vr_exporter.web.gate import bears_token, is_cross_site, is_json
from vr_exporter.web.limits import Limits
from vr_exporter.web.login import Logins, _user_and_password
from vr_exporter.web.message import Request, Response
from vr_exporter.web.negotiation import choose_form
from vr_exporter.web.paths import decoded
from vr_exporter.web.reading import RefusedError, body_length, parse_head, read_body, read_head
from vr_exporter.web.routes import Routes
from vr_exporter.web.stream import ClosedByPeerError, Stream
from vr_exporter.web.webhook import _announces_too_much
from vr_exporter.web.wish_body import read_wish_body

_LIMITS = Limits()
_HEAD = (
    b"GET /metrics HTTP/1.1\r\nHost: vr.example:10843\r\nUser-Agent: Prometheus/2.42.0\r\n"
    b"Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5,*/*;q=0.1\r\n"
    b"Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10"
)
_POST = (
    b"POST /api/v1/sites/madrid/replications/GID-1/sync?x=1&y=%C3%A4 HTTP/1.1\r\nHost: a\r\n"
    b"Authorization: Bearer abc\r\nContent-Type: application/json\r\nOrigin: https://a\r\n"
    b"Idempotency-Key: k-1\r\nExpect: 100-continue\r\nContent-Length: 2"
)
_CHUNKED = (
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n"
)
_ODD_HEAD = (
    *ODD_TEXT,
    *(b"HTTP/1.0", b"HTTP/2.0", b"Content-Length: 5\r\n", b"Content-Length: +5\r\n", b"\r\n\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"\r\n ", b"chunked"),
    *(
        b"Host: b\r\n",
        b"Origin: http://[\r\n",
        b"http://a/metrics",
        b"%2e%2e",
        b"%ff",
        b"GET",
        b"TRACE",
    ),
    *(b"ffffffff\r\n", b"0\r\n\r\n", b"-1\r\n", b";q=2", b";q=", b"gzip;q=0", b"identity;q=0"),
)
_QUERIES = (
    b"/api/v1/replications?site=madrid&pairing=berlin&status=OK&rpo=breached&name=db-*&limit=5",
    b"/api/v1/replications?match=db-%5B0-9%5D*&stale=true&direction=outgoing",
    b"/api/v1/tasks?site=madrid&state=running&limit=10",
    b"/api/v1/triggers?site=madrid&state=running&limit=10",
    b"/api/v1/targets?name=db-01&match=web*&all=true&site=madrid&pairing=berlin",
    b"/api/v1/audit?limit=100&bridge=true",
    b"/api/v1/sites/madrid",
    b"/api/v1/pairings?site=madrid",
)
_ODD_QUERY = (
    *ODD_TEXT,
    *(
        b"&site=",
        b"&all=true",
        b"&limit=",
        b"%F0%9F%92%A9",
        b"%ED%A0%80",
        b"%FF",
        b"%0A",
        b"*" * 40,
    ),
    *(b"[!a-z]", b"[" * 40, b"?" * 40, b"a*" * 20, b"&a=1" * 70, b"%D9%A3", b"tru", b"FALSE", b"0"),
)
_SERVER_ERROR = 500


def parsers() -> Iterator[Parser]:
    """All of this room."""
    yield Parser("request head", (_HEAD, _POST), _head, (RefusedError,), _ODD_HEAD)
    yield Parser(
        "request in chunks",
        (_CHUNKED, _HEAD + b"\r\n\r\n", _POST + b"\r\n\r\n{}"),
        _read,
        (RefusedError, ClosedByPeerError),
        _ODD_HEAD,
    )
    accepts = (
        b"application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5",
        b"gzip, br;q=0",
    )
    yield Parser("Accept", accepts, _form, odd=_ODD_HEAD)
    paths = (b"GID-%C3%A4%2F1", b"madrid", b"a%20b%00")
    yield Parser("segment of a path", paths, lambda raw: decoded(raw.decode("latin-1")))
    logins = Logins({})
    yield Parser(
        "Authorization",
        (b"Basic bW9uaXRvcjpoZW1saWNo", b"Bearer abc", b"Basic YTo6Yjpj"),
        lambda raw: _authorized(logins, raw),
    )
    body = b'{"force":true,"max_age_seconds":900,"timeout_seconds":6,"origin":"cli","dry_run":true}'
    yield Parser("sync body", (body, b"{}"), read_wish_body, (ValueError,), ODD_JSON, JSON)
    yield Parser("API query", _QUERIES, _Api().take, (RefusedError,), _ODD_QUERY)


def _head(raw: bytes) -> object:
    head = parse_head(raw, _LIMITS)
    request = Request(head.method, head.path, query=head.query, headers=head.headers)
    _ = head.keeps_alive, head.awaits_go_ahead
    is_cross_site(request)
    is_json(request)
    bears_token(request, "token")
    choose_form(head.headers)
    body_length(head, _LIMITS)
    return _announces_too_much(request) in (True, False)


class _Given:
    """A stream on which the input has come, and then the end."""

    def __init__(self, raw: bytes) -> None:
        self.buffer = bytearray(raw)

    def fill(self, deadline: float) -> None:
        del deadline
        raise ClosedByPeerError

    take = Stream.take


def _read(raw: bytes) -> object:
    stream = cast("Any", _Given(raw))
    head = read_head(stream, _LIMITS, deadline=0.0)
    return read_body(stream, head, limits=_LIMITS, deadline=0.0, go_ahead=lambda: None)


def _form(raw: bytes) -> object:
    text = raw.decode("latin-1")
    return choose_form({"accept": text, "accept-encoding": text})


def _authorized(logins: Logins, raw: bytes) -> object:
    """The reading of it; the hash behind costs its milliseconds by design."""
    del logins
    return _user_and_password(raw.decode("latin-1"))


class _Api:
    """The lists of the API, over one site that was polled once."""

    def __init__(self) -> None:
        self._routes: Routes | None = None

    def take(self, raw: bytes) -> object:
        """Ask as a stranger would; an answer of 500 and above is a bug."""
        head = parse_head(b"GET %s HTTP/1.1\r\nHost: a" % raw, _LIMITS)
        response = self._answer(Request(head.method, head.path, query=head.query))
        if response.status >= _SERVER_ERROR:
            raise AssertionError(f"answered {response.status}")
        if response.status >= 400:
            raise RefusedError(response.status, "")
        return response

    def _answer(self, request: Request) -> Response:
        if self._routes is None:
            watched = Watched(replications=4, start=AN_INSTANT)
            watched.poll()
            self._routes = Routes(sources_of(watched, token=None))
        return self._routes(request)
