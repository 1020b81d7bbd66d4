"""What lets a thread of ours rest, and wakes it."""

from __future__ import annotations

import threading


class Alarm:
    """What a site's thread waits on: its end, which lasts, or a call, which is heard once."""

    def __init__(self) -> None:
        self._end = threading.Event()
        self._call = threading.Event()

    @property
    def has_ended(self) -> bool:
        """Whether the end was asked for."""
        return self._end.is_set()

    def ring(self) -> None:
        """Wake whoever rests."""
        self._call.set()

    def end(self) -> None:
        """End every wait from now on."""
        self._end.set()
        self._call.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the end; True at the end."""
        return self._end.wait(seconds)

    def rest(self, seconds: float) -> bool:
        """Wait so long, or until the end or a call; True at the end."""
        self._call.wait(seconds)
        self._call.clear()
        return self._end.is_set()
