"""Parsers of what appliances answer: bytes on the wire, lists, single things, refusals, dates."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.asking import Asker, an_asker
from tests.parser_fuzz.mutation import BINARY, JSON, ODD_JSON
from tests.parser_fuzz.parser import Parser, text_of
from tests.simulated import AN_INSTANT
from tests.wired import a_certificate
from vr_exporter.appliance import wire
from vr_exporter.appliance.address import Address
from vr_exporter.appliance.answers import excerpt, refusal_of
from vr_exporter.appliance.certificates import read_certificate
from vr_exporter.appliance.dates import http_date
from vr_exporter.appliance.errors import ApplianceError
from vr_exporter.appliance.lockout import _rows_of
from vr_exporter.appliance.redact import Redactor
from vr_exporter.appliance.session import Session
from vr_exporter.appliance.throttle import Throttle
from vr_exporter.appliance.transport import Answer, Ask, Line
from vr_exporter.domain.clock import Clock

_REFUSED = (wire.NotJson, wire.WrongShape)
_CLOCK = Clock(now=lambda: AN_INSTANT, monotonic=lambda: 0.0, wait=lambda _: False)


def parsers() -> Iterator[Parser]:
    """All of this room."""
    asker = an_asker(replications=3)
    pairing, replication = asker.pairing, asker.replication()
    asker.post(f"{replication}/actions/sync")
    list_of = functools.partial(_json, asker)
    vc_id = asker.read("/info").get("vc_id", "")
    yield list_of("pairings", "/pairings", wire.pairings_page)
    yield list_of(
        "replications",
        f"{asker.replications}?limit=2&extended_info=true",
        functools.partial(wire.replications_page, local_vc_id=vc_id),
    )
    yield list_of(
        "replication", replication, functools.partial(wire.replication_of_body, local_vc_id=vc_id)
    )
    issues = functools.partial(wire.issues_page, scope="replication")
    yield list_of("replication issues", f"{asker.replications}/issues", issues)
    issues = functools.partial(wire.issues_page, scope="pairing")
    yield list_of("pairing issues", f"{pairing}/issues", issues)
    yield list_of("replication servers", "/replication-servers", wire.servers_page)
    yield list_of("tasks", "/tasks", wire.tasks_page)
    task = asker.read("/tasks")["list"][0]["id"]
    yield list_of("task", f"/tasks/{task}", wire.task_of_body)
    yield list_of("info", "/info", wire.info_of)
    yield _refusals()
    yield Parser(
        "HTTP answer",
        tuple(_answers(asker)),
        _Wire().take,
        (ApplianceError,),
    )
    yield Parser("HTTP date", _DATES, lambda raw: http_date(raw.decode("latin-1")))
    yield Parser("Retry-After", (b"30", b"120", *_DATES), _retry_after)
    certificate = x509.load_pem_x509_certificate(a_certificate().cert_file.read_bytes())
    der = certificate.public_bytes(Encoding.DER)
    yield Parser("certificate", (der,), read_certificate, (ValueError,), tokens=BINARY)
    token = b'{"session_id":"VR-0123456789abcdef"}'
    yield Parser("login answer", (token,), _token, (ApplianceError,), ODD_JSON, JSON)
    kept = b'{"ab": {"refused_at": 1760000000.5, "salt": "00ff", "hash": "abcd"}}'
    yield Parser("lockout file", (kept,), _rows_of, odd=ODD_JSON, tokens=JSON)


_HOLDER = SimpleNamespace(_redactor=Redactor())
"""All of a session that the reading of its token asks for."""

_DATES = (
    b"Sun, 06 Nov 1994 08:49:37 GMT",
    b"Sunday, 06-Nov-94 08:49:37 GMT",
    b"Sun Nov  6 08:49:37 1994",
    b"Thu, 09 Oct 2025 08:53:20 +0200",
)


def _json(asker: Asker, name: str, path: str, read: Callable[[bytes, wire.Reading], Any]) -> Parser:
    """A reader of a body in JSON; what is odd in it and tolerated is noted on the way."""

    def take(body: bytes) -> object:
        return read(body, wire.Reading(AN_INSTANT, "v2"))

    return Parser(name, (asker.get(path).body,), take, _REFUSED, ODD_JSON, JSON)


def _refusals() -> Parser:
    """An answer that is no good becomes one line, whatever it holds."""
    redactor = Redactor()
    statuses = (301, 400, 401, 403, 404, 429, 500, 503, 999)

    def take(body: bytes) -> object:
        headers = {"content-type": "application/json", "location": text_of(body[:200])}
        answer = Answer(statuses[len(body) % len(statuses)], headers, body)
        excerpt(answer)
        return refusal_of(Ask("pairings", "/pairings"), answer, redactor)

    sample = b'{"error_code":"a.b","message":"no such pairing","op_id":"op-1"}'
    return Parser("error answer", (sample,), take, odd=ODD_JSON, tokens=JSON)


def _token(body: bytes) -> object:
    return Session._token_of(cast("Session", _HOLDER), Answer(200, {}, body))


def _retry_after(raw: bytes) -> object:
    throttle = Throttle(clock=_CLOCK, tell=lambda _: None, random=lambda: 0.5)
    throttle.hold(Answer(429, {"retry-after": raw.decode("latin-1")}))
    return throttle.left_seconds()


def _answers(asker: Asker) -> Iterator[bytes]:
    body = asker.get("/pairings").body
    head = b"HTTP/1.1 200 OK\r\nDate: Thu, 09 Oct 2025 08:53:20 GMT\r\nServer: x\r\n"
    plain = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
    yield head + plain % (len(body), body)
    yield head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    yield head + b"Connection: close\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b" + body
    yield b"HTTP/1.1 302 Found\r\nLocation: https://x\r\nContent-Length: 0\r\n\r\n"
    yield b"HTTP/1.1 100 Continue\r\n\r\n" + head + plain % (2, b"{}")


class _Wire:
    """A line whose appliance answers with the input, and then says no more."""

    def __init__(self) -> None:
        self._given = b""
        self._line = Line(Address("http://127.0.0.1:1"), clock=_CLOCK, tell=lambda _: None)
        self._line._backend._sockets = self  # type: ignore[assignment] # all that is asked of it

    def take(self, raw: bytes) -> object:
        """Ask once."""
        self._given = raw
        return self._line.send(Ask("pairings", "/pairings"), seconds=5.0)

    def connect_tcp(self, *_: object) -> httpcore.NetworkStream:
        """Be the appliance."""
        return _Said(self._given)


class _Said(httpcore.NetworkStream):
    def __init__(self, given: bytes) -> None:
        self._left = given

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        taken, self._left = self._left[:max_bytes], self._left[max_bytes:]
        return taken

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Nobody reads it."""

    def close(self) -> None:
        """Nothing is open."""

    def get_extra_info(self, info: str) -> Any:
        """Say that the other side has hung up, so that each input has its own connection."""
        return True if info == "is_readable" else None
