"""The recent triggers as a decision needs them, read once for many wishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vr_exporter.domain.names import ReplicationId, SiteName
from vr_exporter.domain.triggers import Trigger
from vr_exporter.syncing import history
from vr_exporter.syncing.circuit import Circuit


class Recent:
    """What triggers up to now say; good until another one is taken in.

    `taken` are wishes that are only thought of: they cost budget, and hold their targets.
    """

    def __init__(
        self,
        triggers: Sequence[Trigger],
        circuit: Callable[[SiteName], Circuit],
        *,
        now: float,
        taken: Sequence[ReplicationId] = (),
    ) -> None:
        self._triggers, self._now = triggers, now
        self._circuit = circuit
        self._circuits: dict[SiteName, Circuit] = {}
        self._free_at: dict[int, float | None] = {}
        self._held = {t.target.replication_id for t in triggers if t.state.holds_target} | {*taken}
        self.budget_used = history.budget_used(triggers, now) + len(taken)

    def circuit(self, site: SiteName) -> Circuit:
        """How the circuit of a site stands."""
        if site not in self._circuits:
            self._circuits[site] = self._circuit(site)
        return self._circuits[site]

    def budget_free_at(self, limit: int) -> float | None:
        """Say when one more will fit into a spent budget; None where no time is known."""
        if self.budget_used < limit:
            return None
        if limit not in self._free_at:
            self._free_at[limit] = history.budget_free_at(self._triggers, limit, self._now)
        return self._free_at[limit]

    def is_held(self, replication: ReplicationId) -> bool:
        """Whether a trigger of this replication is under way, so that another would follow it."""
        return replication in self._held
