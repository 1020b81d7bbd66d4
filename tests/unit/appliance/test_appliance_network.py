from __future__ import annotations

import errno
import socket
import ssl

import httpcore
import pytest

from vr_exporter.appliance.network import (
    BoundedBackend,
    BoundedStream,
    Deadline,
    HandshakeTimeout,
    Heard,
)


class Plain(httpcore.NetworkStream):
    """A connection that only notes whether it was closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        """Note it."""
        self.is_closed = True


class Securable(Plain):
    """A connection whose handshake works at once."""

    def __init__(self) -> None:
        super().__init__()
        self.secured = Plain()

    def start_tls(self, *_: object) -> httpcore.NetworkStream:
        """Hand over what carries the TLS."""
        return self.secured


def test_A7_a_handshake_that_begins_too_late_leaves_no_socket_open() -> None:
    """Nobody else knows of a connection whose handshake failed: whoever raises has to close it."""
    deadline = Deadline(lambda: 100.0)
    deadline.until = 99.0
    plain = Plain()
    stream = BoundedStream(plain, deadline, heard=Heard(), on_tls=lambda _: None)
    with pytest.raises(HandshakeTimeout):
        stream.start_tls(ssl.create_default_context())
    assert plain.is_closed


def test_A7_a_certificate_that_cannot_be_told_of_leaves_no_socket_open() -> None:
    """Whoever looks at it may fail; the secured socket is nobody else's to close."""

    def fail(_: object) -> None:
        raise ValueError("no certificate")

    deadline = Deadline(lambda: 0.0)
    deadline.begin(60)
    plain = Securable()
    stream = BoundedStream(plain, deadline, heard=Heard(), on_tls=fail)
    with pytest.raises(ValueError, match="no certificate"):
        stream.start_tls(ssl.create_default_context())
    assert plain.secured.is_closed


def test_A7_a_reset_just_before_the_handshake_leaves_no_socket_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python leaves the socket in a frame of its error, and errors are kept to be shown."""

    def reset(_: object) -> None:
        raise OSError(errno.ECONNRESET, "connection reset by peer")

    deadline = Deadline(lambda: 0.0)
    deadline.begin(60)
    with socket.create_server(("127.0.0.1", 0)) as server:
        backend = BoundedBackend(deadline, on_tls=lambda _: None)
        stream = backend.connect_tcp("127.0.0.1", server.getsockname()[1])
        peer, _ = server.accept()
        monkeypatch.setattr(ssl.SSLSocket, "getpeername", reset)
        with peer:
            with pytest.raises(httpcore.ConnectError) as kept:
                stream.start_tls(ssl.create_default_context(), "appliance.example")
            peer.settimeout(60)
            assert peer.recv(1) == b""
            assert kept.value.__context__ is not None
