"""What an operation yields before it is written: one entity, or a list not yet cut into pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from vr_exporter.simulator.fields import value_at

Row = dict[str, Any]
MetaErrors = list[dict[str, str]]


def _no_errors(rows: Sequence[Row]) -> MetaErrors:
    del rows
    return []


@dataclass(frozen=True, slots=True)
class Entity:
    """One object; `row` is None where the answer has no body, `has_meta` False for sessions."""

    row: Row | None
    status: int = 200
    errors: MetaErrors = field(default_factory=list)
    has_meta: bool = True

    def document(self) -> Row | None:
        """The object as it is sent."""
        if self.row is None or not self.has_meta:
            return self.row
        return {**self.row, "_meta": {"errors": self.errors}}


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: cheap handles in a stable order, and how a handle becomes a row of the page.

    `value_of` reads a field without making the whole row where the handle has it.
    """

    handles: Sequence[Any]
    fields: frozenset[str]
    row_of: Callable[[Any], Row] = lambda row: row
    value_of: Callable[[Any, str], Any] = value_at
    errors: Callable[[Sequence[Row]], MetaErrors] = _no_errors
    is_paged: bool = True


@dataclass(frozen=True, slots=True)
class Selection:
    """A list after filter and order; `total` is the number that the page will claim."""

    handles: Sequence[Any]
    row_of: Callable[[Any], Row]
    total: int


NOTHING = Entity(None, status=204)
