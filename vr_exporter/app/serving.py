"""What the exporter answers over HTTP, and where: on its addresses and in the state folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vr_exporter.domain.clock import Clock
from vr_exporter.web.routes import Routes, Sources
from vr_exporter.web.server import Server
from vr_exporter.web.webfile import WebFile


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Where the exporter listens, and whether it may be reloaded over HTTP."""

    listen: tuple[str, ...] = (":10843",)
    config_file: Path | None = None
    enable_lifecycle: bool = False
    external_url: str = ""
    """For links; empty: the first address, under the name of this machine."""


def server_for(sources: Sources, web: WebOptions, *, unix_socket: Path, clock: Clock) -> Server:
    """Make the server of these sources; it does not listen yet."""
    routes = Routes(sources)
    return Server(
        routes,
        gate=routes,
        clock=clock,
        listen=web.listen,
        unix_socket=unix_socket,
        web_file=WebFile(web.config_file) if web.config_file else None,
    )
