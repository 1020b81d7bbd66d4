"""Rows that came in the last poll too, byte for byte: what was made of them holds still."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

from vr_exporter.appliance.wire.surprises import Surprises

R = TypeVar("R")
T = TypeVar("T")

MOST_ROWS: Final = 40_000
"""So many of a site are kept, each some kilobytes; those beyond are read in every poll (R8)."""

LONGEST_ROW_BYTES: Final = 8192
"""A longer one is not kept: an honest row has some hundred bytes."""


class KnownPage(Generic[T]):
    """What was made of the rows of a page, each under the bytes that it came in.

    A row that surprised is not kept: it is read, and counted, whenever it comes.
    """

    def __init__(self) -> None:
        self.read_at = -math.inf
        self._nouns: dict[bytes, T | None] = {}
        self._in_order: list[T | None] = []

    @property
    def size(self) -> int:
        """How many rows are kept, those included that are read again."""
        return len(self._in_order)

    def read(
        self,
        rows: Sequence[bytes],
        surprises: Surprises,
        *,
        decode: Callable[[bytes], R],
        noun_of: Callable[[R, T | None], T | None],
    ) -> tuple[T, ...]:
        """Make nouns of rows; nothing is made of any before all that are new are decoded.

        `noun_of` is told too what stood in a row's place in the last poll: mostly the same, older.
        """
        nouns = list(map(self._nouns.get, rows))
        unknown = [place for place, noun in enumerate(nouns) if noun is None]
        decoded = [decode(rows[place]) for place in unknown]
        before = self._in_order if len(self._in_order) == len(rows) else [None] * len(rows)
        left_out = {row for row in rows if len(row) > LONGEST_ROW_BYTES}
        for place, row in zip(unknown, decoded, strict=True):
            noted = surprises.noted
            nouns[place] = noun_of(row, before[place])
            if surprises.noted != noted:
                left_out.add(rows[place])
        self._in_order = nouns
        self._nouns = dict(zip(rows, nouns, strict=True))
        for unfit in left_out:
            del self._nouns[unfit]
        return tuple(noun for noun in nouns if noun is not None)


class KnownRows(Generic[T]):
    """Keeps the pages of one poll for the next; rows seldom move from one page to another.

    A page is asked for by all that its reading rests on besides its bytes. Only the time is not
    among it: what could be meant can be meant later too, and a clock set back makes us forget.
    """

    def __init__(self) -> None:
        self._before: dict[Hashable, KnownPage[T]] = {}
        self._now: dict[Hashable, KnownPage[T]] = {}

    def begin_poll(self) -> None:
        """Forget what the last poll did not ask for."""
        self._before, self._now = self._now, {}

    def page(self, key: Hashable, *, now: float) -> KnownPage[T]:
        """What is known of a page, for who reads it to bring it up to date."""
        page = self._now.get(key) or self._before.pop(key, None)
        if page is None or now < page.read_at:
            page = KnownPage[T]()
        page.read_at = now
        if sum(each.size for each in self._now.values()) < MOST_ROWS:
            self._now[key] = page
        return page
