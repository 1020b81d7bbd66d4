"""A server on loopback that sends the very bytes that a test wants, when it wants them."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from vr_exporter.appliance.transport import Address, Ask, Limits, Line
from vr_exporter.domain.clock import Clock
from vr_exporter.domain.events import Event

Serve = Callable[["Connection"], None]

_PATIENCE_SECONDS = 60.0


class Connection:
    """One accepted connection."""

    def __init__(self, sock: socket.socket, stop: threading.Event, number: int) -> None:
        self.number = number
        self._socket = sock
        self._stop = stop

    def request(self) -> bytes:
        """Read one request's head; empty when the client went away."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = self._socket.recv(65536)
            if not more:
                return b""
            head += more
        return head

    def post(self) -> tuple[bytes, bytes]:
        """Read one request's head and body; empty when the client went away."""
        read = b""
        while b"\r\n\r\n" not in read:
            more = self._socket.recv(65536)
            if not more:
                return b"", b""
            read += more
        head, _, body = read.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-l")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < length:
            body += self._socket.recv(65536)
        return head, body

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._socket.sendall(data)

    def answer(self, body: bytes = b'{"list": []}', *headers: str, status: str = "200 OK") -> None:
        """Send a whole answer."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """Send byte by byte until the client has had enough."""
        for number in range(len(data)):
            self.send(data[number : number + 1])
            if self._stop.wait(every):
                return

    def hang(self) -> None:
        """Say nothing more until the test is over."""
        self._stop.wait(_PATIENCE_SECONDS)

    def reset(self) -> None:
        """Tear the connection down."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


class WireServer:
    """Serves every connection with one function, in a thread each; notes what it was asked."""

    def __init__(self, serve: Serve, tls: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self._serve = serve
        self._tls = tls
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """Stop and wait for the threads."""
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._run, args=(sock, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, sock: socket.socket, number: int) -> None:
        sock.settimeout(_PATIENCE_SECONDS)
        with suppress(OSError), sock:
            if self._tls is None:
                self._serve(Connection(sock, self._stop, number))
                return
            with self._tls.wrap_socket(sock, server_side=True) as wrapped:
                self._serve(Connection(wrapped, self._stop, number))


@contextmanager
def a_server(serve: Serve, tls: ssl.SSLContext | None = None) -> Iterator[WireServer]:
    """A server for the length of a test."""
    server = WireServer(serve, tls)
    try:
        yield server
    finally:
        server.close()


def a_real_clock() -> Clock:
    """The machine's time, for tests of real sockets."""
    stop = threading.Event()
    return Clock(now=time.time, monotonic=time.monotonic, wait=stop.wait)  # noqa: TID251 sockets know no other time


class Caller:
    """Our side of the wire; a test that waits for a limit gives it, the others reach none."""

    def __init__(self, url: str, limits: Limits | None = None, **address: Any) -> None:
        self.events: list[Event] = []
        self.line = Line(
            Address(url, **address),
            clock=a_real_clock(),
            tell=self.events.append,
            limits=limits or Limits(connect_seconds=60, read_seconds=60, response_seconds=60),
        )

    def get(self, path: str = "/pairings", *, seconds: float = 60.0) -> bytes:
        """Ask once; returns the body."""
        return self.line.send(Ask("pairings", path), seconds=seconds).body

    def told(self, kind: type[Any]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


@contextmanager
def a_caller(url: str, limits: Limits | None = None, **address: Any) -> Iterator[Caller]:
    """A caller for the length of a test."""
    caller = Caller(url, limits, **address)
    try:
        yield caller
    finally:
        caller.line.close()
