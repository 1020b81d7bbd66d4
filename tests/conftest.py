"""Fixtures for tests of every folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import chance, tools

chance.settle()


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """`tool("promtool")` is where that program stands; one that cannot be had fails the test."""
    return tools.tool
