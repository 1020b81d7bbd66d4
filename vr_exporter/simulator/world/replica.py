"""One replication as the world knows it, in base units."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vr_exporter.simulator.world.link import Link
    from vr_exporter.simulator.world.places import Pairing, Server, Site
    from vr_exporter.simulator.world.sync import Sync
    from vr_exporter.simulator.world.texts import Trouble

SYNC_STATUS = {"delta": "SYNC", "full": "FULL_SYNC", "initial": "INITIAL_FULL_SYNC"}
VIOLATED_STATUS = {
    "OK": "RPO_VIOLATION",
    "SYNC": "SYNC_RPO_VIOLATION",
    "FULL_SYNC": "FULL_SYNC_RPO_VIOLATION",
    "NOT_ACTIVE": "NOT_ACTIVE_RPO_VIOLATION",
    "ERROR": "ERROR_RPO_VIOLATION",
}
"""States that have a form of their own while the RPO is violated; the flag stands beside all."""

SYNCING_PHASES = frozenset({"OK", "ERROR"})
"""Phases in which a sync may begin."""


@dataclass(slots=True)
class Options:
    """The switches of a replication."""

    quiescing: bool
    network_compression: bool
    encryption: bool
    auto_replicate_new_disks: bool
    vm_data_sets: bool
    enhanced: bool


@dataclass(frozen=True, slots=True)
class Image:
    """A point in time kept at the target."""

    number: int
    began_at: float
    seconds: int
    transferred_bytes: int


@dataclass(slots=True, eq=False)
class Replica:
    """A replication; `id` is the source site's, `target_id` what the target site calls it.

    `phase` is its state apart from a running sync and apart from the RPO. `last_sync_at` is the
    end of the last good sync, in whole milliseconds. `straggle` above 0: each sync takes that
    many RPOs. `failing`: every sync breaks. `plan` numbers the plans for the next sync, so that
    an older one is known as overtaken.
    """

    id: str
    target_id: str
    name: str
    vm_id: str
    pairing: Pairing
    source: Site
    target: Site
    link: Link
    server: Server
    rpo_seconds: int
    disk_bytes: int
    change_bytes_per_second: float
    options: Options
    mpit_instances: int = 0
    mpit_days: int = 0
    recovery_solution: str | None = None
    recovery_state: str | None = None
    recovery_error: str | None = None
    phase: str = "OK"
    configuration_error: Trouble | None = None
    group_error: Trouble | None = None
    error_since: float = 0.0
    last_sync_at: float | None = None
    last_sync_seconds: int = 0
    last_sync_bytes: int = 0
    changed_since: float = 0.0
    images: deque[Image] | None = None
    sync: Sync | None = None
    syncs_done: int = 0
    bytes_done: int = 0
    straggle: float = 0.0
    failing: bool = False
    needs_full: bool = False
    plan: int = 0

    @property
    def source_vc_id(self) -> str:
        """The source's vCenter Server: what `source_vc_guid` filters by."""
        return self.source.vc_id

    @property
    def deadline(self) -> float | None:
        """When the next image is due; None where none is expected."""
        if self.last_sync_at is None or self.phase == "RECOVERED":
            return None
        return self.last_sync_at + self.rpo_seconds

    def violation_seconds(self, now: float) -> float:
        """Time past the deadline, 0 if none."""
        deadline = self.deadline
        return 0.0 if deadline is None else max(0.0, now - deadline)

    def status(self, now: float) -> str:
        """The state by the vendor's names, with the RPO mixed in where a name for that exists."""
        state = self.phase
        if self.sync is not None and state in SYNCING_PHASES:
            state = SYNC_STATUS[self.sync.kind]
        return VIOLATED_STATUS.get(state, state) if self.violation_seconds(now) else state

    @property
    def can_sync(self) -> bool:
        """Whether a sync may begin now."""
        return self.sync is None and self.phase in SYNCING_PHASES and not self.configuration_error

    @property
    def configuration_state(self) -> str:
        """State of its configuration."""
        if self.configuration_error:
            return "ERROR"
        return "IN_PROGRESS" if self.phase == "CONFIGURING" else "OK"

    def settle(self) -> None:
        """Take the phase of a replication that is left alone."""
        self.phase = "ERROR" if self.group_error or self.configuration_error else "OK"

    def id_at(self, site: Site) -> str:
        """What a site calls it."""
        return self.id if site is self.source else self.target_id
