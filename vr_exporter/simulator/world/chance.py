"""Seeded chance: the same seed and the same order of questions give the same world."""

from __future__ import annotations

from random import Random
from uuid import UUID


class Chance(Random):
    """The one source of everything accidental, with the questions that the world asks."""

    def uuid(self) -> str:
        """A random UUID of version 4."""
        return str(UUID(int=self.getrandbits(128), version=4))

    def happens(self, share: float) -> bool:
        """True in the given share of cases."""
        return self.random() < share
