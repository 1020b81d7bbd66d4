"""Lines of a page as a part of a gzip member and, while somebody reads them so, as plain bytes."""

from __future__ import annotations

from dataclasses import dataclass

from vr_exporter.metrics.deflate import Sum, deflate, inflate, sum_of

SMALL_BYTES = 65_536
"""A piece below this size is kept in both forms, and is not sent alone."""


class Fragment:
    """Some lines; the deflated form is always there, a large plain one only while it is wanted.

    Prometheus asks for gzip, and the plain page of a large site is five times its size: it is
    unpacked when asked for, then kept until `forget_plain`. Threads may race for it: each comes to
    the same bytes.
    """

    __slots__ = ("_plain", "deflated", "sum")

    def __init__(self, plain: bytes = b"", *, keeps_plain: bool = True) -> None:
        self.deflated = deflate(plain) if plain else b""
        self.sum = sum_of(plain) if plain else Sum()
        self._plain = plain if keeps_plain or self.size < SMALL_BYTES else None

    @property
    def size(self) -> int:
        """How many bytes the lines are."""
        return self.sum.size

    def plain(self) -> bytes:
        """The lines themselves."""
        plain = self._plain
        if plain is None:
            plain = self._plain = inflate(self.deflated)
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
    return old if (old.sum, old.deflated) == (new.sum, new.deflated) else new
