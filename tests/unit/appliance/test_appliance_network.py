from __future__ import annotations

import ssl

import httpcore
import pytest

from vr_exporter.appliance.network import BoundedStream, Deadline, HandshakeTimeout, Heard


class Plain(httpcore.NetworkStream):
    """A connection that only notes whether it was closed."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        """Note it."""
        self.is_closed = True


def test_A7_a_handshake_that_begins_too_late_leaves_no_socket_open() -> None:
    """Nobody else knows of a connection whose handshake failed: whoever raises has to close it."""
    deadline = Deadline(lambda: 100.0)
    deadline.until = 99.0
    plain = Plain()
    stream = BoundedStream(plain, deadline, heard=Heard(), on_tls=lambda _: None)
    with pytest.raises(HandshakeTimeout):
        stream.start_tls(ssl.create_default_context())
    assert plain.is_closed
