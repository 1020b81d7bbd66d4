"""What is read as a request, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.raw_http import a_client
from vr_exporter.web.limits import Limits
from vr_exporter.web.reading import Head, RefusedError, parse_head

HOST = b"Host: x\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST
POST = b"POST / HTTP/1.1\r\n" + HOST

SMUGGLED = {
    "both lengths": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in 1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "gzip coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "identity coding": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "empty coding": POST + b"Transfer-Encoding:\r\n\r\n",
    "vertical tab coding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "two codings": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "equal lengths": POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    "length list": POST + b"Content-Length: 1, 1\r\n\r\nx",
    "plus sign": POST + b"Content-Length: +5\r\n\r\nhello",
    "minus sign": POST + b"Content-Length: -1\r\n\r\n",
    "hexadecimal length": POST + b"Content-Length: 0x5\r\n\r\nhello",
    "underscore length": POST + b"Content-Length: 1_0\r\n\r\nhello",
    "other digits": POST + b"Content-Length: \xb2\r\n\r\nhello",
    "bare LF": b"GET / HTTP/1.1\nHost: x\n\n",
    "one bare LF": b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
    "bare CR": b"GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
    "folded line": GET + b"A: b\r\n c\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "space before first field": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "no colon": GET + b"nonsense\r\n\r\n",
    "empty name": GET + b": x\r\n\r\n",
    "NUL in value": GET + b"A: b\x00c\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": GET + b"Host: y\r\n\r\n",
    "body on GET": GET + b"Content-Length: 3\r\n\r\nabc",
    "chunks on GET": GET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "long extension": POST
    + b"Transfer-Encoding: chunked\r\n\r\n1;"
    + b"e" * 80
    + b"\r\nx\r\n0\r\n\r\n",
    "trailers": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\n",
    "bare LF chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
    "signed chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
    "long chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tabs": b"GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "leading empty line": b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}

TARGETS = {
    "absolute URI": b"GET http://x/metrics HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "fragment": b"GET /metrics#a HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw byte": b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n",
}

OVERSIZE = {
    "request line": (b"GET /" + b"a" * 4096 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "endless request line": (b"GET /" + b"a" * 9000, 414),
    "head": (GET + b"A: " + b"b" * 8192 + b"\r\n\r\n", 431),
    "endless head": (GET + b"A: b\r\n" * 1400, 431),
    "fields": (GET + b"A: b\r\n" * 64 + b"\r\n", 431),
    "length": (POST + b"Content-Length: 65537\r\n\r\n", 413),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", 413),
    "many chunks": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 5,
        413,
    ),
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_C9_ambiguous_request_is_refused_and_nothing_after_it_is_answered(name: str) -> None:
    """What two programs could read differently gets 400 and a closed connection."""
    with a_client() as client:
        answer = client.ask(SMUGGLED[name] + GET + b"\r\n")
        assert (answer.status, answer.headers["connection"]) == (400, "close")
        assert client.is_closed()


@pytest.mark.parametrize("name", TARGETS)
def test_C10_target_that_is_no_path_is_refused(name: str) -> None:
    """Only a path that begins with a slash is a target."""
    with a_client() as client:
        assert client.ask(TARGETS[name]).status == 400
        assert client.is_closed()


@pytest.mark.parametrize("name", OVERSIZE)
def test_C8_oversize_request_is_refused_also_when_it_comes_in_one_read(name: str) -> None:
    """Request line, head, number of fields and body have a largest size each."""
    request, status = OVERSIZE[name]
    with a_client() as client:
        assert client.ask(request).status == status
        assert client.is_closed()


def test_other_version_is_refused() -> None:
    """HTTP/2 in clear text is not spoken."""
    with a_client() as client:
        assert client.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505


def test_unknown_expectation_is_refused() -> None:
    """Nothing but 100-continue can be expected."""
    with a_client() as client:
        assert client.ask(GET + b"Expect: tea\r\n\r\n").status == 417


def test_chunked_body_is_read() -> None:
    """Chunks are put together, short extensions passed over."""
    with a_client() as client:
        request = POST + b"Transfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n"
        assert client.ask(request).body.endswith(b"abc")


def test_body_in_many_pieces_is_read() -> None:
    """A body need not come in one read."""
    with a_client() as client:
        client.send(POST + b"Content-Length: 5\r\n\r\nhe")
        client.send(b"ll")
        assert client.ask(b"o").body.endswith(b"hello")


def test_waiting_client_is_told_to_send_its_body() -> None:
    """100 Continue goes out before the body is read."""
    with a_client() as client:
        head = POST + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        assert client.ask(head, has_body=False).status == 100
        assert client.ask(b"ab").body.endswith(b"ab")


def test_path_is_left_as_sent_and_query_is_decoded() -> None:
    """Nothing in a path is decoded or normalised."""
    head = parse_head(b"GET /a%2e//b?x=%C3%A9&x=&y HTTP/1.1\r\nHost: x", Limits())
    assert head.path == "/a%2e//b"
    assert head.query == (("x", "é"), ("x", ""), ("y", ""))


def test_repeated_field_is_joined() -> None:
    """Fields that are lists may come in several lines."""
    head = parse_head(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: a\r\naccept:\tb ", Limits())
    assert head.headers["accept"] == "a, b"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """No head raises anything but a refusal."""
    with suppress(RefusedError):
        assert isinstance(parse_head(raw, Limits()), Head)


@given(
    st.lists(st.sampled_from([b"GET / HTTP/1.1", b"\r\n", b"\n", b"\r", b"Host: x", b" ", b":"]))
)
def test_what_is_accepted_has_only_whole_line_ends(pieces: list[bytes]) -> None:
    """A head that is accepted holds no CR or LF but in pairs."""
    raw = b"".join(pieces)
    try:
        parse_head(raw, Limits())
    except RefusedError:
        return
    assert raw.count(b"\r\n") == raw.count(b"\r") == raw.count(b"\n")
