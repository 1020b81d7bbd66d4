"""Who asks, for the audit."""

from __future__ import annotations

from vr_exporter.web.message import Request


def actor_of(request: Request) -> str:
    """Name whoever sent a request that acts."""
    return f"api from {request.peer}" if not request.is_local else "unix socket"
