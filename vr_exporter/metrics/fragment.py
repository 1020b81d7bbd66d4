"""Lines of a page as a gzip member and, while somebody reads them so, as plain bytes."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

try:
    from isal import igzip_lib
except ImportError:
    _HAS_ISAL = False
else:
    _HAS_ISAL = True

SMALL_BYTES = 65_536
"""A piece below this size is kept in both forms, and is not sent alone."""


def pack(plain: bytes) -> bytes:
    """One gzip member at level 1; members laid end to end decode to the joined plain bytes."""
    if _HAS_ISAL:
        return igzip_lib.compress(plain, level=1, flag=igzip_lib.COMP_GZIP)
    return zlib.compress(plain, level=1, wbits=31)


def unpack(packed: bytes) -> bytes:
    """What was packed."""
    if _HAS_ISAL:
        return igzip_lib.decompress(packed, flag=igzip_lib.DECOMP_GZIP)
    return zlib.decompress(packed, wbits=31)


class Fragment:
    """Some lines; the gzip member is always there, a large plain form only while it is wanted.

    Prometheus asks for gzip, and the plain page of a large site is five times its size: it is
    unpacked when asked for, then kept until `forget_plain`. Threads may race for it: each comes to
    the same bytes.
    """

    __slots__ = ("_plain", "packed", "size")

    def __init__(self, plain: bytes = b"", *, keeps_plain: bool = True) -> None:
        self.packed = pack(plain) if plain else b""
        self.size = len(plain)
        self._plain = plain if keeps_plain or self.size < SMALL_BYTES else None

    def plain(self) -> bytes:
        """The lines themselves."""
        plain = self._plain
        if plain is None:
            plain = self._plain = unpack(self.packed)
        return plain

    def forget_plain(self) -> None:
        """Keep the plain form of a large fragment no longer."""
        if self.size >= SMALL_BYTES:
            self._plain = None


EMPTY = Fragment()


@dataclass(frozen=True, slots=True)
class Forms:
    """The lines of a family; the formats share one fragment save where exemplars are."""

    openmetrics: Fragment = EMPTY
    text: Fragment = EMPTY

    def redrawn(self, openmetrics: bytes, text: bytes, *, keeps_plain: bool = True) -> Forms:
        """These forms with new lines; each fragment that did not change stays the same object."""
        new = _changed(self.openmetrics, Fragment(openmetrics, keeps_plain=keeps_plain))
        if text == openmetrics:
            return Forms(new, new)
        return Forms(new, _changed(self.text, Fragment(text, keeps_plain=keeps_plain)))

    def forget_plain(self) -> None:
        """Keep the plain form of large fragments no longer."""
        self.openmetrics.forget_plain()
        self.text.forget_plain()


def _changed(old: Fragment, new: Fragment) -> Fragment:
    return old if old.packed == new.packed else new
