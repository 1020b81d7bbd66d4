"""Time as it is handed down from the composition root: nothing below it asks the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The three faces of time; tests move them by hand.

    `now` is the wall clock in seconds since 1970: for what people see.
    `monotonic` is in seconds from an arbitrary start: for deadlines and pace.
    `wait` sleeps the given seconds and returns True at once when the program is to stop.
    """

    now: Callable[[], float]
    monotonic: Callable[[], float]
    wait: Callable[[float], bool]
