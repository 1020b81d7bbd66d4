"""The folder that holds our state: ours alone, and held by one process at a time (B3, B18, C28)."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

OWN_NAME = "vr-exporter"
_PRIVATE = 0o700
_CHILD_SECONDS = 30
_TRIES = 10_000
"""So often the lock is tried while others but look at it: each lets go of it at once."""

_FULL: Mapping[int | None, str] = {
    errno.ENOSPC: "make room on the disk, or set state in the settings",
    errno.EDQUOT: "make room in this user's disk quota, or set state in the settings",
}


class StateUnusable(Exception):  # noqa: N818 - the name says it as people would
    """The state cannot be kept where the settings say; one line with the remedy (exit 3)."""


def remedy_of(error: OSError, *, otherwise: str) -> str:
    """What to do about an error of the file system: room where it is full, else the rest."""
    return _FULL.get(error.errno, otherwise)


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
        try:
            self._check_exclusion()
        except StateUnusable:
            os.close(lock)
            raise
        try:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(lock)
            raise _unusable(self.lock, error) from error
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

    def _check_exclusion(self) -> None:
        """See that our lock keeps others out: on some network file systems it does not (B21).

        Over NFS it may keep out other processes alone (flock(2)), so that one is asked too.
        """
        if self._can_lock_again() and _another_can_lock(self.lock):
            raise StateUnusable(
                f"{self.path}: its file system lets two processes lock one file "
                f"(give a folder on a local disk)"
            )

    def _can_lock_again(self) -> bool:
        again = self._open_lock()
        try:
            return _has_taken(again, fcntl.LOCK_EX)
        finally:
            os.close(again)

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


def _another_can_lock(path: Path) -> bool:
    code = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    command = [sys.executable, "-I", "-c", code, str(path)]
    done = subprocess.run(  # noqa: S603 - ourselves
        command, check=False, stderr=subprocess.DEVNULL, timeout=_CHILD_SECONDS
    )
    return done.returncode == 0


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
    remedy = remedy_of(error, otherwise="make it writable, or set state in the settings")
    return StateUnusable(f"{path}: {why} ({remedy})")
