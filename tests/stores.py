"""A store in memory, for what stands in one table; and which files are open."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from vr_exporter.ledger.schema import MIGRATIONS


@contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    """An empty store of the newest schema."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for statements in MIGRATIONS:
            for statement in statements:
                connection.execute(statement)
        yield connection


def open_below(folder: Path) -> list[str]:
    """The files below this folder that the process holds open, each as often as it does."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(os.readlink(link))  # noqa: PTH115 - a file that was removed is no path
    return sorted(name for name in found if name.startswith(f"{folder}/"))
