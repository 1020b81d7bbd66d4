"""A watched site whose appliance answers over real sockets, through a proxy that breaks them."""

from __future__ import annotations

import functools
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.fault_proxy import PATIENCE_SECONDS, Fault, FaultProxy, Kind
from tests.watched import Watched, Way
from vr_exporter.appliance.address import Address
from vr_exporter.appliance.transport import Limits
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.certificates import Tls, self_signed
from vr_exporter.simulator.server import SimServer, serve

PATIENT = Limits(connect_seconds=60, read_seconds=60)
HASTY = Limits(connect_seconds=0.2, read_seconds=0.2)
"""For connections that are held: nobody wants to wait for them. Everything else is patient."""


_WAITED_FOR = frozenset({Kind.HOLD, Kind.FLIP})


@dataclass(frozen=True, slots=True)
class Used:
    """What a leak would add to."""

    descriptors: int
    threads: int


class Wired(Watched):
    """One site behind a proxy; the clock is moved by hand, the bytes are real."""

    def __init__(self, *, has_tls: bool = False, chunk_bytes: int = 65536, **options: Any) -> None:
        self._has_tls = has_tls
        self._chunk_bytes = chunk_bytes
        super().__init__(**options)

    def way_to(self, name: str, api: Api) -> Way:
        """Put the simulator on a socket, and the proxy before it."""
        del name
        tls = a_certificate() if self._has_tls else None
        self.server: SimServer = serve(api, tls=tls)
        self.proxy = FaultProxy(
            self.server.port, pass_time=self.time.advance, chunk_bytes=self._chunk_bytes
        )
        address = Address(
            f"{self.server.scheme}://127.0.0.1:{self.proxy.port}",
            ca_file=tls.cert_file if tls else None,
        )
        return Way(address, limits=PATIENT)

    def arm(self, fault: Fault) -> None:
        """Strike from now on, over new connections."""
        self.madrid.appliance._line._limits = HASTY if fault.kind in _WAITED_FOR else PATIENT
        self.hang_up()
        self.proxy.arm(fault)

    def disarm(self) -> None:
        """Let everything pass, over new connections: none is in a state that a fault left."""
        self.proxy.disarm()
        self.madrid.appliance._line._limits = PATIENT
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection to the appliance, keep the session."""
        self.madrid.appliance._line.close()

    def used(self) -> Used:
        """Count what is used while no connection is open."""
        self.hang_up()
        self.proxy.drain()
        self._await_idle_server()
        return Used(psutil.Process().num_fds(), threading.active_count())

    def _await_idle_server(self) -> None:
        until = time.perf_counter() + PATIENCE_SECONDS
        pause = threading.Event()
        while time.perf_counter() < until:
            if not self.server._connections and not _conversations():
                return
            pause.wait(0.001)
        raise TimeoutError("a connection to the simulator does not end")

    def __exit__(self, *args: object) -> None:
        self.proxy.disarm()
        super().__exit__(*args)
        self.proxy.close()
        self.server.close()


def _conversations() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if "_talk" in one.name]


@functools.cache
def a_certificate() -> Tls:
    """One certificate for all: making it takes longer than a poll."""
    folder = tempfile.TemporaryDirectory(prefix="vr-wired-")
    _folders.append(folder)
    return self_signed(Path(folder.name), now=time.time())  # noqa: TID251 - the handshake goes by the machine's time


_folders: list[tempfile.TemporaryDirectory[str]] = []
