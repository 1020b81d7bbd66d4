"""A connected socket with absolute deadlines, plain or under TLS."""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

_RECEIVE_BYTES = 64 * 1024
_RECORD_BYTES = 16 * 1024
_VECTORS = 256  # pieces in one system call; Linux takes up to 1024


class ClosedByPeerError(OSError):
    """The peer ended the connection while more was expected."""


class Stream:
    """Receives into a buffer and sends; past a deadline either raises TimeoutError."""

    def __init__(self, sock: socket.socket, *, monotonic: Callable[[], float]) -> None:
        self.buffer = bytearray()
        self._socket = sock
        self._monotonic = monotonic

    def fill(self, deadline: float) -> None:
        """Add what arrives next to the buffer."""
        self._arm(deadline)
        received = self._socket.recv(_RECEIVE_BYTES)
        if not received:
            raise ClosedByPeerError
        self.buffer += received

    def take(self, size: int, *, deadline: float) -> bytes:
        """Remove exactly so many bytes from the front of the buffer, filling it as needed."""
        while len(self.buffer) < size:
            self.fill(deadline)
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def send(self, pieces: Iterable[bytes], *, deadline: float) -> None:
        """Send pieces in order; a large one is never copied."""
        views = deque(memoryview(piece) for piece in pieces if piece)
        while views:
            self._arm(deadline)
            _drop(views, self._send_some(views))

    def _send_some(self, views: deque[memoryview]) -> int:
        if isinstance(self._socket, ssl.SSLSocket):
            return self._socket.send(_record(views))  # SSLSocket has no sendmsg
        return self._socket.sendmsg(islice(views, _VECTORS))

    def _arm(self, deadline: float) -> None:
        left = deadline - self._monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


def _record(views: deque[memoryview]) -> bytes | memoryview:
    """What leaves as one TLS record: a large piece as it is, small ones together."""
    if len(views[0]) >= _RECORD_BYTES:
        return views[0]
    pieces = (view[:_RECORD_BYTES] for view in islice(views, _VECTORS))
    return b"".join(pieces)[:_RECORD_BYTES]


def _drop(views: deque[memoryview], size: int) -> None:
    while views and size >= len(views[0]):
        size -= len(views.popleft())
    if size:
        views[0] = views[0][size:]
