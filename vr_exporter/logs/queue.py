"""Log lines between those who log and the one thread that writes: nobody waits for a line (B28)."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TextIO

LONGEST_QUEUE = 10_000


def ignore_count(count: int) -> None:
    """Count nothing: for commands that keep no metrics."""
    del count


class LogQueue(logging.Handler):
    """Keeps the youngest 10,000 lines until `drain` has written them.

    `drain` is the whole life of one thread, a daemon, since a blocked stderr never lets it go;
    `finish` ends it within a set time. Dropped lines, also those that could not be written, are
    told to `dropped`.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        longest: int = LONGEST_QUEUE,
        dropped: Callable[[int], None] = ignore_count,
    ) -> None:
        super().__init__()
        self.dropped = dropped
        self._stream = stream
        self._longest = longest
        self._lines: deque[str] = deque()
        self._changed = threading.Condition()
        self._finishing = False
        self._finished = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one line; when the queue is full the oldest goes."""
        line = self.format(record)
        with self._changed:
            is_full = len(self._lines) >= self._longest
            if is_full:
                self._lines.popleft()
            self._lines.append(line)
            self._changed.notify()
        if is_full:
            self.dropped(1)

    def drain(self) -> None:
        """Write lines until told to finish and none is left."""
        while lines := self._take():
            self._write(lines)
        self._finished.set()

    def finish(self, timeout_seconds: float = 1.0) -> bool:
        """Let the drain end; say whether every line was taken in time."""
        with self._changed:
            self._finishing = True
            self._changed.notify()
        return self._finished.wait(timeout_seconds)

    def _take(self) -> list[str]:
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._finishing)
            taken = list(self._lines)
            self._lines.clear()
        return taken

    def _write(self, lines: list[str]) -> None:
        try:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
        except (OSError, ValueError):
            self.dropped(len(lines))
