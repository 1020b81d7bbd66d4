"""What a torture loop did, and which promises it saw broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fault_proxy import Fault, Kind


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop: the n-th crossing fails, for n = 1, 2, 3 … until none is reached."""

    subject: str
    kind: Kind
    is_lasting: bool
    has_tls: bool
    limit: int | None = None
    seed: int = 0
    stride: int = 1
    """Every so manieth crossing only: for a small count in the suite."""
    chunk_bytes: int = 65536

    @property
    def name(self) -> str:
        """What it is called in a line of text."""
        once = "from there on" if self.is_lasting else "once"
        return f"{self.subject}, {'https' if self.has_tls else 'http'}, {self.kind} {once}"

    def fault(self, number: int) -> Fault:
        """The fault of the n-th turn."""
        return Fault(self.kind, number, self.is_lasting, self.seed)


@dataclass(slots=True)
class Tally:
    """What came of a loop: turns taken, how they ended, promises broken."""

    loop: Loop
    turns: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Say it in one line."""
        endings = " ".join(f"{name} {count}" for name, count in sorted(self.endings.items()))
        return f"{self.loop.name}: {self.turns} crossings: {endings}; {len(self.broken)} broken"


Turn = Callable[[int, Tally], bool]
"""Takes the n-th turn and tallies it; whether its fault was reached."""


def until_none_fails(loop: Loop, turn: Turn) -> Tally:
    """Take turn after turn until a fault is not reached any more; the turn without one counts too.

    A limit ends it before.
    """
    tally = Tally(loop)
    number = 1
    while turn(number, tally) and number != loop.limit:
        tally.turns += 1
        number += loop.stride
    return tally
