"""Fixtures for tests that start real processes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder for unix sockets, whose paths may not be longer than some hundred characters."""
    with tempfile.TemporaryDirectory(prefix="vr-") as folder:
        yield Path(folder)
