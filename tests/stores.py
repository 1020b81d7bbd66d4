"""A store in memory, for what stands in one table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from vr_exporter.ledger.schema import MIGRATIONS


@contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    """An empty store of the newest schema."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for statements in MIGRATIONS:
            for statement in statements:
                connection.execute(statement)
        yield connection
