"""Alerts as they reach us: one episode of one alert, and what it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from vr_exporter.domain.triggers import Skip, Target

DEADMAN_SILENT_SECONDS: Final = 900.0
"""So long after the last dead man's alert the way in counts as broken (VrBridgeInboundDead)."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One firing of one alert, from its begin to its end; labels are data and nothing else.

    `starts_at` is in seconds since 1970, by the clock of whoever raised it.
    """

    alertname: str
    labels: Mapping[str, str]
    starts_at: float
    is_firing: bool = True

    @property
    def site(self) -> str:
        """The site that it names, empty for none."""
        return self.labels.get("site", "")

    @property
    def replication(self) -> str:
        """The id of the replication that it names, empty for none."""
        return self.labels.get("replication", "")

    @property
    def since(self) -> str:
        """Its begin for people: `VrRpoBreached since 2026-09-21T14:13:20Z`."""
        return f"{self.alertname} since {stamp(self.starts_at)}"


@dataclass(frozen=True, slots=True)
class NoTarget:
    """Why an alert means no replication: `unmatched`, or `stale` where its place was not read.

    `is_early`: the first reading of its site has not ended, so that nobody can say yet.
    """

    skip: Skip
    is_early: bool = False


@dataclass(frozen=True, slots=True)
class Intent:
    """What an alert asks for: a sync of `target`; None, and the fault says why, for nothing."""

    episode: Episode
    target: Target | None = None
    fault: NoTarget | None = None


def stamp(seconds: float) -> str:
    """Write a time as Alertmanager does, whole seconds; what no calendar holds as a number."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f}"
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
