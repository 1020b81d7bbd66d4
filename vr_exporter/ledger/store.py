"""The SQLite file: one connection for life, one transaction at a time, and its failures."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from vr_exporter.ledger.crash import crash
from vr_exporter.ledger.folder import StateUnusable, remedy_of
from vr_exporter.ledger.schema import MIGRATIONS, Migrations, meta, migrate, recognised

log = logging.getLogger(__name__)

LONGEST_LOG_BYTES: Final = 4 * 1024 * 1024
"""A write-ahead log longer than this is written back into the database."""

_PRAGMAS: Final = (
    "locking_mode = EXCLUSIVE",  # before the first look: then no shared memory file is made
    "mmap_size = 0",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "wal_autocheckpoint = 0",
    "temp_store = MEMORY",
    "trusted_schema = OFF",
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class StoreFailed(Exception):  # noqa: N818 - the name says it as people would
    """A commit did not work: whether it is on disk is unknown until the store is read back."""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """How the store fares. `failures` are by op: commit, checkpoint, prune, corrupt."""

    is_up: bool
    size_bytes: int
    writes: int
    failures: Mapping[str, int]


Found = TypeVar("Found")

Connect = Callable[[str], sqlite3.Connection]
"""Makes a connection from a URI, in autocommit and for all threads."""


def connect(uri: str) -> sqlite3.Connection:
    """Open a file that is there."""
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=0.0
    )


_GONE: Final = "the file that was open is gone from its folder"


class Store:
    """One file, held exclusively; its user sees to it that one thread at a time is inside.

    Raises StateUnusable when the file cannot be used; it is never mended and never removed.
    """

    def __init__(
        self,
        path: Path,
        *,
        connect: Connect = connect,
        migrations: Migrations = MIGRATIONS,
    ) -> None:
        self.path = path
        self.is_up = True
        self._connect = connect
        self._writes = 0
        self._failures = Counter(commit=0, checkpoint=0, prune=0, corrupt=0)
        self._is_damaged = self._is_closed = False
        with explained(path):
            _make_private(path)
            self._place = _place_of(path)
            connection = self._connect(self._uri)
            try:
                _check(connection, path)
                recognised(connection, path, migrations)
                _set_up(connection)
                migrate(connection, path, migrations)
                self.meta = meta(connection)
            except BaseException:
                connection.close()
                raise
        self._connection: sqlite3.Connection | None = connection

    @property
    def facts(self) -> StoreFacts:
        """Numbers for the page; asks the file system for sizes."""
        size = 0
        for path in (self.path, self._log):
            with suppress(OSError):
                size += path.stat().st_size
        return StoreFacts(self.is_up, size, self._writes, dict(self._failures))

    def read(self, look: Callable[[sqlite3.Connection], Found]) -> Found:
        """Look something up; raises StoreFailed."""
        try:
            return look(self._opened())
        except sqlite3.Error as error:
            self._fail("commit", error)
            raise StoreFailed(f"{self.path}: {error}") from error

    @contextmanager
    def transaction(self, step: str, *, op: str = "commit") -> Iterator[sqlite3.Connection]:
        """One transaction, durable once the block is left; raises StoreFailed (fault-matrix F1).

        After a failure the file is open anew, if that worked, and shows what truly is on disk.
        """
        connection = self._opened()
        try:
            self._check_place()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            crash(f"{step}.before")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._fail(op, error)
            raise StoreFailed(f"{self.path}: {error}") from error
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise
        crash(f"{step}.after")
        self._writes += 1
        if not self.is_up:
            self.is_up = True
            log.warning("store works again", extra={"path": self.path})
        self._checkpoint()

    def open_again(self) -> None:
        """Open the file anew after a failure; raises StoreFailed, always so for a damaged one."""
        if self._connection is not None:
            return
        if self._is_closed:
            raise StoreFailed(f"{self.path}: closed")
        if self._is_damaged:
            raise StoreFailed(f"{self.path}: damaged, closed until the next start")
        if _place_of(self.path) != self._place:  # opened, another file would get our log
            raise StoreFailed(f"{self.path}: {_GONE}")
        connection = None
        try:
            connection = self._connect(self._uri)
            _set_up(connection)
            is_same = meta(connection).get("instance") == self.meta["instance"]
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            self._note(error)
            raise StoreFailed(f"{self.path}: {error}") from error
        if not is_same:
            connection.close()
            raise StoreFailed(f"{self.path}: is not the file that was open before")
        self._connection = connection

    def close(self) -> None:
        """Write the log back and let go of the file, for good: it may be another's now."""
        self._is_closed = True
        self._let_go()

    def _check_place(self) -> None:
        """See that file and log still have their names: what is written to removed ones is lost."""
        if _place_of(self.path) != self._place:
            raise sqlite3.OperationalError(_GONE)
        if _place_of(self._log) is None:
            raise sqlite3.OperationalError(f"{self._log.name} is gone from its folder")

    def _let_go(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreFailed(f"{self.path}: not open since a write failed")
        return self._connection

    @property
    def _uri(self) -> str:
        return f"file:{quote(str(self.path))}?mode=rw"

    @property
    def _log(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")

    def _fail(self, op: str, error: sqlite3.Error) -> None:
        if self.is_up:
            log.error("store cannot be written", extra={"path": self.path, "error": str(error)})
        self.is_up = False
        self._failures[op] += 1
        self._note(error)
        self._let_go()
        with suppress(StoreFailed):
            self.open_again()

    def _note(self, error: sqlite3.Error) -> None:
        if _primary_code(error) in _DAMAGED and not self._is_damaged:
            self._is_damaged = True
            self._failures["corrupt"] += 1
            log.critical("store is damaged", extra={"path": self.path, "error": str(error)})

    def _checkpoint(self) -> None:
        """Write a long log back, on this connection; one that fails is tried after each commit."""
        try:
            if self._log.stat().st_size < LONGEST_LOG_BYTES:
                return
        except OSError:
            return
        crash("checkpoint.before")
        try:
            self._opened().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            self._failures["checkpoint"] += 1
            self._note(error)
        crash("checkpoint.after")


def _make_private(path: Path) -> None:
    """Make the file for us alone, and follow no link (C28)."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _place_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another under its name; None where the name leads to none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Look at every page before the first change; exclusively, so that no memory is mapped."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StateUnusable(damaged(path, str(found)))


_NO_TEXT: Final = "Could not decode to UTF-8"
"""So begins what the module says of a text that is none; SQLite has no code for it."""

DAMAGE: Final = (ValueError, LookupError, TypeError, ArithmeticError)
"""What comes of rows that SQLite hands out and that nobody wrote: damage its check does not see."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong at the start into one line that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = _primary_code(error)
        if code in _DAMAGED or str(error).startswith(_NO_TEXT):
            raise StateUnusable(damaged(path, str(error))) from error
        raise StateUnusable(f"{path}: {error} ({_REMEDIES.get(code, _REMEDY)})") from error
    except DAMAGE as error:
        raise StateUnusable(damaged(path, str(error))) from error
    except OSError as error:
        why = (error.strerror or "unusable").lower()
        remedy = remedy_of(error, otherwise=_REMEDY)
        raise StateUnusable(f"{path}: {why} (errno {error.errno}; {remedy})") from error


def damaged(path: Path, finding: str) -> str:
    """Say what a damaged file needs of people."""
    aside = path.with_name("set-aside")
    return (
        f"{path}: damaged or no store of ours, {' '.join(finding.split())} "
        f"(set it aside: mkdir {aside} && mv {path}* {aside}/)"
    )


_REMEDY: Final = "make it readable and writable, or set state in the settings"
_REMEDIES: Final = {
    sqlite3.SQLITE_BUSY: "another program has it open: stop that one",
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_IOERR: "see whether the disk is sound and has quota left",  # it tells no more
}


def _primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's code without the detail in its upper bits; 0 for an error of the module."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
