"""A request as read and a response as sent, both plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]

NAME_PATTERN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
"""A method or the name of a header (RFC 9110, section 5.6.2)."""

_NAME = re.compile(NAME_PATTERN)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was read whole and found sound.

    `path` is as sent, nothing decoded; `query` is decoded, in order, names may repeat.
    `headers` has lower-case names. `peer` is the address without its port; on the unix socket,
    for which alone `is_local` holds, the user, empty where the system tells none.
    `has_certificate`: the client showed one that the web file takes. `captured` are the decoded
    parts of the path
    that the route leaves open, by name.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    peer: str = ""
    is_local: bool = False
    has_certificate: bool = False
    captured: Mapping[str, str] = field(default_factory=dict)

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a query parameter, in order."""
        return tuple(value for key, value in self.query if key == name)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; its chunks are sent one by one and never joined into one large copy.

    A header that could split the answer (CR, LF, NUL or other control characters) raises
    ValueError. Content-Length, Date, Server and Connection are the server's to add.
    """

    status: int
    headers: Headers = ()
    chunks: tuple[bytes, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name, value in self.headers:
            if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ValueError(f"header {name!r} cannot be sent")

    @property
    def length(self) -> int:
        """The bytes of the body."""
        return sum(map(len, self.chunks))

    @property
    def reason(self) -> str:
        """The phrase that goes with the status."""
        return HTTPStatus(self.status).phrase
