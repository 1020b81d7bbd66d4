"""Fragments written again only where something changed are those of a page written anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vr_exporter.metrics.family import Family, Rows, Table
from vr_exporter.metrics.fragments import TableFragments


@dataclass(frozen=True)
class Noun:
    """Something with a name, a number that may be absent, and a word."""

    name: str
    number: int | None
    word: str


def rows_of(nouns: tuple[Noun, ...]) -> Rows[Noun]:
    """The nouns by name."""
    return Rows([(noun.name,) for noun in nouns], nouns)


def counted(read: list[str]) -> Table[tuple[Noun, ...], Noun]:
    """A table that notes the name of each noun whose number it reads."""

    def number_of(noun: Noun) -> int | None:
        read.append(noun.name)
        return noun.number

    return Table(
        "Nouns",
        ("name",),
        rows_of,
        (
            Family("number", "gauge", "A number.", read=number_of),
            Family(
                "word", "gauge", "A word.", ("word",), read=lambda noun: noun.word, reads="label"
            ),
        ),
    )


def shown(fragments: TableFragments[Any, Noun], nouns: tuple[Noun, ...]) -> dict[str, bytes]:
    """The lines of each family that has any."""
    forms = fragments.render(nouns)
    return {name: form.text.plain() for name, form in forms.items() if form.text.size}


NOUN = st.builds(
    Noun, st.sampled_from("abcd"), st.none() | st.integers(0, 2), st.sampled_from("xy")
)
POOL = st.lists(NOUN, max_size=8)
PAGE = st.lists(st.integers(0, 7), max_size=4)


@given(POOL, st.lists(PAGE, max_size=6))
def test_lines_are_those_of_a_table_never_drawn_before(
    pool: list[Noun], pages: list[list[int]]
) -> None:
    """Whichever nouns stay, change, come, go, or lose their number."""
    kept = TableFragments(counted([]), is_shown=lambda _: True)
    for page in pages:
        nouns = tuple(pool[place] for place in page if place < len(pool))
        anew = TableFragments(counted([]), is_shown=lambda _: True)
        assert shown(kept, nouns) == shown(anew, nouns)


def test_only_nouns_that_changed_are_read() -> None:
    """A noun is a value: the same object has nothing new to say."""
    read: list[str] = []
    fragments = TableFragments(counted(read), is_shown=lambda _: True)
    nouns = tuple(Noun(name, 1, "x") for name in "abc")
    fragments.render(nouns)
    read.clear()
    fragments.render((nouns[0], Noun("b", 2, "x"), nouns[2]))
    assert read == ["b"]
