"""Where the exporter of this machine answers commands: the socket in its state folder."""

from __future__ import annotations

import socket
from pathlib import Path

from vr_exporter.ledger.folder import OWN_NAME

LONGEST_WAIT_SECONDS = 2.0
_SOCKET = "socket"


def socket_in(state_folder: Path) -> Path:
    """The socket of whoever holds the state; nothing is made or touched."""
    return state_folder / OWN_NAME / _SOCKET


def is_answered(path: Path) -> bool:
    """Whether someone listens there whom we may talk to."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(LONGEST_WAIT_SECONDS)
            probe.connect(str(path))
    except (OSError, ValueError):
        return False
    return True
