"""Many slow clients at once: each is cut off in time, and scrapes do not feel them."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.raw_http import RawClient, a_clock
from vr_exporter.web.limits import Limits
from vr_exporter.web.message import Request, Response
from vr_exporter.web.server import Server

CLIENTS = 200
"""How many of them; `make torture` takes 1,000 to a real `serve`."""

PAGE = b"x" * 1_000_000
LIMITS = Limits(head_seconds=1, body_seconds=1, write_seconds=1, idle_seconds=1)
LONGEST_SECONDS = 10
SCRAPE_SECONDS = 0.5
"""Far above what a scrape takes, far below what it takes behind any of the deadlines."""
HEAD = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"


@contextmanager
def a_server(limits: Limits) -> Iterator[Server]:
    """A server of a page, and of a large one at /large, on loopback."""

    def answer(request: Request) -> Response:
        return Response(200, (), (PAGE,) * (20 if request.path == "/large" else 1))

    server = Server(answer, clock=a_clock(), listen=("127.0.0.1:0",), limits=limits)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def connect(server: Server) -> RawClient:
    """A client of the server."""
    port = int(server.urls[0].rpartition(":")[2])
    return RawClient(socket.create_connection(("127.0.0.1", port)))


def seconds_of_a_scrape(server: Server) -> float:
    """How long one scrape over a connection of its own takes."""
    begun = time.perf_counter()
    with connect(server) as client:
        assert client.ask(HEAD + b"\r\n").status == 200
    return time.perf_counter() - begun


def test_C6_slow_clients_are_cut_off_while_scrapes_go_on() -> None:
    """Silent, half a head, half a body, a reader that takes nothing: all are gone soon."""
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"
    large = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    beginnings = (b"", HEAD, post, large)
    with a_server(LIMITS) as server, ExitStack() as stack:
        begun = time.perf_counter()
        for number in range(CLIENTS):
            client = stack.enter_context(connect(server))
            client.send(beginnings[number % len(beginnings)])
        times = [seconds_of_a_scrape(server) for _ in range(20)]
        beat = threading.Event()
        while server.connections and time.perf_counter() - begun < LONGEST_SECONDS:
            beat.wait(0.05)
        assert server.connections == 0
    assert statistics.median(times) < SCRAPE_SECONDS


def test_C7_flood_of_silent_connections_does_not_keep_a_scrape_out() -> None:
    """Beyond the cap the silent give way, so that a scrape always finds a place."""
    cap = CLIENTS // 4
    with a_server(Limits(connections=cap)) as server, ExitStack() as stack:
        times = []
        for number in range(CLIENTS):
            stack.enter_context(connect(server))
            if number % 10 == 0:
                times.append(seconds_of_a_scrape(server))
        assert server.connections <= cap
    assert statistics.median(times) < SCRAPE_SECONDS
