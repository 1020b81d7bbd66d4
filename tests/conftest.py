"""Fixtures for tests of every folder."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import chance, tools
from vr_exporter import logs

chance.settle()
signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell ignores Ctrl-C for what it runs in the background, and programs begun here inherit it."""


@pytest.fixture(autouse=True)
def _learns_no_secret_for_others() -> Iterator[None]:
    """What a test teaches the log to hide is shown again to the tests after it."""
    forms, pattern = set(logs.redactor._forms), logs.redactor._pattern
    yield
    logs.redactor._forms, logs.redactor._pattern = forms, pattern


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """`tool("promtool")` is where that program stands; one that cannot be had fails the test."""
    return tools.tool
