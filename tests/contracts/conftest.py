"""Every contract of the ledger is held by each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.ledgers import SqliteEngine, an_engine

ENGINES: dict[str, Callable[[Path], AbstractContextManager[SqliteEngine]]] = {"sqlite": an_engine}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteEngine]:
    """One engine on an empty folder."""
    with ENGINES[request.param](tmp_path) as engine:
        yield engine
