"""`check --self`: is the exporter on this machine healthy; quick, and with few imports."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

LONGEST_WAIT_SECONDS = 2.0
_LARGEST_ANSWER_BYTES = 8192
_REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_HEALTHY = 200
_ANYWHERE = {"": ("127.0.0.1", "::1"), "0.0.0.0": ("127.0.0.1",), "::": ("::1", "127.0.0.1")}  # noqa: S104 compared, not bound

Health = tuple[bool, str]
"""Whether it is healthy, and the line that it says of itself."""


def health_at(addresses: Sequence[str]) -> Health | None:
    """Ask the listen addresses in turn, plain and then with TLS; None if none answers."""
    for place in _places(addresses):
        connect = partial(socket.create_connection, place, LONGEST_WAIT_SECONDS)
        for wrap in (_plain, _with_tls):
            health = _ask(connect, wrap)
            if health is not None:
                return health
    return None


def health_through(path: Path) -> Health | None:
    """Ask through the socket of the state folder; None if nobody answers."""
    return _ask(partial(_unix, path), _plain)


def _places(addresses: Sequence[str]) -> Iterator[tuple[str, int]]:
    for address in addresses:
        host, _, port = address.rpartition(":")
        host = host.strip("[]")
        if port.isdigit():
            yield from ((name, int(port)) for name in _ANYWHERE.get(host, (host,)))


def _ask(
    connect: Callable[[], socket.socket], wrap: Callable[[socket.socket], socket.socket]
) -> Health | None:
    try:
        with connect() as plain, wrap(plain) as connection:
            connection.settimeout(LONGEST_WAIT_SECONDS)
            connection.sendall(_REQUEST)
            return _health(_read(connection))
    except (OSError, ValueError):
        return None


def _read(connection: socket.socket) -> bytes:
    answer = b""
    while len(answer) < _LARGEST_ANSWER_BYTES and (piece := connection.recv(4096)):
        answer += piece
    return answer


def _health(answer: bytes) -> Health | None:
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    if not head.startswith(b"HTTP/1.") or len(words) < 2 or not words[1].isdigit():  # noqa: PLR2004 version and status
        return None
    line = body.decode("utf-8", "replace").strip()
    return int(words[1]) == _HEALTHY, line or f"HTTP {int(words[1])}"


def _unix(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(LONGEST_WAIT_SECONDS)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def _plain(connection: socket.socket) -> socket.socket:
    return connection


def _with_tls(connection: socket.socket) -> socket.socket:
    """The certificate is not looked at: nothing secret is said, and it is this machine."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)
