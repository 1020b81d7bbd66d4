"""Ports for programs that have to be told theirs before they listen, each given away once."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from itertools import chain
from pathlib import Path
from typing import Final

_LOWEST: Final = 20_000
_HIGHEST: Final = 32_000
"""Below those that Linux gives to whoever asks for any, connecting clients among them."""

_TURNS: Final = Path(tempfile.gettempdir(), f"vr-test-ports-{os.getuid()}")


def free_port() -> int:
    """A port of loopback on which nobody listens, and no other test of this machine will soon."""
    with _TURNS.open("a+", encoding="ascii") as turns:
        fcntl.flock(turns, fcntl.LOCK_EX)
        turns.seek(0)
        after = int(turns.read() or _LOWEST) + 1
        port = next(filter(_is_free, chain(range(after, _HIGHEST), range(_LOWEST, after))))
        turns.truncate(0)
        turns.write(str(port))
        return port


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
