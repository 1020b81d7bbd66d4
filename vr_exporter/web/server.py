"""The HTTP server: a thread accepts on each address, a thread serves each connection."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from vr_exporter.domain.clock import Clock
from vr_exporter.web.connection import Connection, Gate, Handle, Serving
from vr_exporter.web.limits import Limits
from vr_exporter.web.listeners import ListenError, listen_tcp, listen_unix, url_of, user_at
from vr_exporter.web.webfile import WebFile

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.1
_LAST_WORDS_SECONDS = 0.3


class Connections:
    """Those that are open; when full, the one longest without a request gives way."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._open: set[Connection] = set()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Connection) -> bool:
        """Take a connection in; False when all others are being answered."""
        with self._changed:
            if len(self._open) >= self._cap and not self._make_room():
                return False
            self._open.add(connection)
            return True

    def forget(self, connection: Connection) -> None:
        """Take note that a connection has ended."""
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()

    def abort(self, *, waiting_only: bool) -> None:
        """End every connection, or those that wait for a request."""
        with self._changed:
            for connection in self._open:
                if not waiting_only or connection.waiting_since is not None:
                    connection.abort()

    def are_gone_within(self, seconds: float) -> bool:
        """Wait until none is open, but no longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout=seconds)

    def _make_room(self) -> bool:
        waiting = [
            (since, connection)
            for connection in self._open
            if (since := connection.waiting_since) is not None
        ]
        if not waiting:
            return False
        _, longest = min(waiting, key=lambda entry: entry[0])
        self._open.discard(longest)
        longest.abort()
        return True


class Server:
    """Answers HTTP/1.1 on TCP addresses and, unguarded, on a unix socket of this user.

    `handle` answers one request in the connection's thread; `gate` is asked before, by the head
    alone, so that what it refuses costs no body. `start` raises ListenError when an
    address cannot be had; none is left open then. TLS and logins are those of the web file.
    Once started, `urls` are the TCP addresses with the ports that they really have.
    """

    def __init__(
        self,
        handle: Handle,
        *,
        clock: Clock,
        listen: Sequence[str] = (":10843",),
        unix_socket: Path | None = None,
        web_file: WebFile | None = None,
        limits: Limits | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._clock = clock
        self._listen = tuple(listen)
        self._unix_socket = unix_socket
        self._limits = limits or Limits()
        self._stopping = threading.Event()
        self._web_file = web_file
        self._serving = Serving(handle, self._limits, clock, web_file, self._stopping.is_set, gate)
        self._connections = Connections(self._limits.connections)
        self._listeners: list[socket.socket] = []
        self.urls: tuple[str, ...] = ()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def start(self) -> None:
        """Listen on every address, then begin to accept."""
        try:
            for address in self._listen:
                self._listeners.append(listen_tcp(address, backlog=self._limits.backlog))
            if self._unix_socket:
                self._listeners.append(listen_unix(self._unix_socket, backlog=self._limits.backlog))
        except ListenError:
            self._close_listeners()
            raise
        self.urls = tuple(self._urls())
        for listener in self._listeners:
            thread = threading.Thread(
                target=self._accept, args=(listener,), name="web-accept", daemon=True
            )
            thread.start()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Accept no more, let running answers end, then close what is left."""
        self._stopping.set()
        self._close_listeners()
        self._connections.abort(waiting_only=True)
        if not self._connections.are_gone_within(timeout_seconds - _LAST_WORDS_SECONDS):
            self._connections.abort(waiting_only=False)
            self._connections.are_gone_within(_LAST_WORDS_SECONDS)

    def _urls(self) -> Iterator[str]:
        scheme = "https" if self._web_file and self._web_file.tls else "http"
        for listener in self._listeners:
            if listener.family != socket.AF_UNIX:
                yield url_of(listener, scheme=scheme)

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            if listener.family == socket.AF_UNIX and self._unix_socket:
                self._unix_socket.unlink(missing_ok=True)
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # else it lives on while a thread waits on it
            listener.close()
        self._listeners = []

    def _accept(self, listener: socket.socket) -> None:
        is_failing = False
        while not self._stopping.is_set():
            try:
                sock, address = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:
                if self._stopping.is_set():
                    return
                if not is_failing:
                    _log.warning("cannot accept connections", extra={"reason": error.strerror})
                is_failing = True
                self._clock.wait(_PAUSE_SECONDS)
                continue
            is_failing = False
            self._take(sock, address)

    def _take(self, sock: socket.socket, address: object) -> None:
        is_local = sock.family == socket.AF_UNIX
        if not is_local:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = user_at(sock) if is_local else _host_of(address)
        connection = Connection(sock, peer=peer, is_local=is_local, serving=self._serving)
        if not self._connections.admit(connection):
            connection.close()
            return
        thread = threading.Thread(
            target=self._serve, args=(connection,), name="web-connection", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            _log.warning("cannot serve a connection", extra={"reason": str(error)})
            self._connections.forget(connection)
            connection.close()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            self._connections.forget(connection)


def _host_of(address: object) -> str:
    if not isinstance(address, tuple):
        return ""
    return str(address[0]).removeprefix("::ffff:")
