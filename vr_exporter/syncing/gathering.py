"""The facts that guards judge by, put together from ledger, snapshot and policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vr_exporter.domain.inventory import Replication
from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.snapshot import PairingSnapshot, Snapshot
from vr_exporter.domain.triggers import Origin, Target, Trigger
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.circuit import Circuit, circuit_of
from vr_exporter.syncing.guards import EpisodeFacts, Facts, FreshFacts
from vr_exporter.syncing.policy import Policy
from vr_exporter.syncing.recent import Recent
from vr_exporter.syncing.states import is_remote_down
from vr_exporter.syncing.windows import window_over


class Gathering:
    """Reads, and decides nothing."""

    def __init__(self, ledger: Ledger, *, snapshot: Callable[[], Snapshot], policy: Policy) -> None:
        self._ledger = ledger
        self._snapshot = snapshot
        self._policy = policy
        self._index = _Index(Snapshot(), {})

    def recent(self, now: float, *, taken: Sequence[ReplicationId] = ()) -> Recent:
        """Read what recent triggers say; it serves until another one is taken in."""
        return Recent(self._ledger.triggers(), self.circuit, now=now, taken=taken)

    def circuit(self, site: SiteName) -> Circuit:
        """How the circuit of a site stands."""
        return circuit_of(self._ledger.since_success(site), self._policy.circuit)

    def facts(
        self, trigger: Trigger, recent: Recent, *, now: float, alert: EpisodeFacts | None = None
    ) -> Facts:
        """Gather what guards 1 to 13 ask for."""
        target, policy = trigger.target, self._policy
        return Facts(
            now=now,
            has_kill_switch=self._ledger.kill_switch,
            mode=policy.mode_of(trigger.origin),
            window=window_over(policy.maintenance, target.site, now=now),
            circuit=recent.circuit(target.site),
            budget_used=recent.budget_used,
            budget_limit=policy.max_per_hour,
            budget_free_at=recent.budget_free_at(policy.max_per_hour),
            cooldown_seconds=self._cooldown_seconds(trigger),
            last_claimed_at=self._ledger.last_claim(target.replication_id),
            is_target_held=recent.is_held(target.replication_id),
            alert=alert,
        )

    def as_polled(self, trigger: Trigger, now: float) -> FreshFacts:
        """Gather what guards 14 to 17 ask for, the replication as the last poll read it."""
        paired, replication = self._shown(trigger.target) or (None, None)
        return FreshFacts(
            now=now,
            mode=self._policy.mode_of(trigger.origin),
            read_at=now,
            replication=replication,
            is_remote_down=paired is not None and is_remote_down(paired.pairing),
            grace=self._policy.grace,
        )

    def larger_cause(self, target: Target) -> str:
        """Say what is down of the pairing of a target, empty for nothing that is known."""
        paired, _ = self._shown(target) or (None, None)
        if paired is None:
            return ""
        if is_remote_down(paired.pairing):
            return f"{target.site} does not reach the remote site of {paired.pairing.name}"
        return "" if paired.up else f"the pairing {paired.pairing.name} cannot be read"

    def _cooldown_seconds(self, trigger: Trigger) -> float:
        """For an alert no shorter than the replication's RPO."""
        policy = self._policy
        if trigger.origin is not Origin.ALERT:
            return policy.cooldown_seconds
        _, replication = self._shown(trigger.target) or (None, None)
        rpo_seconds = replication.rpo_seconds if replication else None
        return max(policy.cooldown_seconds, policy.alert_cooldown_seconds, rpo_seconds or 0)

    def _shown(self, target: Target) -> _Row | None:
        snapshot = self._snapshot()
        index = self._index
        if index.snapshot is not snapshot:
            self._index = index = _index(snapshot)
        return index.rows.get((target.site, target.replication_id))


_Row = tuple[PairingSnapshot, Replication]


@dataclass(frozen=True, slots=True)
class _Index:
    """Every replication of a snapshot; replaced whole, so that threads may share it."""

    snapshot: Snapshot
    rows: Mapping[tuple[SiteName, ReplicationId], _Row]


def _index(snapshot: Snapshot) -> _Index:
    rows: dict[tuple[SiteName, ReplicationId], _Row] = {}
    for name, site in snapshot.sites.items():
        for paired in site.pairings:
            for watched in paired.replications:
                row = (paired, watched.replication)
                rows.setdefault((name, watched.replication.id), row)
    return _Index(snapshot, rows)
