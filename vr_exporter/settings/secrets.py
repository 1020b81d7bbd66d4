"""Secrets read when they are used, so that a rotated file is taken up without a restart (B11)."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from vr_exporter.domain.credentials import Credentials
from vr_exporter.settings.faults import SettingsError
from vr_exporter.settings.section import Account

log = logging.getLogger(__name__)

_MOUNTS = Path("/proc/self/mountinfo")
_MEMORY = frozenset({"tmpfs", "ramfs"})


class SecretFile:
    """The secret in a file, read again when the file changes; the last good value is kept.

    `learned` is told each value; `failed` is called once for each state of the file in which no
    secret could be taken up.
    """

    def __init__(
        self, path: Path, *, learned: Callable[[str], None], failed: Callable[[], None]
    ) -> None:
        self._path = path
        self._learned = learned
        self._failed = failed
        self._seen: tuple[object, ...] = ()
        self._value = ""

    def __call__(self) -> str:
        """Give the secret as of now."""
        state = self._state()
        if state != self._seen:
            self._seen = state
            self._take()
        if not self._value:
            raise SettingsError(f"{self._path}: no secret could be read from it (see the log)")
        return self._value

    def _state(self) -> tuple[object, ...]:
        try:
            found = self._path.stat()
        except OSError as error:
            return ("away", error.errno)
        return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def _take(self) -> None:
        try:
            text = self._path.read_text(encoding="utf-8")
        except OSError as error:
            self._keep((error.strerror or "cannot be read").lower())
            return
        except UnicodeDecodeError:
            self._keep("not utf-8 text")
            return
        secret = text.removesuffix("\n").removesuffix("\r")
        if not secret.strip():
            self._keep("empty")
            return
        self._value = secret
        self._learned(secret)

    def _keep(self, why: str) -> None:
        log.warning("secret file not taken up", extra={"file": str(self._path), "reason": why})
        self._failed()


class Secrets:
    """Every secret of the settings, read at use.

    `learned` is told each value, so that logs can mask it; `failed` counts
    `vr_secret_reload_failures_total`. Warns once of a file that everybody on the machine can
    read, unless it lies in memory, as mounted secrets do.
    """

    def __init__(
        self,
        *,
        learned: Callable[[str], None],
        failed: Callable[[], None],
        is_in_memory: Callable[[os.stat_result], bool] | None = None,
    ) -> None:
        self._learned = learned
        self._failed = failed
        self._is_in_memory = is_in_memory or lies_in_memory
        self._files: dict[Path, SecretFile] = {}

    def credentials(self, account: Account) -> Credentials:
        """Read the credentials of an account as they are now."""
        password = self.read(account.password, account.password_file)
        return Credentials(username=account.username, password=password)

    def read(self, inline: SecretStr | None, file: Path | None) -> str:
        """Read a secret that stands in the settings or in a file; the settings have one of them."""
        if file is not None:
            return self._file(file)()
        value = inline.get_secret_value() if inline else ""
        self._learned(value)
        return value

    def _file(self, path: Path) -> SecretFile:
        known = self._files.get(path)
        if known is None:
            known = SecretFile(path, learned=self._learned, failed=self._failed)
            self._files[path] = known
            self._warn_if_open_to_all(path)
        return known

    def _warn_if_open_to_all(self, path: Path) -> None:
        try:
            found = path.stat()
        except OSError:
            return
        is_open = stat.S_ISREG(found.st_mode) and found.st_mode & stat.S_IROTH
        if is_open and not self._is_in_memory(found):
            log.warning(
                "secret file readable by every user of this machine",
                extra={"file": str(path), "remedy": "chmod 0600"},
            )


def lies_in_memory(found: os.stat_result) -> bool:
    """Whether a file lies on a file system without a disk, as mounted secrets do."""
    device = f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}"
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    kinds = (line.partition(" - ")[2].split(" ")[0] for line in mounts if device in line.split())
    return any(kind in _MEMORY for kind in kinds)
