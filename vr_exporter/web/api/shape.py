"""A JSON object declared as data: its answers and its documentation come from one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Noun = TypeVar("Noun")


@dataclass(frozen=True, slots=True)
class Field(Generic[Noun]):
    """One member of a JSON object; `kind` is its JSON type in words, `?` for one that may be null.

    A value may be a dataclass, whose fields are then the members of an object.
    """

    name: str
    kind: str
    meaning: str
    value: Callable[[Noun], object]


@dataclass(frozen=True, slots=True)
class Shape(Generic[Noun]):
    """A JSON object made from a noun. What is not known is null, never 0 or left out."""

    name: str
    fields: tuple[Field[Noun], ...]

    def some(self, *names: str) -> tuple[Field[Noun], ...]:
        """These of its members, for a shorter shape of the same noun."""
        return tuple(field for field in self.fields if field.name in names)

    def of(self, noun: Noun) -> dict[str, object]:
        """The object for one noun."""
        return {field.name: field.value(noun) for field in self.fields}

    def each(self, nouns: Iterable[Noun]) -> list[dict[str, object]]:
        """The objects for many."""
        return [self.of(noun) for noun in nouns]
