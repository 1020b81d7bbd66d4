"""Who asks, for the audit."""

from __future__ import annotations

from vr_exporter.web.message import Request


def actor_of(request: Request) -> str:
    """Name whoever sent a request that acts; on the unix socket the user, where it is known."""
    if not request.is_local:
        return f"api from {request.peer}"
    return f"unix socket, {request.peer}" if request.peer else "unix socket"
