"""All lines of the page at one moment, and the pieces that they are sent as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from vr_exporter.domain.names import SiteName
from vr_exporter.metrics.deflate import Sum, joined
from vr_exporter.metrics.fragment import SMALL_BYTES, Forms, Fragment


@dataclass(frozen=True, slots=True)
class Strip:
    """One family across the page: its header, then its lines site by site; None is no site's."""

    head: Forms
    parts: tuple[tuple[SiteName | None, Forms], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All strips of one moment; `chunks` keeps the whole page once somebody asked for it."""

    number: int = 0
    strips: tuple[Strip, ...] = ()
    chunks: dict[tuple[bool, bool], Chunks] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunks:
    """Pieces of a page, and the sum of the plain bytes that they stand for."""

    pieces: tuple[bytes, ...]
    sum: Sum


def _fragments(
    sheet: Sheet, *, openmetrics: bool, sites: frozenset[str] | None
) -> Iterator[Fragment]:
    for strip in sheet.strips:
        parts = [
            forms for site, forms in strip.parts if sites is None or site is None or site in sites
        ]
        if parts:
            for forms in (strip.head, *parts):
                yield forms.openmetrics if openmetrics else forms.text


def size_of(sheet: Sheet, *, openmetrics: bool) -> int:
    """How many plain bytes the whole page has."""
    return sum(f.size for f in _fragments(sheet, openmetrics=openmetrics, sites=None))


def chunks_of(
    sheet: Sheet, *, openmetrics: bool, gzip: bool, sites: frozenset[str] | None
) -> Chunks:
    """The pieces of the page in one form; those of the whole page are made once."""
    key = (openmetrics, gzip)
    if sites is None and key in sheet.chunks:
        return sheet.chunks[key]
    found = tuple(_fragments(sheet, openmetrics=openmetrics, sites=sites))
    pieces = _merged(fragment.deflated if gzip else fragment.plain() for fragment in found)
    chunks = Chunks(tuple(pieces), joined(fragment.sum for fragment in found if gzip))
    if sites is None:
        sheet.chunks[key] = chunks
    return chunks


def _merged(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces with small neighbours joined, so that a send is worth its call."""
    small: list[bytes] = []
    waiting = 0
    for piece in pieces:
        if len(piece) < SMALL_BYTES:
            small.append(piece)
            waiting += len(piece)
        if len(piece) >= SMALL_BYTES or waiting >= SMALL_BYTES:
            if small:
                yield b"".join(small)
            small, waiting = [], 0
        if len(piece) >= SMALL_BYTES:
            yield piece
    if small:
        yield b"".join(small)
