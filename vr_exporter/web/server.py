"""The HTTP server: a thread accepts on each address, a thread serves each connection."""

from __future__ import annotations

import _thread
import errno
import logging
import os
import resource
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path

from vr_exporter.domain.clock import Clock
from vr_exporter.web.connection import Connection, Gate, Handle, Serving
from vr_exporter.web.limits import Limits
from vr_exporter.web.listeners import ListenError, listen_tcp, listen_unix, url_of, user_at
from vr_exporter.web.webfile import WebFile

_log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.1
_QUIET_SECONDS = 60.0
_PATIENCE_SECONDS = 0.5
_LAST_WORDS_SECONDS = 0.3
_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})

RESERVED_DESCRIPTORS = 8
"""So many stay free for the appliances, the ledger and secret files (fault-matrix B14)."""


class Connections:
    """Those that are open; when full, the one longest without a request gives way.

    Where none waits for a request, it is one whose client has been taking or giving for over half
    a second: slow readers would keep all others out else. Of those it is the oldest of the peer
    that holds most places, so that a slow scrape from elsewhere is not its victim.
    """

    def __init__(self, cap: int, *, monotonic: Callable[[], float]) -> None:
        self._cap = cap
        self._monotonic = monotonic
        self._open: set[Connection] = set()
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: Connection) -> bool:
        """Take a connection in; False when it is full, and nobody may be ended for it."""
        with self._changed:
            if len(self._open) >= self._cap and not self._end_longest():
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

    def make_room(self) -> None:
        """End the one whose turn it is to give way, if there is any."""
        with self._changed:
            self._end_longest()

    def _end_longest(self) -> bool:
        longest = self._longest_waiting() or self._longest_held_up()
        if longest is None:
            return False
        self._open.discard(longest)
        longest.abort()
        return True

    def _longest_waiting(self) -> Connection | None:
        waiting = [
            (since, each) for each in self._open if (since := each.waiting_since) is not None
        ]
        return min(waiting, key=itemgetter(0))[1] if waiting else None

    def _longest_held_up(self) -> Connection | None:
        latest = self._monotonic() - _PATIENCE_SECONDS
        held_up = [
            (since, each)
            for each in self._open
            if (since := each.held_up_since) is not None and since < latest
        ]
        places = Counter(each.peer for each in self._open)
        first = min(held_up, key=lambda entry: (-places[entry[1].peer], entry[0]), default=None)
        return first[1] if first else None


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
        self._connections = Connections(self._limits.connections, monotonic=clock.monotonic)
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
        quiet_until = 0.0
        while not self._stopping.is_set():
            try:
                self._take(*_accepted(listener))
            except TimeoutError:
                continue
            except OSError as error:
                if self._stopping.is_set():
                    return
                if self._clock.monotonic() >= quiet_until:
                    _log.warning("cannot accept connections", extra={"reason": error.strerror})
                quiet_until = self._clock.monotonic() + _QUIET_SECONDS
                if error.errno in _NO_DESCRIPTOR:
                    self._connections.make_room()
                self._clock.wait(_PAUSE_SECONDS)

    def _take(self, sock: socket.socket, address: object) -> None:
        is_local = sock.family == socket.AF_UNIX
        if not is_local:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = user_at(sock) if is_local else _host_of(address)
        connection = Connection(sock, peer=peer, is_local=is_local, serving=self._serving)
        if not self._connections.admit(connection):
            connection.close()
            return
        try:
            # threading.Thread waits until its thread runs: under many clients each newcomer would
            # cost two turns at the interpreter's lock, and four times fewer could come
            _thread.start_new_thread(self._serve, (connection,))
        except RuntimeError as error:
            _log.warning("cannot serve a connection", extra={"reason": str(error)})
            self._connections.forget(connection)
            connection.close()

    def _serve(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            self._connections.forget(connection)


def _accepted(listener: socket.socket) -> tuple[socket.socket, object]:
    """The next connection; OSError where it would take one of the last descriptors.

    Descriptors are numbered from the lowest that is free, so that a high one tells how few are
    left (accept(2), open(2)).
    """
    sock, address = listener.accept()
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY or sock.fileno() + RESERVED_DESCRIPTORS < most:
        return sock, address
    sock.close()
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def _host_of(address: object) -> str:
    if not isinstance(address, tuple):
        return ""
    return str(address[0]).removeprefix("::ffff:")
