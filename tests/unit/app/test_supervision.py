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


class Time:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Read it."""
        return self.now


def dies(loop: Loop, supervision: Supervision, *, times: int, time: Time) -> None:
    """Let a bug strike so often, each time after it was started again."""
    for _ in range(times):
        loop.has_died = True
        supervision.revive([loop])
        while loop.has_died:
            time.now += 1.0
            supervision.revive([loop])


def test_only_what_died_is_started_again() -> None:
    """The others keep their threads."""
    dead, living = Loop(has_died=True), Loop()
    Supervision(lambda: 0.0).revive([dead, living])
    assert (dead.restarts, living.restarts) == (1, 0)


def test_B16_R6_a_loop_that_dies_again_and_again_ends_the_program() -> None:
    """One that dies so often is no accident; who it was is said."""
    loop, time = Loop(), Time()
    supervision = Supervision(time)
    dies(loop, supervision, times=RESTARTS_ALLOWED, time=time)
    with pytest.raises(TooManyCrashesError, match="madrid"):
        dies(loop, supervision, times=1, time=time)
    assert loop.restarts == RESTARTS_ALLOWED


def test_B16_R6_deaths_of_long_ago_are_forgotten() -> None:
    """Only those within the window count together."""
    loop, time = Loop(), Time()
    supervision = Supervision(time)
    for _ in range(3):
        dies(loop, supervision, times=RESTARTS_ALLOWED, time=time)
        time.now += RESTART_WINDOW_SECONDS + 1
    assert loop.restarts == 3 * RESTARTS_ALLOWED


def test_B16_each_restart_waits_twice_as_long_as_the_one_before() -> None:
    """The first comes at once; a loop that dies at its start burns no core."""
    loop, time = Loop(), Time()
    supervision = Supervision(time)
    waits = []
    for _ in range(RESTARTS_ALLOWED):
        before = time.now
        dies(loop, supervision, times=1, time=time)
        waits.append(time.now - before)
    assert waits == [0, 2, 4, 8, 16]
