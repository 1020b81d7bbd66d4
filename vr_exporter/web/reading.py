"""Strict reading of HTTP/1 requests: what could be understood in two ways is refused.

The rules are those of fault-matrix C8 to C10 and RFC 9112; every refusal ends the connection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from vr_exporter.web.limits import Limits
from vr_exporter.web.message import NAME_PATTERN
from vr_exporter.web.stream import Stream

_END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rf"({NAME_PATTERN}) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_FIELD = re.compile(rf"({NAME_PATTERN}):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_BARE_LINE_END = re.compile(rb"(?<!\r)\n|\r[^\n]")
_CHUNK_HEAD = re.compile(rb"([0-9A-Fa-f]{1,8})(;[\t\x20-\x7e]{0,63})?\r\n")
_CHUNK_HEAD_BYTES = 8 + 64 + 2
_CONTENT_LENGTH = re.compile(r"[0-9]{1,18}")
_ONCE = frozenset({"host", "content-length", "transfer-encoding", "authorization", "content-type"})
_QUERY_FIELDS = 64


class RefusedError(Exception):
    """A request that is answered with this status and a closed connection."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """The request line and the fields of a request."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    minor_version: int
    headers: Mapping[str, str]

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to send more requests on this connection."""
        options = {
            option.strip() for option in self.headers.get("connection", "").lower().split(",")
        }
        return "close" not in options if self.minor_version else "keep-alive" in options

    @property
    def awaits_go_ahead(self) -> bool:
        """Whether the client holds its body back until it is told to go on."""
        return self.minor_version > 0 and self.headers.get("expect", "").lower() == "100-continue"


def read_head(stream: Stream, limits: Limits, *, deadline: float) -> Head:
    """Take one head from the stream."""
    end = _end_of_head(stream.buffer, limits)
    while end < 0:
        stream.fill(deadline)
        end = _end_of_head(stream.buffer, limits)
    raw = bytes(stream.buffer[:end])
    del stream.buffer[: end + len(_END)]
    return parse_head(raw, limits)


def parse_head(raw: bytes, limits: Limits) -> Head:
    """Read a head, its closing empty line left off."""
    if _BARE_LINE_END.search(raw):
        raise RefusedError(400, "a line ends without CR LF")
    line, *fields = raw.decode("latin-1").split("\r\n")
    if len(fields) > limits.head_fields:
        raise RefusedError(431, f"more than {limits.head_fields} header fields")
    method, target, minor_version = _request_line(line, limits)
    headers = _headers(fields)
    if minor_version and "host" not in headers:
        raise RefusedError(400, "no Host field")
    if headers.get("expect", "100-continue").lower() != "100-continue":
        raise RefusedError(417, "unknown expectation")
    path, _, query = target.partition("?")
    return Head(method, path, _query(query), minor_version, headers)


def read_body(
    stream: Stream, head: Head, *, limits: Limits, deadline: float, go_ahead: Callable[[], None]
) -> bytes:
    """Take the body that a head announces; `go_ahead` tells a waiting client to send it."""
    length = body_length(head, limits)
    if length == 0:
        return b""
    if head.awaits_go_ahead and not stream.buffer:
        go_ahead()
    if length is None:
        return _chunked(stream, limits, deadline=deadline)
    return stream.take(length, deadline=deadline)


def body_length(head: Head, limits: Limits) -> int | None:
    """The announced length of a body, None when it comes in chunks."""
    coding = head.headers.get("transfer-encoding")
    length = head.headers.get("content-length", "0")
    if coding is not None:
        _check_chunked(head, coding)
    elif not _CONTENT_LENGTH.fullmatch(length):
        raise RefusedError(400, "unreadable Content-Length")
    if head.method in ("GET", "HEAD") and (coding is not None or int(length)):
        raise RefusedError(400, f"{head.method} has no body")
    if coding is None and int(length) > limits.body_bytes:
        raise _too_large(limits)
    return None if coding is not None else int(length)


def _check_chunked(head: Head, coding: str) -> None:
    if "content-length" in head.headers:
        raise RefusedError(400, "both Content-Length and Transfer-Encoding")
    if not head.minor_version:
        raise RefusedError(400, "Transfer-Encoding in HTTP/1.0")
    if coding.lower() != "chunked":
        raise RefusedError(400, "a Transfer-Encoding other than chunked")


def _end_of_head(buffer: bytearray, limits: Limits) -> int:
    end = buffer.find(_END, 0, limits.head_bytes)
    if end >= 0:
        return end
    first_line = buffer.find(b"\n", 0, limits.request_line_bytes + 2)
    if first_line < 0 and len(buffer) > limits.request_line_bytes:
        raise RefusedError(414, f"request line over {limits.request_line_bytes} bytes")
    if len(buffer) >= limits.head_bytes:
        raise RefusedError(431, f"head over {limits.head_bytes} bytes")
    if _BARE_LINE_END.search(buffer):
        raise RefusedError(400, "a line ends without CR LF")
    return -1


def _request_line(line: str, limits: Limits) -> tuple[str, str, int]:
    if len(line) > limits.request_line_bytes:
        raise RefusedError(414, f"request line over {limits.request_line_bytes} bytes")
    match = _REQUEST_LINE.fullmatch(line)
    if not match:
        raise RefusedError(400, "unreadable request line")
    method, target, major, minor = match.groups()
    if (major, minor) not in (("1", "0"), ("1", "1")):
        raise RefusedError(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    if not target.startswith("/") or "#" in target:
        raise RefusedError(400, "the request target is not a path")
    return method, target, int(minor)


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if not match:
            raise RefusedError(400, "unreadable header field")
        name, value = match[1].lower(), match[2].rstrip(" \t")
        if name in headers:
            if name in _ONCE:
                raise RefusedError(400, f"more than one {match[1]} field")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _query(raw: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(raw, keep_blank_values=True, max_num_fields=_QUERY_FIELDS))
    except ValueError:
        raise RefusedError(400, f"more than {_QUERY_FIELDS} query parameters") from None


def _chunked(stream: Stream, limits: Limits, *, deadline: float) -> bytes:
    body = bytearray()
    while size := _chunk_size(stream, deadline=deadline):
        if len(body) + size > limits.body_bytes:
            raise _too_large(limits)
        body += stream.take(size, deadline=deadline)
        if stream.take(2, deadline=deadline) != b"\r\n":
            raise RefusedError(400, "a chunk is longer than it says")
    if stream.take(2, deadline=deadline) != b"\r\n":
        raise RefusedError(400, "trailers are not read")
    return bytes(body)


def _chunk_size(stream: Stream, *, deadline: float) -> int:
    while b"\n" not in stream.buffer[:_CHUNK_HEAD_BYTES]:
        if len(stream.buffer) >= _CHUNK_HEAD_BYTES:
            break
        stream.fill(deadline)
    match = _CHUNK_HEAD.match(stream.buffer)
    if not match:
        raise RefusedError(400, "unreadable chunk size")
    size = int(match[1], 16)
    del stream.buffer[: match.end()]
    return size


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError(413, f"body over {limits.body_bytes} bytes")
