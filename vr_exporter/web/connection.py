"""One client's connection: handshake, then request after request until either side ends it."""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Protocol

from vr_exporter.domain.clock import Clock
from vr_exporter.web.guesses import Guesses, offers_password
from vr_exporter.web.limits import Limits
from vr_exporter.web.message import Request, Response
from vr_exporter.web.problems import problem
from vr_exporter.web.reading import Head, RefusedError, body_length, read_body, read_head
from vr_exporter.web.stream import ClosedByPeerError, Stream
from vr_exporter.web.webfile import WebFile

_log = logging.getLogger(__name__)
_GO_AHEAD = b"HTTP/1.1 100 Continue\r\n\r\n"
_UNAUTHORIZED = 401
_RESET = struct.pack("ii", 1, 0)
_BODILESS = frozenset({204, 304})

Handle = Callable[[Request], Response]


class Gate(Protocol):
    """What is decided by the head of a request alone, before its body is read."""

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that is refused; None lets it through."""

    def spares_login(self, request: Request) -> bool:
        """Whether a credential of our own stands in place of the web file's login."""

    def most_body_bytes(self, request: Request) -> int | None:
        """How large a body may be here; None: as large as anywhere."""

    def unread(self, request: Request) -> None:
        """Take note that the body of a request did not come as it has to."""


@dataclass(frozen=True, slots=True)
class Serving:
    """What every connection of a server is given."""

    handle: Handle
    limits: Limits
    clock: Clock
    web_file: WebFile | None
    is_stopping: Callable[[], bool]
    gate: Gate | None = None
    guesses: Guesses = field(default_factory=Guesses)


class Connection:
    """Serves one client in the thread that calls `serve`; `abort` may come from any other.

    `waiting_since` is the monotonic time since which no complete request head came, or a password
    is under test or held back; None while a request is being answered. `held_up_since` is when it
    began to read a body or to send an answer, as fast as the client makes it; None while it does
    neither.
    """

    def __init__(self, sock: socket.socket, *, peer: str, is_local: bool, serving: Serving) -> None:
        self.waiting_since: float | None = serving.clock.monotonic()
        self.held_up_since: float | None = None
        self._socket = sock
        self.peer = peer
        self._is_local = is_local
        self._serving = serving
        self._limits = serving.limits
        self._now = serving.clock.monotonic
        self._turn = threading.Lock()
        self._is_closed = False
        self._has_certificate = False

    def serve(self) -> None:
        """Answer the client until the connection ends, and close it."""
        try:
            self._begin()
            stream = Stream(self._socket, monotonic=self._now)
            deadline = self._now() + self._limits.head_seconds
            while self._exchange(stream, deadline=deadline):
                self.waiting_since = self._now()
                self._await_next(stream)
                deadline = self._now() + self._limits.head_seconds
        except ssl.SSLError as error:
            _log.debug("connection ended", extra={"peer": self.peer, "reason": str(error)})
        except OSError:
            pass  # gone or too slow: nothing to say, and nobody to say it to
        finally:
            self.close()

    def abort(self) -> None:
        """End the connection now; the serving thread notices."""
        with self._turn, suppress(OSError):
            if self._is_closed:
                return
            if self.held_up_since is not None:
                self._forget_unsent()
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket, under TLS with its closing notice."""
        with self._turn, suppress(OSError, ValueError):
            self._is_closed = True
            if isinstance(self._socket, ssl.SSLSocket):
                self._socket.settimeout(0)
                with suppress(OSError, ValueError):
                    self._socket.unwrap()
            self._socket.close()

    def _begin(self) -> None:
        web_file = None if self._is_local else self._serving.web_file
        context = web_file.tls if web_file else None
        if web_file is None or context is None:
            return
        with self._turn:
            secured = context.wrap_socket(
                self._socket, server_side=True, do_handshake_on_connect=False
            )
            self._socket = secured
        secured.settimeout(self._limits.handshake_seconds)
        secured.do_handshake()
        certificate = secured.getpeercert() or {}
        if not web_file.admits_peer(certificate):
            raise ssl.SSLError("the client's certificate has no allowed name")
        self._has_certificate = bool(certificate)

    def _await_next(self, stream: Stream) -> None:
        if not stream.buffer:
            stream.fill(self._now() + self._limits.idle_seconds)

    def _exchange(self, stream: Stream, *, deadline: float) -> bool:
        """Read and answer one request; whether another may follow."""
        refusal: Response | None
        try:
            head = read_head(stream, self._limits, deadline=deadline)
            self.waiting_since = None
            request = self._request(head)
            limits = self._limits_of(request)
            length = body_length(head, limits)
            refusal = self._refusal(request)
            if refusal is None:
                return self._answer(stream, head, request, limits)
            if self._may_turn_away(head, length):
                return self._turn_away(stream, head, refusal, body_bytes=length or 0)
        except RefusedError as error:
            refusal = problem(error.status, str(error))
        except TimeoutError:
            if self.waiting_since is not None and not stream.buffer:
                return False
            refusal = problem(408, "the request did not arrive in time")
        self._refuse(stream, refusal)
        return False

    def _request(self, head: Head) -> Request:
        return Request(
            head.method,
            head.path,
            query=head.query,
            headers=head.headers,
            peer=self.peer,
            is_local=self._is_local,
            has_certificate=self._has_certificate,
        )

    def _limits_of(self, request: Request) -> Limits:
        """The limits of a request: a larger body is for its route to refuse, after its gate."""
        gate = self._serving.gate
        most = gate.most_body_bytes(request) if gate else None
        return self._limits if most is None else replace(self._limits, body_bytes=most)

    def _may_turn_away(self, head: Head, length: int | None) -> bool:
        """Whether the body of a refused request is small enough to be passed over."""
        if length is None or length > self._limits.body_bytes:
            return False
        return length == 0 or (self._keeps_alive(head) and not head.awaits_go_ahead)

    def _refusal(self, request: Request) -> Response | None:
        if not offers_password(request):
            return self._refusal_by_head(request)
        self.waiting_since = self._now()
        refusal = self._refusal_by_head(request)
        if refusal and refusal.status == _UNAUTHORIZED:
            self._hold_back()
        self.waiting_since = None
        return refusal

    def _hold_back(self) -> None:
        """Let a wrong password wait for its answer."""
        now = self._now()
        self.waiting_since = now
        self._serving.clock.wait(self._serving.guesses.delay_seconds(self.peer, now=now))

    def _refusal_by_head(self, request: Request) -> Response | None:
        gate, web_file = self._serving.gate, self._serving.web_file
        if web_file and not (gate and gate.spares_login(request)):
            refusal = web_file.refusal(request)
            if refusal:
                return refusal
        return gate.refusal(request) if gate else None

    def _keeps_alive(self, head: Head) -> bool:
        return head.keeps_alive and not self._serving.is_stopping()

    def _answer(self, stream: Stream, head: Head, request: Request, limits: Limits) -> bool:
        try:
            body = self._body(stream, head, limits)
        except (RefusedError, OSError):
            if self._serving.gate:
                self._serving.gate.unread(request)
            raise
        response = self._handled(replace(request, body=body))
        keeps_alive = self._keeps_alive(head)
        self._send(stream, response, head=head, keeps_alive=keeps_alive)
        return keeps_alive

    def _turn_away(self, stream: Stream, head: Head, refusal: Response, *, body_bytes: int) -> bool:
        """Answer first, then pass over the body that the client sends all the same."""
        keeps_alive = self._keeps_alive(head)
        self._send(stream, refusal, head=head, keeps_alive=keeps_alive)
        self.waiting_since = self._now()
        with suppress(TimeoutError):
            stream.take(body_bytes, deadline=self._now() + self._limits.linger_seconds)
            return keeps_alive
        return False

    def _body(self, stream: Stream, head: Head, limits: Limits) -> bytes:
        deadline = self._now() + self._limits.body_seconds

        def go_ahead() -> None:
            stream.send((_GO_AHEAD,), deadline=deadline)

        with self._held_up():
            return read_body(stream, head, limits=limits, deadline=deadline, go_ahead=go_ahead)

    @contextmanager
    def _held_up(self) -> Iterator[None]:
        self.held_up_since = self._now()
        try:
            yield
        finally:
            self.held_up_since = None

    def _forget_unsent(self) -> None:
        """What the client never took would stay in the kernel's memory after a plain close."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _handled(self, request: Request) -> Response:
        try:
            return self._serving.handle(request)
        except Exception:  # noqa: BLE001 - the request handler: a bug answers 500, serving goes on
            _log.exception("request failed", extra={"method": request.method, "path": request.path})
            return problem(500, "a fault of vr-exporter; its log says more")

    def _send(
        self, stream: Stream, response: Response, *, head: Head | None, keeps_alive: bool
    ) -> None:
        lines = "\r\n".join(self._head_lines(response, head=head, keeps_alive=keeps_alive))
        is_bodiless = response.status in _BODILESS or (head is not None and head.method == "HEAD")
        pieces = (f"{lines}\r\n\r\n".encode("latin-1"), *(() if is_bodiless else response.chunks))
        try:
            with self._held_up():
                stream.send(pieces, deadline=self._now() + self._limits.write_seconds)
        except TimeoutError:
            self._forget_unsent()
            raise ClosedByPeerError from None

    def _head_lines(
        self, response: Response, *, head: Head | None, keeps_alive: bool
    ) -> Iterator[str]:
        yield f"HTTP/1.1 {response.status} {response.reason}"
        yield "Server: vr-exporter"
        yield f"Date: {formatdate(self._serving.clock.now(), usegmt=True)}"
        if response.status not in _BODILESS:
            yield f"Content-Length: {response.length}"
        if not keeps_alive:
            yield "Connection: close"
        elif head is not None and not head.minor_version:
            yield "Connection: keep-alive"
        asked = self._serving.web_file.headers if self._serving.web_file else ()
        overruled = {name.lower() for name, _ in asked}
        for name, value in response.headers:
            if name.lower() not in overruled:
                yield f"{name}: {value}"
        for name, value in asked:
            yield f"{name}: {value}"

    def _refuse(self, stream: Stream, response: Response) -> None:
        """Answer and close, but first read on a while: a reset would cost the client the answer."""
        self._send(stream, response, head=None, keeps_alive=False)
        self.waiting_since = self._now()
        socket.socket.shutdown(self._socket, socket.SHUT_WR)
        deadline = self._now() + self._limits.linger_seconds
        while True:
            stream.buffer.clear()
            stream.fill(deadline)
