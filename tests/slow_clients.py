"""Slow clients by the thousand: `python -m tests.slow_clients COUNT [WAVES] [--tls]`.

Each connects to a real `serve` and then is silent, or drips a head or a body a byte a second, or
asks for much and takes nothing; under TLS some stop before the handshake or in the midst of it.
The last line says when the last of them was closed; the exit code is 1 below a goal.
"""

from __future__ import annotations

import resource
import select
import socket
import ssl
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.attacked import TOKEN, Attacked, attacked
from tests.scraping import Beside, Scraped

LONGEST_SECONDS: Final = 10.0
MOST_MILLISECONDS: Final = 100.0
GIVEN_UP_SECONDS: Final = 30.0
LINGER_SECONDS: Final = 0.7
"""How long one that was told may stay, and the time to look."""

WAVES: Final = 3
"""So many times over, for enough scrapes beside it."""

SCRAPERS: Final = 2
"""Connections of those who scrape beside it."""

SMALL_BUFFER: Final = 4096
HEAD: Final = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n"
POST: Final = (
    "POST /api/v1/sites/madrid/replications/GID-1/sync HTTP/1.1\r\nHost: x\r\n"
    f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
    "Content-Length: 60000\r\n\r\n"
).encode()
HELLO: Final = bytes.fromhex("160301020001000200")
"""How the first message of a handshake of 512 bytes begins."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to be slow: what is sent at once, and what then drips."""

    name: str
    beginning: bytes = b""
    drip: bytes = b""
    takes: bool = True
    shakes_hands: bool = True


PLAIN: Final = (
    Kind("silent"),
    Kind("head", HEAD, b"X"),
    Kind("body", POST, b" "),
    Kind("reader", (HEAD + b"\r\n") * 20, takes=False),
)
SECURED: Final = (
    *PLAIN,
    Kind("no handshake", shakes_hands=False),
    Kind("half a handshake", HELLO, b"\x00", shakes_hands=False),
)


@dataclass(slots=True)
class Client:
    """One of them, connected at a moment; `closed_after` seconds it heard of the end."""

    kind: Kind
    socket: socket.socket
    began: float
    closed_after: float | None = None

    def drip(self) -> None:
        """Send one byte more."""
        with suppress(OSError):
            if self.kind.drip:
                self.socket.send(self.kind.drip)


class Crowd:
    """Clients of all kinds by turns, who keep what they have until they are told of an end."""

    def __init__(self, url: str, count: int) -> None:
        scheme, _, address = url.partition("://")
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._is_secured = scheme == "https"
        self._poll = select.poll()
        self.clients: dict[int, Client] = {}
        kinds = SECURED if self._is_secured else PLAIN
        for number in range(count):
            self._add(kinds[number % len(kinds)])
            self._look(0)  # the first may be told before the last have come

    def __len__(self) -> int:
        return sum(client.closed_after is None for client in self.clients.values())

    def wait(self, seconds: float) -> None:
        """Note who is told of an end within this time; then each drips."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._look(left)
        for client in self.clients.values():
            client.drip()

    def close(self) -> None:
        """Let go of every connection."""
        for client in self.clients.values():
            client.socket.close()

    def longest(self) -> dict[str, float]:
        """After how many seconds the last client of each kind was told."""
        found: dict[str, float] = {}
        for client in self.clients.values():
            after = GIVEN_UP_SECONDS if client.closed_after is None else client.closed_after
            found[client.kind.name] = max(found.get(client.kind.name, 0.0), round(after, 1))
        return found

    def _look(self, seconds: float) -> None:
        for number, _ in self._poll.poll(1000 * seconds):
            self._poll.unregister(number)
            client = self.clients[number]
            client.closed_after = time.perf_counter() - client.began

    def _add(self, kind: Kind) -> None:
        began = time.perf_counter()
        sock = socket.socket()
        if not kind.takes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        sock.settimeout(GIVEN_UP_SECONDS)
        sock.connect(self._address)
        client = Client(kind, sock, began)
        with suppress(OSError):  # one that gave way to others is told below
            if self._is_secured and kind.shakes_hands:
                anyone = ssl._create_unverified_context()  # noqa: S323 - it is slowness that counts
                client.socket = anyone.wrap_socket(sock)
            client.socket.sendall(kind.beginning)
        client.socket.setblocking(False)
        self.clients[client.socket.fileno()] = client
        self._poll.register(client.socket, select.POLLRDHUP)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a crowd: by kind, seconds until the last was told; then all descriptors free."""

    count: int
    told_after: dict[str, float]
    gone_after: float
    scraped: Scraped

    @property
    def text(self) -> str:
        """The figures."""
        kinds = ", ".join(f"{name} {seconds}" for name, seconds in self.told_after.items())
        return (
            f"{self.count} slow clients closed within {max(self.told_after.values())} s each"
            f" ({kinds}), none left {self.gone_after} s after the last came; {self.scraped.text}"
        )

    @property
    def is_good(self) -> bool:
        """Whether every goal is met."""
        is_felt = self.scraped.p99_milliseconds >= MOST_MILLISECONDS or self.scraped.failed
        is_late = max(self.told_after.values()) > LONGEST_SECONDS
        is_left = self.gone_after > LONGEST_SECONDS + LINGER_SECONDS
        return not (is_felt or is_late or is_left)


def besieged(exporter: Attacked, count: int) -> Outcome:
    """Let so many come at once, and look until all are gone, scraping all the while."""
    free = exporter.program.num_fds()
    beside = Beside(exporter.url, LONGEST_SECONDS + 2)
    crowd = Crowd(exporter.url, count)
    began = time.perf_counter()
    gone_after = GIVEN_UP_SECONDS
    while time.perf_counter() - began < GIVEN_UP_SECONDS:
        crowd.wait(0.2)
        if not len(crowd) and exporter.program.num_fds() <= free + SCRAPERS:
            gone_after = round(time.perf_counter() - began, 1)
            break
    scraped = beside.result()
    crowd.close()
    return Outcome(count, crowd.longest(), gone_after, scraped)


def main(arguments: list[str]) -> int:
    """COUNT [WAVES] [--tls]: print the figures of each wave, the worst last."""
    count, waves = (*map(int, filter(str.isdigit, arguments)), WAVES)[:2]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, count + 1000), most))
    with tempfile.TemporaryDirectory(prefix="vr-") as folder:
        is_secured = "--tls" in arguments
        with attacked(Path(folder), is_secured=is_secured) as exporter:
            outcomes = [besieged(exporter, count) for _ in range(waves)]
    in_order = sorted(outcomes, key=lambda wave: (not wave.is_good, wave.scraped.p99_milliseconds))
    sys.stdout.writelines(f"{wave.text}\n" for wave in in_order)
    return 0 if all(wave.is_good for wave in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
