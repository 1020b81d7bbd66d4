"""A request to the simulated appliance and its answer, as values: no sockets in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from urllib.parse import unquote


class Delivery(Enum):
    """How an answer goes down the wire; all but WHOLE break it on purpose."""

    WHOLE = "whole"
    HANG = "hang"  # nothing at all is sent
    HANG_AFTER_HEAD = "hang_after_head"
    DRIP = "drip"  # one byte a second
    CUT = "cut"  # closed in order after half of the body
    RESET = "reset"  # torn down after half of the body
    DROPPED = "dropped"  # closed before a byte is sent
    REFUSED = "refused"  # the whole appliance is away


@dataclass(frozen=True, slots=True)
class SimRequest:
    """One request; header names are in lower case, `target` is path and query as sent."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer: str = "127.0.0.1"
    scheme: str = "https"

    @property
    def path(self) -> str:
        """The path as sent, percent-encoding and all."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The query as sent."""
        return self.target.partition("?")[2]

    @property
    def is_well_formed(self) -> bool:
        """Whether every percent escape is a whole one and spells UTF-8."""
        try:
            text = unquote(self.target, errors="strict")
        except UnicodeDecodeError:
            return False
        escapes = self.target.split("%")[1:]
        return "\0" not in text and all(_is_hexadecimal(escape[:2]) for escape in escapes)


@dataclass(frozen=True, slots=True)
class SimResponse:
    """One answer; Content-Length is added on the way out unless it is `chunked`.

    `delay_seconds` pass before its first byte leaves.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delivery: Delivery = Delivery.WHOLE
    chunked: bool = False
    delay_seconds: float = 0.0

    def header(self, name: str) -> str | None:
        """The value of a header, None where it is not sent."""
        return dict(self.headers).get(name)

    def with_header(self, name: str, value: str) -> SimResponse:
        """Return the same answer with one header set anew."""
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*kept, (name, value)))


def _is_hexadecimal(text: str) -> bool:
    return len(text) == 2 and all(letter in "0123456789abcdefABCDEF" for letter in text)  # noqa: PLR2004 an escape has two digits
