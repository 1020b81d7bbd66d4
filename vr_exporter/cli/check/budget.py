"""What a cycle costs in requests, and how long it must take for that (vr-api.md 9)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_REQUESTS_PER_SITE = 4
"""/info, /pairings, /replication-servers, /tasks."""

_REQUESTS_PER_PAIRING = 2
"""The issues of its replications and its own."""


@dataclass(frozen=True, slots=True)
class PairingSize:
    """A pairing as a cycle reads it: its rows, and whether its remote session is looked after."""

    replications: int
    has_remote_login: bool


def requests_per_cycle(pairings: Iterable[PairingSize], page_size: int) -> int:
    """Requests of one poll once logged in; an empty list still takes one page."""
    return _REQUESTS_PER_SITE + sum(
        max(1, math.ceil(pairing.replications / page_size))
        + _REQUESTS_PER_PAIRING
        + pairing.has_remote_login
        for pairing in pairings
    )


def effective_interval(wanted_seconds: float, requests: int, *, planned_per_minute: int) -> float:
    """The interval asked for, or the shortest that leaves the pace some room."""
    return max(wanted_seconds, requests * 60 / planned_per_minute)
