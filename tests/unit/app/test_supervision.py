"""Loops that died are started again, but not for ever."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from vr_exporter.app.supervision import (
    RESTART_WINDOW_SECONDS,
    RESTARTS_ALLOWED,
    Supervision,
    TooManyCrashesError,
)


@dataclass
class Loop:
    """Dies when told to."""

    name: str = "madrid"
    has_died: bool = False
    restarts: int = 0

    def restart(self) -> None:
        """Live again."""
        self.has_died = False
        self.restarts += 1


def dies(loop: Loop, supervision: Supervision, *, times: int) -> None:
    """Let a bug strike so often."""
    for _ in range(times):
        loop.has_died = True
        supervision.revive([loop])


def test_only_what_died_is_started_again() -> None:
    """The others keep their threads."""
    dead, living = Loop(has_died=True), Loop()
    Supervision(lambda: 0.0).revive([dead, living])
    assert (dead.restarts, living.restarts) == (1, 0)


def test_R6_a_loop_that_dies_again_and_again_ends_the_program() -> None:
    """One that dies so often is no accident; who it was is said."""
    loop, supervision = Loop(), Supervision(lambda: 0.0)
    dies(loop, supervision, times=RESTARTS_ALLOWED)
    with pytest.raises(TooManyCrashesError, match="madrid"):
        dies(loop, supervision, times=1)
    assert loop.restarts == RESTARTS_ALLOWED


def test_R6_deaths_of_long_ago_are_forgotten() -> None:
    """Only those within the window count together."""
    now = [0.0]
    loop, supervision = Loop(), Supervision(lambda: now[0])
    for _ in range(3):
        dies(loop, supervision, times=RESTARTS_ALLOWED)
        now[0] += RESTART_WINDOW_SECONDS + 1
    assert loop.restarts == 3 * RESTARTS_ALLOWED
