"""A proxy on loopback that breaks the n-th thing to cross it, down to the byte."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Self

PATIENCE_SECONDS = 60.0
_LINGER_ZERO = struct.pack("ii", 1, 0)
_DRIPPED_BYTES = 64
_HELD_SECONDS = 10.0
_SPLIT_BYTES = 4096


class Crossing(StrEnum):
    """What crosses the proxy: each is one input or output that can fail."""

    OPEN = "open"
    ASKED = "asked"
    ANSWERED = "answered"


class Kind(StrEnum):
    """What happens to it."""

    CUT = "cut"
    """A part goes on, then both ends are closed in order."""
    RESET = "reset"
    """A part goes on, then both ends are torn down."""
    HOLD = "hold"
    """A part goes on, then nothing more: ten injected seconds pass, and the client leaves."""
    UNANSWERED = "unanswered"
    """What is asked goes on whole, and the connection is closed when the answer is there."""
    SLOW = "slow"
    """Byte by byte, a second of the injected clock for each."""
    SPLIT = "split"
    """Each byte in a packet of its own: nobody may notice."""
    DUPLICATE = "duplicate"
    """What is answered comes twice."""
    FLIP = "flip"
    """One bit of what is answered is another."""


STRIKES = {
    Kind.CUT: frozenset(Crossing),
    Kind.RESET: frozenset(Crossing),
    Kind.HOLD: frozenset(Crossing),
    Kind.UNANSWERED: frozenset({Crossing.ASKED}),
    Kind.SLOW: frozenset({Crossing.ASKED, Crossing.ANSWERED}),
    Kind.SPLIT: frozenset({Crossing.ASKED, Crossing.ANSWERED}),
    Kind.DUPLICATE: frozenset({Crossing.ANSWERED}),
    Kind.FLIP: frozenset({Crossing.ANSWERED}),
}
"""The crossings that each kind can strike, and therefore counts.

Nothing asked is ever doubled or changed: no wire does that, and the appliance would see it.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """The n-th crossing fails, and with `is_lasting` every one from there on."""

    kind: Kind
    at: int
    is_lasting: bool = False
    seed: int = 0


class Broken(Exception):  # noqa: N818 the way out of a connection, no error
    """The connection is over: it was broken on purpose."""


class FaultProxy:
    """Carries connections to a port on loopback; counts crossings from `arm` on.

    `pass_time` lets seconds of the injected clock pass. `crossed` and `struck` count since `arm`.
    """

    def __init__(
        self, port: int, *, pass_time: Callable[[float], None], chunk_bytes: int = 65536
    ) -> None:
        self.crossed = self.struck = 0
        self._to = port
        self._pass_time = pass_time
        self._chunk_bytes = chunk_bytes
        self._fault: Fault | None = None
        self._dice = Random(0)  # noqa: S311 - the same each time
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._accepting = threading.Thread(target=self._accept, name="fault proxy", daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def arm(self, fault: Fault) -> None:
        """Strike from now on; the same seed breaks at the same bytes."""
        with self._lock:
            self.crossed = self.struck = 0
            self._dice.seed(f"{fault.seed} {fault.kind} {fault.at}")
            self._fault = fault

    def disarm(self) -> None:
        """Let everything pass that crosses from now on."""
        with self._lock:
            self._fault = None

    def drain(self) -> None:
        """Wait until every connection that was accepted has ended; raises where one does not."""
        while self._threads:
            thread = self._threads.pop()
            thread.join(PATIENCE_SECONDS)
            if thread.is_alive():
                raise TimeoutError("a connection through the proxy does not end")

    def close(self) -> None:
        """Stop accepting, and break what is open."""
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(PATIENCE_SECONDS)
        self.drain()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._run, args=(client,), daemon=True)
            self._threads = [other for other in self._threads if other.is_alive()] + [thread]
            thread.start()

    def _run(self, client: socket.socket) -> None:
        with suppress(OSError, Broken), ExitStack() as both:
            both.enter_context(client)
            if fault := self._struck_by(Crossing.OPEN):
                self._end(fault.kind, client)
            server = both.enter_context(socket.create_connection(("127.0.0.1", self._to)))
            for side in (client, server):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                side.settimeout(PATIENCE_SECONDS)
            while not self._stop.is_set():
                self._carry(client, server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        """Carry what is there; answers first, so that their order does not hang on the timing."""
        ready, _, _ = select.select([server, client], [], [], 0.2)
        for side, crossing in ((server, Crossing.ANSWERED), (client, Crossing.ASKED)):
            if side not in ready:
                continue
            other = client if side is server else server
            chunk = side.recv(self._chunk_bytes)
            if not chunk:
                raise Broken
            if fault := self._struck_by(crossing):
                self._strike(fault.kind, chunk, other, client, server)
            else:
                other.sendall(chunk)

    def _struck_by(self, crossing: Crossing) -> Fault | None:
        with self._lock:
            fault = self._fault
            if fault is None or crossing not in STRIKES[fault.kind]:
                return None
            self.crossed += 1
            is_hit = self.crossed == fault.at or (fault.is_lasting and self.crossed > fault.at)
            self.struck += is_hit
            return fault if is_hit else None

    def _strike(
        self,
        kind: Kind,
        chunk: bytes,
        to: socket.socket,
        client: socket.socket,
        server: socket.socket,
    ) -> None:
        if kind in (Kind.CUT, Kind.RESET, Kind.HOLD):
            to.sendall(chunk[: self._dice.randrange(len(chunk))])
            self._end(kind, client, server)
        elif kind is Kind.UNANSWERED:
            to.sendall(chunk)
            server.recv(1)
            raise Broken
        elif kind is Kind.SLOW:
            self._drip(chunk, to, _DRIPPED_BYTES, seconds=1.0)
        elif kind is Kind.SPLIT:
            self._drip(chunk, to, _SPLIT_BYTES, seconds=0.0)
        elif kind is Kind.DUPLICATE:
            to.sendall(chunk + chunk)
        else:
            to.sendall(self._flipped(chunk))

    def _end(self, kind: Kind, client: socket.socket, *others: socket.socket) -> None:
        """Close in order, tear down, or wait for the client to hang up."""
        if kind is Kind.RESET:
            for side in (client, *others):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        if kind is Kind.HOLD:
            self._pass_time(_HELD_SECONDS)
            client.settimeout(PATIENCE_SECONDS)
            while client.recv(65536):
                pass
        raise Broken

    def _drip(self, chunk: bytes, to: socket.socket, count: int, *, seconds: float) -> None:
        for place in range(min(count, len(chunk))):
            self._pass_time(seconds)
            to.sendall(chunk[place : place + 1])
        to.sendall(chunk[count:])

    def _flipped(self, chunk: bytes) -> bytes:
        changed = bytearray(chunk)
        changed[self._dice.randrange(len(chunk))] ^= 1 << self._dice.randrange(8)
        return bytes(changed)
