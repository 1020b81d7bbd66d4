"""Points at which tests of crashes kill the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from vr_exporter.ledger import crash


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """What was killed, and how."""
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: found.append((pid, number)))
    yield found
    crash.arm("")


@pytest.mark.parametrize(("armed", "passes"), [("T1.before", 1), ("T1.before:3", 3)])
def test_a_point_kills_at_its_pass(kills: list[tuple[int, int]], armed: str, passes: int) -> None:
    """The first where no number is given; other points burn nothing."""
    crash.arm(armed)
    for _ in range(passes - 1):
        crash.crash("T1.before")
    crash.crash("T1.after")
    assert kills == []
    crash.crash("T1.before")
    assert kills == [(os.getpid(), signal.SIGKILL)]
