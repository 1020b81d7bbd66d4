"""One parser as the fuzzer knows it, and what a run over it found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.parser_fuzz.mutation import ODD_TEXT, TEXT


@dataclass(frozen=True, slots=True)
class Parser:
    """Something that takes bytes from outside.

    `take` raises one of `refusals`, or returns None, for what it does not take: every other
    exception is a bug. `share` of the inputs of a run are for it: less than all where one takes
    many times as long as another, and comes from a file or a person of this machine.
    """

    name: str
    samples: tuple[bytes, ...]
    take: Callable[[bytes], Any]
    refusals: tuple[type[BaseException], ...] = ()
    odd: tuple[bytes, ...] = ODD_TEXT
    tokens: re.Pattern[bytes] = TEXT
    share: float = 1.0


@dataclass(slots=True)
class Found:
    """What came of so many inputs; `bugs` are one line each, the input's repr in it."""

    inputs: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)
    seconds: float = 0.0
    slowest_seconds: float = 0.0

    def add(self, other: Found) -> None:
        """Take in what another part of the run found."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.refused += other.refused
        self.bugs += other.bugs
        self.seconds += other.seconds
        self.slowest_seconds = max(self.slowest_seconds, other.slowest_seconds)


def text_of(raw: bytes) -> str:
    """What arguments and files become: bytes that are no UTF-8 are lone surrogates in it."""
    return raw.decode("utf-8", "surrogateescape")
