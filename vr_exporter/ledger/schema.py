"""The tables, and how a store of an older version becomes one of this."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from vr_exporter.ledger.crash import crash
from vr_exporter.ledger.folder import StateUnusable

APPLICATION_ID: Final = 0x76727870
"""In the file's header: tells our stores from the databases of others ("vrxp")."""

OPEN_STATES: Final = "('reserved','posting','running','joined','ambiguous','unresolved')"
"""What is read whole at each start: wishes that somebody still waits for, or has to look at."""

_FIRST: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE trigger (
        key TEXT PRIMARY KEY,
        replication TEXT NOT NULL, site TEXT NOT NULL, pairing TEXT NOT NULL,
        vm TEXT NOT NULL, vm_id TEXT NOT NULL,
        origin TEXT NOT NULL, state TEXT NOT NULL,
        asked_at REAL NOT NULL, not_after REAL NOT NULL, actor TEXT NOT NULL,
        has_joined INTEGER NOT NULL, reason TEXT NOT NULL, sentence TEXT NOT NULL,
        is_forced INTEGER NOT NULL, max_age_seconds REAL, body_digest TEXT NOT NULL,
        follows TEXT NOT NULL, claimed_at REAL, answered_at REAL, ended_at REAL,
        task_id TEXT, task_queued_at REAL, error_code TEXT NOT NULL,
        is_confirmed INTEGER, is_acknowledged INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE UNIQUE INDEX trigger_target ON trigger (replication)
        WHERE state IN ('reserved','posting','ambiguous','running')""",
    f"CREATE INDEX trigger_open ON trigger (state) WHERE state IN {OPEN_STATES}",
    "CREATE INDEX trigger_asked ON trigger (asked_at)",
    "CREATE INDEX trigger_claimed ON trigger (claimed_at) WHERE claimed_at IS NOT NULL",
    """CREATE TABLE task_seen (
        site TEXT NOT NULL, task TEXT NOT NULL, queued_at NOT NULL, ended_at REAL NOT NULL,
        PRIMARY KEY (site, task, queued_at)
    ) WITHOUT ROWID""",
    """CREATE TABLE watermark (site TEXT PRIMARY KEY, seconds REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE counter (
        site TEXT NOT NULL, family TEXT NOT NULL, labels TEXT NOT NULL, value NOT NULL,
        PRIMARY KEY (site, family, labels)
    ) WITHOUT ROWID""",
    """CREATE TABLE histogram (
        site TEXT NOT NULL, family TEXT NOT NULL, labels TEXT NOT NULL,
        counts TEXT NOT NULL, sum REAL NOT NULL, exemplars TEXT NOT NULL,
        PRIMARY KEY (site, family, labels)
    ) WITHOUT ROWID""",
    """CREATE TABLE replication (
        site TEXT NOT NULL, replication TEXT NOT NULL,
        breached_seconds NOT NULL, synced_bytes NOT NULL, last_sync_at,
        PRIMARY KEY (site, replication)
    ) WITHOUT ROWID""",
    """CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, what TEXT NOT NULL,
        key TEXT NOT NULL, site TEXT NOT NULL, replication TEXT NOT NULL, result TEXT NOT NULL
    )""",
    "CREATE INDEX audit_at ON audit (at)",
)

_SECOND: Final = (
    """CREATE TABLE sync_kind (
        site TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (site, kind)
    ) WITHOUT ROWID""",
)

_THIRD: Final = (
    """CREATE TABLE outbox (
        receiver TEXT NOT NULL, fingerprint TEXT NOT NULL, starts_at REAL NOT NULL,
        kin TEXT NOT NULL, payload TEXT NOT NULL, ends_at REAL, is_superseded INTEGER NOT NULL,
        firing_acked_at REAL, resolved_acked_at REAL,
        PRIMARY KEY (receiver, fingerprint, starts_at)
    ) WITHOUT ROWID""",
    """CREATE TABLE failed_syncs (
        site TEXT NOT NULL, replication TEXT NOT NULL, failures INTEGER NOT NULL,
        PRIMARY KEY (site, replication)
    ) WITHOUT ROWID""",
)

_FOURTH: Final = (
    """CREATE TABLE unhealed (
        replication TEXT PRIMARY KEY, triggers INTEGER NOT NULL
    ) WITHOUT ROWID""",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, _SECOND, _THIRD, _FOURTH)
"""Statements that lead from each schema to the next; an empty file has schema 0."""


Migrations = Sequence[Sequence[str]]


def recognised(connection: sqlite3.Connection, path: Path, migrations: Migrations) -> int:
    """Return the schema of a store, 0 for an empty file; only looks, and changes nothing.

    Raises StateUnusable for a database that is not ours, or of a version newer than this one.
    """
    version = _version(connection, path)
    if version > len(migrations):
        raise StateUnusable(
            f"{path}: has schema {version} of a newer version, this one knows {len(migrations)} "
            f"(start the newer version again, or give another state folder)"
        )
    return version


def migrate(connection: sqlite3.Connection, path: Path, migrations: Migrations) -> None:
    """Bring a store to the newest schema in one transaction, after a copy of what was there."""
    version = recognised(connection, path, migrations)
    if version == len(migrations):
        return
    if version:
        _copy(connection, path.with_name(f"{path.name}.schema-{version}"))
    connection.execute("BEGIN IMMEDIATE")
    for statements in migrations[version:]:
        for statement in statements:
            connection.execute(statement)
    if not version:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        put_meta(connection, "instance", secrets.token_hex(16))
    put_meta(connection, "schema", str(len(migrations)))
    crash("migration.before")
    connection.execute("COMMIT")
    crash("migration.after")


def meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what the store says of itself."""
    return dict(connection.execute("SELECT name, value FROM meta"))


def put_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Write one fact about the store."""
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def _version(connection: sqlite3.Connection, path: Path) -> int:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    is_ours = connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    if is_ours and tables:
        return int(meta(connection).get("schema", "0"))
    if tables or is_ours:
        raise StateUnusable(
            f"{path}: a database of another program (move it away, or give another state folder)"
        )
    return 0


def _copy(connection: sqlite3.Connection, copy: Path) -> None:
    """Write all there is beside the store; a copy that a crash left half done is begun anew."""
    copy.unlink(missing_ok=True)
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)
