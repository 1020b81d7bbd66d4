"""What goes wrong, in the words that an appliance might find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error as people read it: a short and a long text."""

    message: str
    details: str


REMOTE_DOWN = Trouble(
    "The remote site does not answer",
    "Connection to the remote vSphere Replication Management Server timed out after 30 seconds.",
)

SYNC_TROUBLES = (
    Trouble(
        "No connection to the replication server",
        "The host lost its connection to the replication server on port 31031: timed out.",
    ),
    Trouble(
        "Not enough space on the target datastore",
        "Datastore 'dr-vol-03' is full: writing the redo log failed with ENOSPC.",
    ),
    Trouble(
        "Quiescing the guest failed",
        "The guest operating system did not quiesce its file systems within 900 seconds.",
    ),
    Trouble(
        "A disk file is locked",
        "vim.fault.FileLocked: conflicts with a running backup, another process holds the file.",
    ),
    Trouble(
        "Internal error of the replication server",
        "Unexpected exception while the instance was committed; see the server's log.",
    ),
)
"""Reasons why a sync breaks off by chance."""

LASTING_TROUBLE = Trouble(
    "The target datastore cannot be reached",
    "Storage of the replica is in state 'all paths down'; the sync will be tried again.",
)
"""Reason of the replications that fail again and again."""

TASK_TROUBLES = (
    Trouble("vCenter Server fault", "vim.fault.TaskInProgress: another vCenter task is running."),
    Trouble("Cannot complete login", "The session is not authenticated: invalid credentials."),
    Trouble("Object not found", "The virtual machine was deleted or has not been found."),
    Trouble("Operation conflicts with another one", "The replication is busy: already in use."),
    Trouble("Connection refused", "The remote host refused the connection on port 8043."),
    Trouble("Storage fault", "Cannot open the disk: datastore is not accessible."),
    Trouble("Internal error", "Unexpected exception in the management server."),
)
"""Reasons why a task other than a sync fails by chance."""

CONFIGURE_TROUBLES = (
    Trouble("Already replicated", "The virtual machine is already in use by another replication."),
    Trouble("Not enough space", "Datastore 'dr-vol-01' is too small for the replica disks."),
    Trouble("Permission denied", "No permission: Host.Hbr.HbrManagement is missing on the host."),
    Trouble("Operation timed out", "The remote site did not answer within 120 seconds."),
)
"""Reasons why a VM cannot be protected."""

ALREADY_SYNCING = Trouble(
    "A sync is already running",
    "The replication is being synchronized; a second sync conflicts with the running one.",
)

NOT_POWERED_ON = Trouble(
    "The source virtual machine is not active",
    "There is no connection to the host of the source virtual machine.",
)

REMOVED_MEANWHILE = Trouble(
    "Object not found", "The replication was removed before the operation was done."
)

CONFIGURATION_TROUBLE = Trouble(
    "The replication is not configured on all disks",
    "Disk 'Hard disk 3' has no replica: no datastore matches the storage policy.",
)

RECOVERY_TROUBLE = "Powering on the recovered virtual machine failed: not enough resources."


def wrong_state(status: str) -> Trouble:
    """Why an action is not possible in this state."""
    return Trouble(
        "Not possible in the present state",
        f"The replication is in state {status}, which does not allow the operation.",
    )
