"""What came in by the webhook, counted since the start."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Refused = Literal["auth", "body", "disabled", "store"]
"""Why a webhook was turned away as a whole, a closed set: the values of the label `reason`."""


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """What the page tells of webhooks; `deadman` is None where the webhook is closed."""

    received: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    deadman: float | None = None


class Arrivals:
    """Safe for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received = 0
        self._refused: Counter[str] = Counter()
        self._alerts: Counter[str] = Counter()
        self._deadman: float | None = None
        self.tested_at: float | None = None

    def open(self, at: float) -> None:
        """The webhook is open from now on: the dead man's silence counts from here."""
        with self._lock:
            if self._deadman is None:
                self._deadman = at

    def close(self) -> None:
        """The settings have no webhook: nobody waits for a dead man."""
        with self._lock:
            self._deadman = None

    def received(self) -> None:
        """Count a webhook that was let in."""
        with self._lock:
            self._received += 1

    def refused(self, reason: Refused) -> None:
        """Count a webhook that was turned away at the door."""
        with self._lock:
            self._received += 1
            self._refused[reason] += 1

    def failed(self, reason: Refused) -> None:
        """Count one that was let in, and could not be taken."""
        with self._lock:
            self._refused[reason] += 1

    def alerts(self, *, firing: int, resolved: int) -> None:
        """Count alerts of which something came."""
        with self._lock:
            self._alerts["firing"] += firing
            self._alerts["resolved"] += resolved

    def deadman(self, at: float) -> None:
        """Note that the alert came which only proves the way in."""
        with self._lock:
            self._deadman = at

    @property
    def facts(self) -> WebhookFacts:
        """Tell what the page shows."""
        with self._lock:
            return WebhookFacts(
                self._received, dict(self._refused), dict(self._alerts), self._deadman
            )
