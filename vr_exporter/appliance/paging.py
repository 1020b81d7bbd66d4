"""A list read page by page: each row once, whole or said not to be (A24, A34 to A36, A45)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from vr_exporter.appliance.errors import Unreadable
from vr_exporter.appliance.wire import Page
from vr_exporter.domain.events import Event, Surprised

T = TypeVar("T")

_MOST_IDLE_PAGES = 2
"""So many pages in a row may bring nothing new: rows do shift between pages."""


class SessionRenewed(Exception):  # noqa: N818 no error: the list begins anew
    """The session died in the middle of a list; pages read before are not to be trusted."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """All rows of a list. `dropped` counts those beyond the row cap.

    Only of a complete list it may be said that what is not in it is not there.
    """

    rows: tuple[T, ...]
    total: int | None = None
    is_complete: bool = True
    dropped: int = 0
    is_far_side_down: bool = False


@dataclass(frozen=True, slots=True)
class Lister(Generic[T]):
    """How one list is read: `page_at` asks for the page at an offset, `key_of` tells rows apart.

    Rows without a key (None) are all kept.
    """

    page_at: Callable[[int], Page[T]]
    key_of: Callable[[T], Hashable | None]
    row_cap: int
    tell: Callable[[Event], None]

    def read(self) -> Rows[T]:
        """Read the list; where its rows are not as many as it says, once more (A35)."""
        found = self._read_through()
        if not found.is_off:
            return found.result()
        found = self._read_through()
        if found.is_off:
            self.tell(Surprised("count"))
        return found.result()

    def _read_through(self) -> _Found[T]:
        """Read from the start, and from the start again when the session died on the way."""
        while True:
            found = _Found[T]()
            try:
                offset: int | None = 0
                while offset is not None:
                    offset = self._take(found, offset)
            except SessionRenewed:
                continue
            if found.duplicates:
                self.tell(Surprised("duplicate", found.duplicates))
            return found

    def _take(self, found: _Found[T], offset: int) -> int | None:
        """Read one page; returns the offset of the next, None after the last."""
        page = self.page_at(offset)
        found.add(page, self.key_of)
        if found.cut(self.row_cap):
            return None
        following = _following(page, offset)
        if following is None:
            return None
        if following <= offset or found.idle_pages > _MOST_IDLE_PAGES:
            raise Unreadable("paging", f"the list does not go on after offset {offset}")
        return following


@dataclass(slots=True)
class _Found(Generic[T]):
    """What pages have brought so far."""

    rows: dict[Hashable, T] = field(default_factory=dict)
    nameless: int = 0
    duplicates: int = 0
    idle_pages: int = 0
    dropped: int = 0
    total: int | None = None
    is_far_side_down: bool = False

    @property
    def is_off(self) -> bool:
        """Whether there are not as many rows as the list says of itself."""
        seen = len(self.rows) + self.nameless
        return self.total is not None and not self.dropped and seen != self.total

    def add(self, page: Page[T], key_of: Callable[[T], Hashable | None]) -> None:
        """Take in a page; of rows with one key the first is kept."""
        before = len(self.rows)
        for row in page.rows:
            key = key_of(row)
            self.rows.setdefault(len(self.rows) if key is None else key, row)
        new = len(self.rows) - before
        self.duplicates += len(page.rows) - new
        self.nameless += page.sent - len(page.rows)
        self.idle_pages = 0 if new else self.idle_pages + 1
        self.total = page.total
        self.is_far_side_down = self.is_far_side_down or page.is_far_side_down

    def cut(self, cap: int) -> bool:
        """Keep no more rows than the cap; True when there are more."""
        excess = max(len(self.rows), self.total or 0) - cap
        if len(self.rows) < cap or excess <= 0:
            return False
        self.dropped = excess
        self.rows = dict(islice(self.rows.items(), cap))
        return True

    def result(self) -> Rows[T]:
        """Return what was found."""
        return Rows(
            rows=tuple(self.rows.values()),
            total=self.total,
            is_complete=not (self.is_off or self.dropped or self.nameless),
            dropped=self.dropped,
            is_far_side_down=self.is_far_side_down,
        )


def _following(page: Page[T], offset: int) -> int | None:
    """Return where the next page begins: by the total, else the link, else a full page."""
    end = offset + page.sent
    if page.total is not None and end >= page.total:
        return None
    if page.next_offset is not None:
        return page.next_offset
    if page.total is None and (page.limit is None or page.sent < page.limit):
        return None
    return end if page.sent else None
