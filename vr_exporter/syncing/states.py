"""What a replication's state means for a sync that is asked for."""

from __future__ import annotations

from vr_exporter.domain.inventory import Pairing, Replication

PAUSED = "PAUSED"

_IDLE = frozenset({"OK", "RPO_VIOLATION"})
_SYNCING = frozenset({"SYNC", "FULL_SYNC", "FULL_SYNC_RPO_VIOLATION"})
_EITHER = "SYNC_RPO_VIOLATION"

_WORDS = {
    "MOVING": "is moving to another replication server",
    "RECOVERING": "is being recovered",
    "RECOVERED": "has been recovered",
    "INITIAL_FULL_SYNC": "is in its first full sync",
    "CONFIGURING": "is being configured",
    "DISK_RESIZING": "has a disk resized",
    "NOT_ACTIVE": "is not active",
    "NOT_ACTIVE_RPO_VIOLATION": "is not active",
    "ERROR": "has an error",
    "ERROR_RPO_VIOLATION": "has an error",
}


def is_syncing(replication: Replication) -> bool:
    """Whether a sync runs that a wish can join: by its state, in doubt by its progress.

    A first full sync is none: a replication in it is not eligible at all.
    """
    status = replication.status
    return status in _SYNCING or (status == _EITHER and replication.progress is not None)


def is_eligible(replication: Replication) -> bool:
    """Whether a sync may be asked for, or a running one joined."""
    status = replication.status
    return status in _IDLE or status in _SYNCING or status == _EITHER


def state_in_words(replication: Replication) -> str:
    """Say how a replication that is not eligible stands: `is being recovered`."""
    status = replication.status
    if status in (None, "UNKNOWN"):
        return "is in a state that the appliance cannot tell"
    return _WORDS.get(status, f"is in the state {status}")


def is_remote_down(pairing: Pairing) -> bool:
    """Whether the appliance says that it does not reach the far vCenter; unknown is no."""
    return pairing.remote_vc is not None and pairing.remote_vc.connected is False
