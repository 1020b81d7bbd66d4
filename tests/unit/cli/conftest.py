"""Fixtures for tests of commands."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _same_umask() -> Iterator[None]:
    """Opening a state folder tightens the umask of the process: of this test alone."""
    before = os.umask(0o077)
    os.umask(before)
    yield
    os.umask(before)
