"""Answers that are made once and sent until they change: bytes, their gzip form and their name."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeVar

from vr_exporter.web.message import Headers, Request, Response
from vr_exporter.web.negotiation import accepts_gzip

Made = TypeVar("Made")

NO_SNIFFING = ("X-Content-Type-Options", "nosniff")
_DIGEST_BYTES = 12
_GZIP_LEVEL = 1
_WORTH_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Document:
    """A body in both forms; `etag` is weak: it names what is said, not when that was said."""

    plain: bytes = field(repr=False)
    packed: bytes | None = field(repr=False)
    etag: str

    def answer(self, request: Request, headers: Headers) -> Response:
        """The document, or 304 to one who has it."""
        own: Headers = (*headers, ("ETag", self.etag), ("Vary", "Accept-Encoding"), NO_SNIFFING)
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(304, own)
        if self.packed is not None and accepts_gzip(request.headers.get("accept-encoding", "")):
            return Response(200, (*own, ("Content-Encoding", "gzip")), (self.packed,))
        return Response(200, own, (self.plain,))


def document(plain: bytes, *, said: bytes | None = None) -> Document:
    """Make a document; `said` is what it says, where its bytes hold more, as the time."""
    digest = blake2b(plain if said is None else said, digest_size=_DIGEST_BYTES).hexdigest()
    is_long = len(plain) > _WORTH_BYTES
    packed = gzip.compress(plain, _GZIP_LEVEL, mtime=0) if is_long else None
    return Document(plain, packed, f'W/"{digest}"')


class Kept:
    """Keeps what was made last under each name, for as long as what it is made of is the same.

    Things are the same when they are one object: a snapshot is never edited. Two who ask at once
    wait for one making.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[object, ...], Any]] = {}
        self._making = threading.RLock()

    def get(self, name: str, basis: Sequence[object], make: Callable[[], Made]) -> Made:
        """What is kept, made anew when its basis is another."""
        with self._making:
            known = self._kept.get(name)
            if known is None or not _is_same(known[0], basis):
                known = (tuple(basis), make())
                self._kept[name] = known
            made: Made = known[1]
            return made


def _is_same(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(
        a is b or (isinstance(a, int | str) and a == b) for a, b in zip(one, other, strict=True)
    )
