"""Sending an answer down a socket, whole or broken in the way its delivery asks for."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from http.client import responses

from vr_exporter.simulator.messages import Delivery, SimResponse

_CHUNK = 65536
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Ended(Exception):  # noqa: N818 the way out of a connection, no error
    """The connection is over: it was broken on purpose."""


def deliver(
    connection: socket.socket,
    response: SimResponse,
    *,
    wait: Callable[[float], bool],
    is_closing: bool = False,
    has_body: bool = True,
) -> None:
    """Send an answer; raises `Ended` when nothing more may follow on this connection.

    `wait` sleeps so many seconds and returns True when the server stops.
    """
    delivery = response.delivery
    if response.delay_seconds and wait(response.delay_seconds):
        raise Ended
    if delivery in {Delivery.REFUSED, Delivery.DROPPED}:
        raise Ended
    if delivery is Delivery.HANG:
        _hang(wait)
    head, body = _head(response, is_closing=is_closing), response.body if has_body else b""
    if delivery is Delivery.HANG_AFTER_HEAD:
        connection.sendall(head)
        _hang(wait)
    if delivery is Delivery.DRIP:
        _drip(connection, head + body, wait)
    if delivery in {Delivery.CUT, Delivery.RESET}:
        _break(connection, head + body[: len(body) // 2], delivery)
    connection.sendall(head + _chunks(body) if response.chunked else head + body)


def reset(connection: socket.socket) -> None:
    """Make the coming close tear the connection down instead of ending it in order."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)


def _head(response: SimResponse, *, is_closing: bool) -> bytes:
    reason = responses.get(response.status, "Unknown")
    length = (
        ("Transfer-Encoding", "chunked")
        if response.chunked
        else ("Content-Length", str(len(response.body)))
    )
    closing = (("Connection", "close"),) if is_closing else ()
    headers = (*response.headers, *closing)
    if response.status != HTTPStatus.NO_CONTENT:
        headers = (*headers, length)
    lines = [f"HTTP/1.1 {response.status} {reason}", *(f"{key}: {val}" for key, val in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", errors="replace")


def _chunks(body: bytes) -> bytes:
    parts = (body[start : start + _CHUNK] for start in range(0, len(body), _CHUNK))
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def _hang(wait: Callable[[float], bool]) -> None:
    while not wait(1.0):
        pass
    raise Ended


def _drip(connection: socket.socket, message: bytes, wait: Callable[[float], bool]) -> None:
    for number in range(len(message)):
        connection.sendall(message[number : number + 1])
        if wait(1.0):
            break
    raise Ended


def _break(connection: socket.socket, message: bytes, delivery: Delivery) -> None:
    connection.sendall(message)
    if delivery is Delivery.RESET:
        reset(connection)
    raise Ended
