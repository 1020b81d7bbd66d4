"""A client that says HTTP byte by byte, and a connection of ours at its other end."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from tests.builders import NOW
from vr_exporter.domain.clock import Clock
from vr_exporter.web.connection import Connection, Gate, Serving
from vr_exporter.web.limits import Limits
from vr_exporter.web.message import Request, Response
from vr_exporter.web.webfile import WebFile

PATIENCE_SECONDS = 60.0


def a_clock() -> Clock:
    """A still wall clock beside a running monotonic one, for deadlines over real sockets."""
    return Clock(now=lambda: NOW, monotonic=time.perf_counter, wait=threading.Event().wait)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response as it arrived."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawClient:
    """Sends bytes as they are given and reads answers; closes with the block."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._received = bytearray()
        sock.settimeout(PATIENCE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send, although the other side may have closed already."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def ask(self, data: bytes, *, has_body: bool = True) -> Answer:
        """Send and read one answer."""
        self.send(data)
        return self.answer(has_body=has_body)

    def answer(self, *, has_body: bool = True) -> Answer:
        """Read one answer by its Content-Length."""
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines if line)}
        length = int(headers.get("content-length", "0")) if has_body else 0
        while len(self._received) < length:
            self._more()
        body = self._take(length)
        return Answer(int(first.split()[1]), headers, body)

    def is_closed(self) -> bool:
        """Whether nothing more comes; waits for the end."""
        try:
            return not self._received and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def trickle(self, data: bytes, *, every_seconds: float) -> bool:
        """Send byte after byte; whether the other side ended it before the last one."""
        self.socket.settimeout(every_seconds)
        for byte in data:
            self.send(bytes([byte]))
            try:
                if self.socket.recv(65536) == b"":
                    return True
            except TimeoutError:
                continue
            except ConnectionResetError:
                return True
        return False

    def _until(self, end: bytes) -> bytes:
        while end not in self._received:
            self._more()
        return self._take(self._received.index(end) + len(end)).removesuffix(end)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken

    def _more(self) -> None:
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError(f"closed after {self._received!r}")
        self._received += received


def basic(user: str, password: str) -> str:
    """The value of an Authorization field."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def echo(request: Request) -> Response:
    """Answers with the method, path and body of a request."""
    line = f"{request.method} {request.path} {request.query} ".encode()
    return Response(200, (("Content-Type", "text/plain"),), (line, request.body))


def a_client(
    handle: Callable[[Request], Response] = echo,
    *,
    limits: Limits | None = None,
    web_file: WebFile | None = None,
    is_local: bool = False,
    is_stopping: Callable[[], bool] = lambda: False,
    gate: Gate | None = None,
    says: bytes = b"",
) -> RawClient:
    """A client on one end of a socket pair, a connection of ours being served on the other.

    What it `says` is there before any deadline begins.
    """
    ours, theirs = socket.socketpair()
    theirs.sendall(says)
    serving = Serving(
        handle, limits or Limits(linger_seconds=0.2), a_clock(), web_file, is_stopping, gate
    )
    connection = Connection(ours, peer="192.0.2.1", is_local=is_local, serving=serving)
    threading.Thread(target=connection.serve, daemon=True).start()
    return RawClient(theirs)
