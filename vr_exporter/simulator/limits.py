"""The rate tiers: client address, then service, then session, in fixed windows (vr-api.md 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from vr_exporter.simulator.options import Quotas

Tier = Literal["client", "service", "session"]
TIERS: tuple[Tier, ...] = get_args(Tier)


@dataclass(slots=True)
class _Window:
    number: int = -1
    counts: dict[str, int] = field(default_factory=dict)


class Limiter:
    """Counts calls by window and tier; the first exceeded tier refuses, later ones see nothing."""

    def __init__(self, quotas: Quotas, *, now: Callable[[], float]) -> None:
        self._quotas = quotas
        self._now = now
        self._windows: dict[Tier, _Window] = {tier: _Window() for tier in TIERS}
        self.highest: dict[Tier, int] = dict.fromkeys(TIERS, 0)
        """The most calls that any key of a tier made in one window, refused ones included."""
        self.refused: dict[Tier, int] = dict.fromkeys(TIERS, 0)

    def admit(self, *, peer: str, token: str | None) -> bool:
        """Count one call; False if a tier is exceeded."""
        keys: dict[Tier, str | None] = {"client": peer, "service": "vr", "session": token}
        return all(self._admit(tier, key) for tier, key in keys.items() if key is not None)

    def window_ends_in_seconds(self) -> float:
        """How long until every tier counts afresh."""
        return self._quotas.window_seconds - self._now() % self._quotas.window_seconds

    def _admit(self, tier: Tier, key: str) -> bool:
        counts = self._current_counts(tier)
        called = counts.get(key, 0) + 1
        self.highest[tier] = max(self.highest[tier], called)
        quota = self._quota(tier)
        is_admitted = quota is None or called <= quota
        if is_admitted or self._quotas.refused_calls_count:
            counts[key] = called
        self.refused[tier] += not is_admitted
        return is_admitted

    def _current_counts(self, tier: Tier) -> dict[str, int]:
        number = int(self._now() // self._quotas.window_seconds)
        window = self._windows[tier]
        if window.number != number:
            window.number = number
            window.counts = {}
        return window.counts

    def _quota(self, tier: Tier) -> int | None:
        quota: int | None = getattr(self._quotas, tier)
        return quota
