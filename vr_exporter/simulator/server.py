"""The simulated appliance on a socket: HTTP/1.1 with keep-alive, TLS, and faults of the wire."""

from __future__ import annotations

import select
import socket
import ssl
import tempfile
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from vr_exporter.simulator.api import Api
from vr_exporter.simulator.certificates import Tls, spoiled
from vr_exporter.simulator.delivery import Ended, deliver, reset
from vr_exporter.simulator.messages import Delivery, SimRequest

_GLANCE_SECONDS = 0.1
_IDLE_SECONDS = 75.0
_HANDSHAKE_SECONDS = 5.0
_BODY_CAP = 2**20
_CERTIFICATE_FAULTS = (
    "certificate_expired",
    "certificate_not_yet_valid",
    "certificate_other_host",
)


def serve(api: Api, host: str = "127.0.0.1", port: int = 0, tls: Tls | None = None) -> SimServer:
    """Listen and answer in threads until `close`; port 0 takes a free one, no `tls`: plain HTTP."""
    server = SimServer(api, host=host, port=port, tls=tls)
    server.start()
    return server


class SimServer:
    """One listening socket, one thread that accepts, one thread for each connection.

    While the fault `site_down` is on, the socket is closed, so that connections are refused.
    """

    def __init__(self, api: Api, *, host: str, port: int, tls: Tls | None) -> None:
        self.api = api
        self.certificate_pem_path = tls.cert_file if tls else None
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._contexts = _Contexts(tls, api) if tls else None
        self._listener: socket.socket | None = _listen(host, port)
        self._address: tuple[Any, ...] = self._listener.getsockname()
        self._thread = threading.Thread(target=self._accept_all, name="simulator", daemon=True)

    @property
    def port(self) -> int:
        """The port in use."""
        port: int = self._address[1]
        return port

    @property
    def scheme(self) -> str:
        """`https`, or `http` without a certificate."""
        return "https" if self._contexts else "http"

    @property
    def url(self) -> str:
        """Scheme, host and port: what a client is pointed at."""
        host = self._address[0]
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening and cut every connection; safe to call twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._close_listener()
        self._cut_connections()

    def wait(self, seconds: float) -> bool:
        """Sleep; True as soon as the server stops."""
        return self._stop.wait(seconds)

    def _accept_all(self) -> None:
        while not self._stop.is_set():
            self._follow_site()
            if self._listener is None:
                self._stop.wait(_GLANCE_SECONDS)
                continue
            ready, _, _ = select.select([self._listener], [], [], _GLANCE_SECONDS)
            if ready and not self.api.is_away():
                self._accept(self._listener)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            connection, peer = listener.accept()
            thread = threading.Thread(target=self._talk, args=(connection, peer[0]), daemon=True)
            thread.start()

    def _follow_site(self) -> None:
        if self.api.is_away():
            self._close_listener()
            self._cut_connections()
        elif self._listener is None:
            with suppress(OSError):
                self._listener = _listen(self._address[0], self.port)

    def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _cut_connections(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _talk(self, connection: socket.socket, peer: str) -> None:
        self._remember(connection)
        try:
            with suppress(OSError, Ended):
                self._converse(connection, peer)
        finally:
            self._forget(connection)

    def _converse(self, connection: socket.socket, peer: str) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._contexts is None:
            _Conversation(connection, peer, self)
            return
        if self.api.faults.is_on("handshake_hangs", self.api.site):
            while not self.wait(1.0):
                pass
            raise Ended
        connection.settimeout(_HANDSHAKE_SECONDS)
        context = self._contexts.current()
        with context.wrap_socket(connection, server_side=True) as wrapped:
            self._remember(wrapped)
            try:
                _Conversation(wrapped, peer, self)
            finally:
                self._forget(wrapped)

    def _remember(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)
        connection.close()


class _Contexts:
    """The TLS context in force: the right one, or that of a certificate fault."""

    def __init__(self, tls: Tls, api: Api) -> None:
        self._api = api
        self._right = _context(tls)
        self._spoiled: dict[str, ssl.SSLContext] = {}

    def current(self) -> ssl.SSLContext:
        for kind in _CERTIFICATE_FAULTS:
            if self._api.faults.is_on(kind, self._api.site):
                return self._spoilt(kind)
        return self._right

    def _spoilt(self, kind: str) -> ssl.SSLContext:
        if kind not in self._spoiled:
            with tempfile.TemporaryDirectory() as folder:
                tls = spoiled(Path(folder), kind, now=self._api.now())
                self._spoiled[kind] = _context(tls)
        return self._spoiled[kind]


class _Conversation(BaseHTTPRequestHandler):
    """Reads requests off one connection and sends what the appliance answers."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS

    def __init__(self, connection: socket.socket, peer: str, server: SimServer) -> None:
        self._server = server
        super().__init__(connection, (peer, 0), server)  # type: ignore[arg-type] # no socketserver behind it

    def _answer(self) -> None:
        response = self._server.api.answer(self._request())
        try:
            deliver(
                self.connection,
                response,
                wait=self._server.wait,
                is_closing=self.close_connection,
                has_body=self.command != "HEAD",
            )
        except Ended:
            if response.delivery is Delivery.REFUSED:
                reset(self.connection)
            self.close_connection = True

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = _answer  # noqa: N815 names of http.server

    def _request(self) -> SimRequest:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(min(int(length), _BODY_CAP)) if length.isdigit() else b""
        return SimRequest(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            peer=self.client_address[0],
            scheme=self._server.scheme,
        )

    def log_message(self, *args: object) -> None:
        """Say nothing on stderr."""


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(tls.cert_file, tls.key_file)
    return context


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128)
