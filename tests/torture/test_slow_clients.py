"""Many slow clients at once: each is cut off in time, and scrapes do not feel them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from tests.prometheus import wait_until
from tests.raw_http import RawClient, a_clock
from vr_exporter.web.limits import Limits
from vr_exporter.web.message import Request, Response
from vr_exporter.web.server import Server

CLIENTS = 200
"""How many of them; `make torture` takes 1,000 to a real `serve`."""

PAGE = b"x" * 1_000_000
LIMITS = Limits(head_seconds=1, body_seconds=1, write_seconds=1, idle_seconds=1)
PATIENT = Limits(head_seconds=3600, body_seconds=3600, write_seconds=3600, idle_seconds=3600)
"""Behind one of these deadlines a scrape would come after its client has given up."""

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


def scrape(server: Server) -> None:
    """A scrape over a connection of its own."""
    with connect(server) as client:
        assert client.ask(HEAD + b"\r\n").status == 200


def be_slow(server: Server, stack: ExitStack) -> None:
    """Many clients: silent, half a head, half a body, a reader that takes nothing."""
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"
    large = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    beginnings = (b"", HEAD, post, large)
    for number in range(CLIENTS):
        client = stack.enter_context(connect(server))
        client.send(beginnings[number % len(beginnings)])


def test_C6_scrapes_go_on_beside_slow_clients() -> None:
    """They wait for none of them: all slow clients are still there when they are answered."""
    with a_server(PATIENT) as server, ExitStack() as stack:
        be_slow(server, stack)
        for _ in range(20):
            scrape(server)
        assert server.connections >= CLIENTS


def test_C6_slow_clients_are_cut_off() -> None:
    """Whatever they do not do, their deadline comes."""
    with a_server(LIMITS) as server, ExitStack() as stack:
        be_slow(server, stack)
        wait_until(lambda: server.connections == 0, "all are gone")


def test_C7_flood_of_silent_connections_does_not_keep_a_scrape_out() -> None:
    """Beyond the cap the silent give way, so that a scrape always finds a place."""
    cap = CLIENTS // 4
    with a_server(replace(PATIENT, connections=cap)) as server, ExitStack() as stack:
        for number in range(CLIENTS):
            stack.enter_context(connect(server))
            if number % 10 == 0:
                scrape(server)
        wait_until(lambda: server.connections <= cap, "no more are there than are allowed")
