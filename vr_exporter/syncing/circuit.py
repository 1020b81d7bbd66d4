"""The circuit of a site: held after failed triggers in a row, worked out from what they did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vr_exporter.domain.triggers import Trigger, TriggerState

FAILURES = frozenset({TriggerState.FAILED, TriggerState.REFUSED, TriggerState.UNRESOLVED})
"""Ends that speak against the site; a lost task speaks neither way."""

_IN_FLIGHT = frozenset(
    {
        TriggerState.RESERVED,
        TriggerState.POSTING,
        TriggerState.RUNNING,
        TriggerState.AMBIGUOUS,
    }
)


@dataclass(frozen=True, slots=True)
class CircuitRule:
    """Failures in a row that open it; seconds to the first probe, doubling up to the longest."""

    failures: int = 3
    open_seconds: float = 600.0
    longest_open_seconds: float = 7200.0


@dataclass(frozen=True, slots=True)
class Circuit:
    """How the circuit of a site stands.

    `probe_at` is None while it is closed, else when one trigger is let through to try.
    `is_probing`: that one is under way, the rest wait for its end.
    """

    failures: int = 0
    probe_at: float | None = None
    is_probing: bool = False

    def is_open(self, now: float) -> bool:
        """Whether triggers are held now."""
        return self.probe_at is not None and (self.is_probing or now < self.probe_at)


def circuit_of(triggers: Iterable[Trigger], rule: CircuitRule) -> Circuit:
    """Work out the circuit from the recent triggers of one site, in any order.

    A success closes it. Once open, only the failure of a trigger asked for after its probe was
    due opens it anew, for twice as long: those that were under way before say nothing new.
    """
    own = [trigger for trigger in triggers if not trigger.has_joined]
    circuit, open_seconds = Circuit(), rule.open_seconds
    for trigger in sorted(own, key=lambda trigger: trigger.ended_at or 0.0):
        ended_at = trigger.ended_at
        if ended_at is None:
            continue
        if trigger.state is TriggerState.SUCCEEDED:
            circuit, open_seconds = Circuit(), rule.open_seconds
        elif trigger.state not in FAILURES:
            continue
        elif circuit.probe_at is None:
            count = circuit.failures + 1
            is_opened = count >= rule.failures
            circuit = Circuit(count, ended_at + open_seconds if is_opened else None)
        elif trigger.asked_at >= circuit.probe_at:
            open_seconds = min(2 * open_seconds, rule.longest_open_seconds)
            circuit = Circuit(circuit.failures + 1, ended_at + open_seconds)
    return _probed(circuit, own)


def _probed(circuit: Circuit, triggers: list[Trigger]) -> Circuit:
    probe_at = circuit.probe_at
    if probe_at is None:
        return circuit
    is_probing = any(t.state in _IN_FLIGHT and t.asked_at >= probe_at for t in triggers)
    return Circuit(circuit.failures, probe_at, is_probing)
