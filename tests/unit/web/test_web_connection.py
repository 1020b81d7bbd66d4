"""How one connection is served: keeping alive, deadlines, faults of ours."""

from __future__ import annotations

import logging
import select

import pytest

from tests.raw_http import RawClient, a_client
from vr_exporter.web.limits import Limits
from vr_exporter.web.message import Request, Response

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n"
SHORT = Limits(
    head_seconds=0.2, body_seconds=0.2, write_seconds=0.3, idle_seconds=0.2, linger_seconds=0.1
)


def test_requests_on_one_connection_are_answered_in_turn() -> None:
    """HTTP/1.1 keeps the connection, pipelined requests included."""
    with a_client() as client:
        client.send((GET + b"\r\n") * 2)
        assert client.answer().body == b"GET /a () "
        assert client.answer().status == 200
        assert client.ask(GET + b"\r\n").status == 200


def test_client_that_asks_for_the_end_gets_it() -> None:
    """`Connection: close` is answered and obeyed."""
    with a_client() as client:
        answer = client.ask(GET + b"Connection: Close\r\n\r\n")
        assert answer.headers["connection"] == "close"
        assert client.is_closed()


def test_http_1_0_ends_unless_it_asks_to_stay() -> None:
    """HTTP/1.0 keeps the connection only on request."""
    with a_client() as client:
        assert client.ask(b"GET / HTTP/1.0\r\n\r\n").status == 200
        assert client.is_closed()
    with a_client() as client:
        request = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
        assert client.ask(request).headers["connection"] == "keep-alive"
        assert client.ask(request).status == 200


def test_server_that_stops_ends_the_connection_with_the_answer() -> None:
    """Once stopping, an answer says that it is the last."""
    with a_client(is_stopping=lambda: True) as client:
        assert client.ask(GET + b"\r\n").headers["connection"] == "close"
        assert client.is_closed()


def test_answer_to_head_has_the_length_but_no_body() -> None:
    """HEAD gets the headers of GET."""
    with a_client() as client:
        answer = client.ask(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", has_body=False)
        assert answer.headers["content-length"] == "11"
        assert client.ask(GET + b"\r\n").body == b"GET /a () "


def test_answer_names_server_and_date() -> None:
    """Each answer has a Date by the wall clock, and a Server that tells no version."""
    with a_client() as client:
        headers = client.ask(GET + b"\r\n").headers
        assert headers["date"] == "Mon, 21 Sep 2026 14:13:20 GMT"
        assert headers["server"] == "vr-exporter"


def test_many_chunks_arrive_whole_and_in_order() -> None:
    """A body of more pieces than one system call takes, empty and large ones among them."""
    chunks = tuple(bytes([65 + number % 26]) * (number % 7) for number in range(2000))
    chunks = (*chunks, b"z" * 3_000_000, b"end")
    with a_client(lambda _: Response(200, (), chunks)) as client:
        assert client.ask(GET + b"\r\n").body == b"".join(chunks)


def test_bug_in_answering_is_a_500_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours tells the client nothing, the log everything, and serving goes on."""

    def fail(request: Request) -> Response:
        raise RuntimeError(f"secret inside {request.path}")

    with caplog.at_level(logging.ERROR), a_client(fail) as client:
        answer = client.ask(GET + b"\r\n")
        assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
        assert b"secret" not in answer.body
        assert client.ask(GET + b"Connection: close\r\n\r\n").status == 500
        assert client.is_closed()
    assert [record.getMessage() for record in caplog.records] == ["request failed"] * 2
    assert all(record.exc_info for record in caplog.records)


def test_C6_silent_client_is_closed() -> None:
    """Who says nothing is closed at the deadline of the head, without an answer."""
    with a_client(limits=SHORT) as client:
        assert client.is_closed()


def test_C6_byte_does_not_extend_the_deadline_of_the_head() -> None:
    """A head that drips in is cut at its absolute deadline with 408."""
    with a_client(limits=SHORT, says=b"GET ") as client:
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (408, "close")
    with a_client(limits=SHORT) as client:
        assert client.trickle(GET + b"A: " + b"b" * 100, every_seconds=0.03)


def test_C6_byte_does_not_extend_the_deadline_of_the_body() -> None:
    """A body that drips in is cut at its absolute deadline with 408."""
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nab"
    with a_client(limits=SHORT, says=post) as client:
        assert client.answer().status == 408
        assert client.is_closed()


def test_C6_idle_client_is_closed_between_requests() -> None:
    """Keep-alive ends at its deadline, without an answer."""
    with a_client(limits=SHORT, says=GET + b"\r\n") as client:
        assert client.answer().status == 200
        assert client.is_closed()


def test_C6_reader_that_takes_nothing_is_cut_off() -> None:
    """Writing has an absolute deadline, after which the connection is gone."""
    big = b"x" * 30_000_000
    with a_client(lambda _: Response(200, (), (big,)), limits=SHORT, says=GET + b"\r\n") as client:
        poll = select.poll()
        poll.register(client.socket, select.POLLHUP | select.POLLERR)
        assert poll.poll(60_000)
        assert _read_to_the_end(client) < len(big)


def _read_to_the_end(client: RawClient) -> int:
    count = 0
    while piece := client.socket.recv(1_000_000):
        count += len(piece)
    return count
