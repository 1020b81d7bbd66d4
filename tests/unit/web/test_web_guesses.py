"""Wrong passwords: their answers wait, and nothing else does (fault-matrix C4)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import bcrypt
import pytest

from tests.raw_http import RawClient, a_clock, basic, echo
from vr_exporter.web.connection import Connection, Serving
from vr_exporter.web.guesses import FREE, LONGEST_SECONDS, MOST_ADDRESSES, Guesses
from vr_exporter.web.limits import Limits
from vr_exporter.web.webfile import WebFile

PEER = "192.0.2.1"
WRONG = basic("ann", "guess")
RIGHT = basic("ann", "open sesame")


class Door:
    """A connection of ours from PEER that asks for a login; `waits` are those of its answers."""

    def __init__(self, web_file: WebFile) -> None:
        self.waits: list[float] = []
        self.guesses = Guesses()
        clock = replace(a_clock(), monotonic=lambda: 1000.0, wait=self._wait)
        limits = Limits(linger_seconds=0.2)
        self._serving = Serving(echo, limits, clock, web_file, lambda: False, guesses=self.guesses)

    def _wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False

    @contextmanager
    def client(self, peer: str = PEER) -> Iterator[RawClient]:
        """A client at the other end of such a connection."""
        ours, theirs = socket.socketpair()
        connection = Connection(ours, peer=peer, is_local=False, serving=self._serving)
        thread = threading.Thread(target=connection.serve, daemon=True)
        thread.start()
        with RawClient(theirs) as client:
            yield client
        thread.join(60)

    def ask(self, *fields: str, peer: str = PEER) -> int:
        """The status of one request on a connection of its own."""
        head = "\r\n".join(["GET /metrics HTTP/1.1", "Host: x", *fields])
        with self.client(peer) as client:
            return client.ask(f"{head}\r\n\r\n".encode()).status


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """A door that one user may pass."""
    path = tmp_path / "web.yml"
    hashed = bcrypt.hashpw(b"open sesame", bcrypt.gensalt(4)).decode()
    path.write_text(f"basic_auth_users: {{ann: {hashed}}}\n")
    return Door(WebFile(path))


def test_C4_wrong_passwords_wait_longer_and_longer_up_to_a_limit(door: Door) -> None:
    """The first few are answered at once, then each a second later than the one before."""
    assert {door.ask(f"Authorization: {WRONG}") for _ in range(20)} == {401}
    assert door.waits[:FREE] == [0.0] * FREE
    assert door.waits[FREE : FREE + 3] == [1.0, 2.0, 3.0]
    assert max(door.waits) == door.waits[-1] == LONGEST_SECONDS


def test_C4_right_password_never_waits_whatever_its_address_did(door: Door) -> None:
    """The check comes before the delay: nobody can lock the rightful user out."""
    for _ in range(20):
        door.ask(f"Authorization: {WRONG}")
    waited = len(door.waits)
    assert door.ask(f"Authorization: {RIGHT}") == 200
    assert len(door.waits) == waited


def test_C4_request_without_a_password_is_no_guess(door: Door) -> None:
    """It is refused at once, and counts nothing: a browser asks so first."""
    assert [door.ask() for _ in range(FREE + 1)] == [401] * (FREE + 1)
    assert door.waits == []
    assert len(door.guesses) == 0


def test_C4_what_a_request_says_of_its_origin_counts_nothing(door: Door) -> None:
    """X-Forwarded-For and Forwarded are written by whoever guesses."""
    for number in range(FREE + 1):
        fields = (f"X-Forwarded-For: 10.0.0.{number}", f"Forwarded: for=10.0.0.{number}")
        door.ask(f"Authorization: {WRONG}", *fields)
    assert door.waits[-1] == 1.0
    assert len(door.guesses) == 1


def test_C4_addresses_are_counted_apart(door: Door) -> None:
    """One who guesses does not slow down those at other addresses."""
    for _ in range(FREE + 5):
        door.ask(f"Authorization: {WRONG}")
    door.ask(f"Authorization: {WRONG}", peer="192.0.2.2")
    assert door.waits[-1] == 0.0


def test_C4_network_of_an_ipv6_address_counts_as_one() -> None:
    """Whoever has one address of a /64 has all of them."""
    guesses = Guesses()
    for number in range(FREE):
        assert guesses.delay_seconds(f"2001:db8::{number:x}", now=0.0) == 0.0
    assert guesses.delay_seconds("2001:db8::ffff:1:2:3", now=0.0) == 1.0
    assert guesses.delay_seconds("fe80::1%eth0", now=0.0) == 0.0
    assert guesses.delay_seconds("2001:db8:0:1::1", now=0.0) == 0.0


def test_C4_bucket_fills_again_with_time() -> None:
    """A second without guesses makes up for one of them."""
    guesses = Guesses()
    delays = [guesses.delay_seconds(PEER, now=0.0) for _ in range(FREE + 2)]
    assert delays[-1] == 2.0
    assert guesses.delay_seconds(PEER, now=1.0) == 2.0
    assert guesses.delay_seconds(PEER, now=100.0) == 0.0


def test_C4_table_of_addresses_is_bounded() -> None:
    """The address that was heard of longest ago is forgotten, the others stay."""
    guesses = Guesses()
    for _ in range(FREE + 1):
        guesses.delay_seconds("early", now=0.0)
        guesses.delay_seconds("busy", now=0.0)
    for number in range(MOST_ADDRESSES + 100):
        guesses.delay_seconds(f"peer-{number}", now=0.0)
        if number % 1000 == 0:
            guesses.delay_seconds("busy", now=0.0)
    assert len(guesses) == MOST_ADDRESSES
    assert guesses.delay_seconds("early", now=0.0) == 0.0
    assert guesses.delay_seconds("busy", now=0.0) > 1.0


def test_C4_full_server_may_end_a_connection_whose_answer_waits(door: Door) -> None:
    """Answers that are held back cannot fill the server: they give way like idle connections."""
    seen: list[float | None] = []
    ours, theirs = socket.socketpair()
    serving = door._serving

    def wait(_seconds: float) -> bool:
        seen.append(connection.waiting_since)
        connection.abort()
        return False

    slow = replace(serving, clock=replace(serving.clock, wait=wait, monotonic=time.perf_counter))
    connection = Connection(ours, peer=PEER, is_local=False, serving=slow)
    thread = threading.Thread(target=connection.serve, daemon=True)
    thread.start()
    with RawClient(theirs) as client:
        client.send(f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {WRONG}\r\n\r\n".encode())
        assert client.is_closed()
    thread.join(60)
    assert len(seen) == 1
    assert seen[0] is not None
