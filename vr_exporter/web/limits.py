"""What one client may cost: deadlines and sizes of the HTTP server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines are absolute: no byte that trickles in extends any (fault-matrix C6 to C8).

    `idle_seconds` is the wait between two requests of one connection, `linger_seconds` how long
    a refused client is listened to, so that it can read the refusal. The longest of them and the
    linger end within ten seconds. `backlog` holds a burst that fills all places twice: whoever
    finds it full tries again after a whole second.
    """

    handshake_seconds: float = 5
    head_seconds: float = 5
    body_seconds: float = 9
    write_seconds: float = 9
    idle_seconds: float = 15
    linger_seconds: float = 0.5
    connections: int = 512
    backlog: int = 1024
    request_line_bytes: int = 4096
    head_bytes: int = 8192
    head_fields: int = 64
    body_bytes: int = 64 * 1024
