"""Points at which a test kills this very process; without its variable they cost a comparison."""

from __future__ import annotations

import os
import signal
from typing import Final

VARIABLE: Final = "VR_TEST_CRASH_AT"
"""Set by tests alone: a point of `POINTS`, and after a colon the how many-eth pass of it."""

POINTS: Final = (
    *(
        f"{step}.{side}"
        for step in ("T1", "T2", "T3", "T4", "T5", "T6", "T7")
        for side in ("before", "after")
    ),
    "POST.before",
    "POST.after",
    "ALERT.before",
    "ALERT.after",
    "checkpoint.before",
    "checkpoint.after",
    "migration.before",
    "migration.after",
)
"""Before and after commits of fault-matrix 6, POSTs, alerts sent, checkpoints, migrations."""


class _Fuse:
    """Burns down with each pass of its point."""

    def __init__(self, text: str) -> None:
        self.point, _, pass_number = text.partition(":")
        self._left = int(pass_number or 1)

    def burn(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


_fuses = [_Fuse(os.environ.get(VARIABLE, ""))]


def arm(text: str) -> None:
    """Kill at this point, as if the variable had held it: for children that were forked."""
    _fuses[0] = _Fuse(text)


def crash(point: str) -> None:
    """Die here by SIGKILL if a test asked for it."""
    if point == _fuses[0].point:
        _fuses[0].burn()
