"""The folder that holds our state: ours alone, and held by one process at a time (B3, B18, C28)."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

OWN_NAME = "vr-exporter"
_PRIVATE = 0o700
_TRIES = 10_000
"""So often the lock is tried while others but look at it: each lets go of it at once."""


class StateUnusable(Exception):  # noqa: N818 - the name says it as people would
    """The state cannot be kept where the settings say; one line with the remedy (exit 3)."""


class StateFolder:
    """A folder of our own, mode 0700, inside the configured one.

    Opening it sets the umask of the process to 077, before the first file of ours is made.
    Raises `StateUnusable`.
    """

    def __init__(self, configured: Path) -> None:
        os.umask(0o077)
        self.path = configured / OWN_NAME
        self._held: int | None = None
        try:
            configured.mkdir(parents=True, exist_ok=True)
            self._make_ours()
        except OSError as error:
            raise _unusable(self.path, error) from error

    @property
    def lock(self) -> Path:
        """Locked by the process that holds the folder; its pid stands in it."""
        return self.path / "lock"

    @property
    def socket(self) -> Path:
        """Where the holder answers commands."""
        return self.path / "socket"

    def hold(self) -> None:
        """Lock the folder for the life of this process, or say who holds it."""
        if self._held is not None:
            return
        lock = self._open_lock()
        if not _has_locked(lock):
            holder = _pid_in(lock)
            os.close(lock)
            raise StateUnusable(
                f"{self.path}: held by process {holder} (stop it, or give another state folder)"
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._held = lock

    def release(self) -> None:
        """Let go of the folder."""
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def holder(self) -> int | None:
        """The pid of the process that holds the folder, None when it is free."""
        if self._held is not None:
            return os.getpid()
        lock = self._open_lock()
        try:
            return None if _has_taken(lock, fcntl.LOCK_SH) else _pid_in(lock)
        finally:
            os.close(lock)

    def _make_ours(self) -> None:
        try:
            self.path.mkdir(mode=_PRIVATE)
        except FileExistsError:
            self._check_ours()

    def _check_ours(self) -> None:
        found = self.path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise StateUnusable(f"{self.path}: no folder (move it away, or give another folder)")
        if found.st_uid != os.geteuid():
            raise StateUnusable(
                f"{self.path}: belongs to user {found.st_uid}, not to {os.geteuid()} "
                f"(run as that user, or give another folder)"
            )
        if stat.S_IMODE(found.st_mode) != _PRIVATE:
            self.path.chmod(_PRIVATE)

    def _open_lock(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            lock = os.open(self.lock, flags, 0o600)
        except OSError as error:
            raise _unusable(self.lock, error) from error
        if os.fstat(lock).st_uid != os.geteuid():
            os.close(lock)
            raise StateUnusable(f"{self.lock}: belongs to another user (remove it)")
        return lock


def _has_locked(lock: int) -> bool:
    """Lock it for us alone, past those who only look whether it is held: they share it."""
    for _ in range(_TRIES):
        if _has_taken(lock, fcntl.LOCK_EX):
            return True
        if not _has_taken(lock, fcntl.LOCK_SH):
            return False
        os.sched_yield()
    return False


def _has_taken(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid_in(lock: int) -> int:
    text = os.pread(lock, 20, 0).strip()
    return int(text) if text.isdigit() else 0


def _unusable(path: Path, error: OSError) -> StateUnusable:
    why = "a link" if error.errno == errno.ELOOP else (error.strerror or "unusable").lower()
    return StateUnusable(f"{path}: {why} (make it writable, or set state in the settings)")
