"""Sockets under one absolute deadline: every connect, handshake, read and write is cut by it."""

from __future__ import annotations

import math
import socket
import ssl
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

_SHORTEST_WAIT_SECONDS = 0.001
_LONGEST_WAIT_SECONDS = 60.0
_MOST_ADDRESSES = 8


class NameUnknown(httpcore.ConnectError):
    """The host's name does not resolve."""


class HandshakeTimeout(httpcore.ConnectTimeout):
    """The TLS handshake did not end in time."""


class Deadline:
    """The instant, on the monotonic clock, at which the answer under way is given up."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic
        self.until = math.inf

    def begin(self, seconds: float) -> None:
        """Start anew: so many seconds are left."""
        self.until = self.monotonic() + seconds

    @property
    def is_past(self) -> bool:
        """Whether nothing is left."""
        return self.left() <= 0

    def left(self) -> float:
        """Return the seconds left, negative when it is past."""
        return self.until - self.monotonic()

    def cut(self, seconds: float | None, past: type[httpcore.TimeoutException]) -> float:
        """Shorten a wait to what is left; raises `past` when nothing is."""
        left = self.left()
        if left <= 0:
            raise past("the deadline has passed")
        wanted = _LONGEST_WAIT_SECONDS if seconds is None else seconds
        return max(min(wanted, left), _SHORTEST_WAIT_SECONDS)


class Heard:
    """Whether anything came in since we last spoke: what is here before that answers nothing."""

    def __init__(self) -> None:
        self.is_new = False


class BoundedStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline."""

    def __init__(
        self,
        stream: httpcore.NetworkStream,
        deadline: Deadline,
        *,
        heard: Heard,
        connect_until: float = math.inf,
        on_tls: Callable[[ssl.SSLSocket], None],
    ) -> None:
        self._stream = stream
        self._deadline = deadline
        self._heard = heard
        self._connect_until = connect_until
        self._on_tls = on_tls

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there."""
        found = self._stream.read(max_bytes, self._deadline.cut(timeout, httpcore.ReadTimeout))
        self._heard.is_new = True
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        self._heard.is_new = False
        self._stream.write(buffer, self._deadline.cut(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Shake hands within what the connect has left of its limit (fault-matrix A7).

        httpcore forgets a connection that fails here: it is closed before the error goes up.
        """
        try:
            left = self._connect_until - self._deadline.monotonic()
            limit = min(
                self._deadline.cut(timeout, HandshakeTimeout), max(left, _SHORTEST_WAIT_SECONDS)
            )
            stream = self._stream.start_tls(ssl_context, server_hostname, limit)
        except httpcore.ConnectTimeout as error:
            self._stream.close()
            raise HandshakeTimeout("the TLS handshake did not end in time") from error
        except httpcore.ConnectError as error:
            _close_what_a_reset_left(error)
            raise
        try:
            self._on_tls(stream.get_extra_info("socket"))
        except BaseException:
            stream.close()
            raise
        return BoundedStream(stream, self._deadline, heard=self._heard, on_tls=self._on_tls)

    def get_extra_info(self, info: str) -> Any:
        """Return what the socket knows of itself."""
        return self._stream.get_extra_info(info)


class BoundedBackend(httpcore.NetworkBackend):
    """Connects within the deadline; resolves the name afresh each time (fault-matrix A1).

    `connections` counts those made, so that an answer that failed on a kept one is told apart;
    `heard` tells of the connection in use.
    """

    def __init__(self, deadline: Deadline, *, on_tls: Callable[[ssl.SSLSocket], None]) -> None:
        self.connections = 0
        self.heard = Heard()
        self._deadline = deadline
        self._on_tls = on_tls
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the name's addresses that answers; they share the limit."""
        self.connections += 1
        limit = self._deadline.cut(timeout, httpcore.ConnectTimeout)
        until = self._deadline.monotonic() + limit
        addresses = _resolve(host, port)
        options = (local_address, socket_options)
        stream = self._first(addresses, port, until, options)
        return BoundedStream(
            stream, self._deadline, heard=self.heard, connect_until=until, on_tls=self._on_tls
        )

    def _first(
        self,
        addresses: list[str],
        port: int,
        until: float,
        options: tuple[str | None, Iterable[httpcore.SOCKET_OPTION] | None],
    ) -> httpcore.NetworkStream:
        while True:
            left = until - self._deadline.monotonic()
            share = max(left / len(addresses), _SHORTEST_WAIT_SECONDS)
            address = addresses.pop(0)
            try:
                return self._sockets.connect_tcp(address, port, share, *options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if not addresses:
                    raise


def _close_what_a_reset_left(error: BaseException) -> None:
    """Close the socket that Python leaves open when a reset comes just before a handshake.

    It is known to the frames of the error alone (`ssl.SSLSocket._create`, Python 3.11),
    so whoever kept the error would keep the socket.
    """
    cause: BaseException | None = error
    while cause is not None:
        for frame, _ in traceback.walk_tb(cause.__traceback__):
            left = frame.f_locals.get("self")
            if isinstance(left, ssl.SSLSocket):
                left.close()
        cause = cause.__context__


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise NameUnknown(error) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:_MOST_ADDRESSES]
