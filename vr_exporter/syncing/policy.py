"""What the settings allow of triggers, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field

from vr_exporter.domain.rpo import Grace
from vr_exporter.domain.triggers import Origin
from vr_exporter.syncing.circuit import CircuitRule
from vr_exporter.syncing.guards import Mode, StormRule, stricter
from vr_exporter.syncing.windows import Window


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of triggers; those that begin with `alert` hold for alerts beside the rest."""

    mode: Mode = Mode.ON
    cooldown_seconds: float = 600.0
    max_per_hour: int = 60
    circuit: CircuitRule = field(default_factory=CircuitRule)
    maintenance: tuple[Window, ...] = ()
    grace: Grace = field(default_factory=Grace)
    alert_mode: Mode = Mode.DRY_RUN
    alert_cooldown_seconds: float = 1800.0
    alert_max_age_seconds: float = 900.0
    alert_storm: StormRule = field(default_factory=StormRule)

    def mode_of(self, origin: Origin) -> Mode:
        """The mode that holds for a wish of this origin: for alerts the stricter of two."""
        return stricter(self.mode, self.alert_mode) if origin is Origin.ALERT else self.mode
