"""A refused password is not tried again for a while, by any of our processes (A22).

vCenter locks an account after five failures in 180 s: one wrong password must not do that.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vr_exporter.domain.credentials import Credentials

log = logging.getLogger(__name__)

WAIT_SECONDS = 300.0
"""At most one login in so many seconds while the secret is unchanged."""

_FILE = "logins.json"
_LOCK = "logins.lock"
_MOST_BYTES = 1_000_000
_SALT_BYTES = 16
_Rows = dict[str, dict[str, Any]]


class Lockout:
    """Remembers which secrets were refused, in a file of the state folder if there is one.

    The file holds no name and no password: rows are keyed by a hash of URL and user name, and
    keep a salted slow hash of what was refused, and when.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._memory: _Rows = {}

    def left_seconds(self, account: str, credentials: Credentials, *, now: float) -> float:
        """Return how long this very secret has to wait; 0 when it may be tried.

        `account` names what is logged in to; `now` is in seconds since 1970. A refusal from the
        future is that of a clock that was set back since, and binds nobody.
        """
        row = self._read().get(_key(account, credentials))
        if row is None or not _is_same(row, credentials):
            return 0.0
        elapsed = now - float(row["refused_at"])
        return WAIT_SECONDS - max(elapsed, 0.0) if abs(elapsed) < WAIT_SECONDS else 0.0

    def refused(self, account: str, credentials: Credentials, *, now: float) -> None:
        """Note that a secret was refused just now."""
        salt = os.urandom(_SALT_BYTES)
        row = {"salt": salt.hex(), "hash": _slow_hash(credentials, salt), "refused_at": now}
        self._change(_key(account, credentials), row, now)

    def accepted(self, account: str, credentials: Credentials, *, now: float) -> None:
        """Note that a secret was accepted: nothing has to wait any more."""
        if _key(account, credentials) in self._read():
            self._change(_key(account, credentials), None, now)

    def _change(self, key: str, row: dict[str, Any] | None, now: float) -> None:
        with self._locked():
            rows = {
                other: kept
                for other, kept in self._read().items()
                if other != key and abs(now - float(kept["refused_at"])) < WAIT_SECONDS
            }
            self._write(rows if row is None else {**rows, key: row})

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes out while a row changes; without a folder there are none."""
        if self._folder is None:
            yield
            return
        try:
            lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError:
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _read(self) -> _Rows:
        if self._folder is None:
            return self._memory
        try:
            file = os.open(self._folder / _FILE, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError:
            return self._memory
        with os.fdopen(file, "rb") as stream:
            return {**self._memory, **_rows_of(stream.read(_MOST_BYTES))}

    def _write(self, rows: _Rows) -> None:
        """Replace the file whole; where that fails, this process alone remembers."""
        self._memory = rows
        if self._folder is None:
            return
        try:
            file, name = tempfile.mkstemp(dir=self._folder, prefix=f".{_FILE}.")
            try:
                with os.fdopen(file, "w", encoding="utf-8") as stream:
                    json.dump(rows, stream)
                Path(name).replace(self._folder / _FILE)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            self._memory = {}
        except OSError as error:
            log.warning(
                "refused logins cannot be shared between processes",
                extra={"folder": str(self._folder), "error": error.strerror},
            )


def _key(account: str, credentials: Credentials) -> str:
    return hashlib.sha256(f"{account}\n{credentials.username}".encode()).hexdigest()


def _slow_hash(credentials: Credentials, salt: bytes) -> str:
    password = credentials.password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1).hex()


def _is_same(row: dict[str, Any], credentials: Credentials) -> bool:
    return hmac.compare_digest(row["hash"], _slow_hash(credentials, bytes.fromhex(row["salt"])))


def _rows_of(body: bytes) -> _Rows:
    """Read the rows that are whole; a damaged file counts as empty."""
    with suppress(ValueError, RecursionError):
        rows = json.loads(body)
        if isinstance(rows, dict):
            return {key: row for key, row in rows.items() if _is_whole(row)}
    return {}


def _is_whole(row: Any) -> bool:
    if not isinstance(row, dict):
        return False
    with suppress(ValueError, TypeError, KeyError, OverflowError):
        return isinstance(float(row["refused_at"]), float) and bool(
            bytes.fromhex(row["salt"]) and bytes.fromhex(row["hash"])
        )
    return False
