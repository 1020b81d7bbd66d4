"""The families of the store, read from it whenever our own part of the page is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from vr_exporter.metrics.family import Samples
from vr_exporter.metrics.looked_up import LookedUp
from vr_exporter.metrics.own_families import STORE

FAILURES = ("commit", "checkpoint", "prune", "corrupt")
"""What may fail in writing, a closed set: the values of the label `op`."""


class StoreFacts(Protocol):
    """What the page tells of the store; `failures` are by op."""

    @property
    def is_up(self) -> bool:
        """Whether the last commit worked."""

    @property
    def size_bytes(self) -> int:
        """How large its files are."""

    @property
    def writes(self) -> int:
        """How many commits worked."""

    @property
    def failures(self) -> Mapping[str, int]:
        """How often which kind of write failed."""


def store_families(facts: Callable[[], StoreFacts]) -> LookedUp:
    """The families of the store, for the registry."""
    return LookedUp(STORE, lambda: _samples(facts()))


def _samples(facts: StoreFacts) -> Mapping[str, Samples]:
    return {
        "vr_store_up": (((), int(facts.is_up)),),
        "vr_store_size_bytes": (((), facts.size_bytes),),
        "vr_store_writes_total": (((), facts.writes),),
        "vr_store_write_failures_total": tuple(
            ((op,), facts.failures.get(op, 0)) for op in FAILURES
        ),
    }
