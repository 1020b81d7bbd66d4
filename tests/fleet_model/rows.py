"""What the page must hold for one replication: from the truth, as the vendor's documents say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.fleet_model.told import Truth

Sample = tuple[str, dict[str, str], float]

STATUSES: Final = (
    *("OK", "MOVING", "RECOVERING", "RECOVERED", "SYNC", "FULL_SYNC", "INITIAL_FULL_SYNC"),
    *("CONFIGURING", "DISK_RESIZING", "PAUSED", "NOT_ACTIVE", "RPO_VIOLATION"),
    *("SYNC_RPO_VIOLATION", "FULL_SYNC_RPO_VIOLATION", "NOT_ACTIVE_RPO_VIOLATION"),
    *("ERROR", "ERROR_RPO_VIOLATION", "UNKNOWN"),
)
"""The published states (vr-api.md 7.3)."""

VERDICTS: Final = ("met", "late", "breached", "excused", "unknown")
GRACE_SHARE, GRACE_SECONDS = 0.2, 300.0
_EXCUSED: Final = {"PAUSED", "INITIAL_FULL_SYNC", "CONFIGURING", "RECOVERING", "RECOVERED"}
_SWITCHES: Final = (
    *("quiescing", "network_compression", "encryption"),
    *("auto_replicate_new_disks", "vm_data_sets", "enhanced"),
)


@dataclass(slots=True)
class Row:
    """One replication as a site last told it; `is_partial`: the far side's part was withheld.

    What follows is what watching it has shown: since when its progress stands, what was counted.
    """

    truth: Truth
    direction: str
    is_partial: bool
    progress_changed: float = 0.0
    counted_bytes: int = 0

    @property
    def status(self) -> str:
        """The state; of one that comes in nothing is known without its far side."""
        is_withheld = self.is_partial and self.direction == "incoming"
        return "UNKNOWN" if is_withheld else str(self.truth["status"])

    @property
    def progress(self) -> dict[str, Any] | None:
        """The running sync, if one is told."""
        if self.is_partial and self.direction == "incoming":
            return None
        found: dict[str, Any] | None = self.truth["progress"]
        return found

    @property
    def verdict(self) -> str:
        """The first of the rules of metrics.md 1.1 that holds."""
        status, late = self.status, self.truth["rpo_violation_seconds"]
        is_flagged = self.truth["rpo_violated"] and status != "UNKNOWN"
        if status == "UNKNOWN":
            return "unknown"
        if status in _EXCUSED or status.startswith("NOT_ACTIVE"):
            return "excused"
        if not is_flagged and not late:
            return "met"
        grace = max(GRACE_SHARE * self.truth["rpo_seconds"], GRACE_SECONDS)
        return "breached" if late > grace else "late"

    @property
    def has_synced(self) -> bool:
        """Whether there was a sync ever."""
        return self.truth["last_sync_timestamp_seconds"] is not None

    def samples(self, r: dict[str, str], pairing_id: str) -> Iterator[Sample]:
        """Everything but the two counters; `r` holds the common labels."""
        truth, prefix = self.truth, "vr_replication_"
        yield prefix + "info", r | {"pairing_id": pairing_id} | self._names(), 1
        key = {name: r[name] for name in ("site", "replication")}
        yield prefix + "options_info", key | self._switches(), 1
        yield prefix + "status", r | {"status": self.status}, 1
        state = truth["configuration_state"]
        yield prefix + "configuration_state", r | {"state": state}, 1
        if truth["recovery_state"] is not None:
            yield prefix + "recovery_state", r | {"state": truth["recovery_state"]}, 1
        for kind in truth["errors"]:
            if kind != "group" or not self.is_partial or self.direction == "outgoing":
                yield prefix + "error", r | {"kind": kind}, 1
        for name, value in self._numbers():
            if value is not None:
                yield prefix + name, r, float(value)

    def _numbers(self) -> Iterator[tuple[str, float | None]]:
        truth = self.truth
        verdict = self.verdict
        is_known = self.status != "UNKNOWN"
        yield "rpo_seconds", truth["rpo_seconds"]
        yield "rpo_violated", truth["rpo_violated"] and is_known
        yield "rpo_violation_seconds", truth["rpo_violation_seconds"]
        yield "rpo_breached", None if verdict == "unknown" else verdict == "breached"
        for name in ("timestamp_seconds", "duration_seconds", "bytes"):
            yield f"last_sync_{name}", truth[f"last_sync_{name}"]
        yield "mpit_instances", truth["mpit_instances"]
        yield "mpit_retention_seconds", truth["mpit_retention_seconds"]
        if progress := self.progress:
            yield "sync_progress_ratio", progress["ratio"]
            yield "sync_transferred_bytes", progress["transferred_bytes"]
            yield "sync_transfer_size_bytes", progress["transfer_size_bytes"]
            yield "sync_checksum_compared_bytes", progress["checksum_compared_bytes"]
            yield "sync_checksum_size_bytes", progress["checksum_size_bytes"]
            yield "sync_progress_changed_timestamp_seconds", self.progress_changed

    def _names(self) -> dict[str, str]:
        truth, is_incoming = self.truth, self.direction == "incoming"
        withheld = {"vm_id", "source_site"} if is_incoming else {"replication_server"}
        withheld |= set() if is_incoming else {"target_site"}
        names = {
            name: truth[name] or ""
            for name in (
                *("vm_id", "source_site", "target_site"),
                *("replication_server", "recovery_solution"),
            )
        }
        if self.is_partial:
            names |= dict.fromkeys(withheld, "")
        return names | {"direction": self.direction, "replication_type": "VC_TO_VC"}

    def _switches(self) -> dict[str, str]:
        words = {name: str(self.truth["options"][name]).lower() for name in _SWITCHES}
        if self.is_partial and self.direction == "incoming":
            words |= {"quiescing": "", "network_compression": ""}
        return words | {"mpit": str(self.truth["mpit"]).lower()}
