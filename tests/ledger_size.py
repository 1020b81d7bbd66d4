"""What a wish takes on the disk of the ledger: `python -m tests.ledger_size` prints the bytes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.builders import NOW
from tests.ledgers import lead_to
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger.sqlite import Ledger

WISHES: Final = 2000


def bytes_of_a_wish(path: Path, wishes: int) -> float:
    """The size of one that went well, with its rows of the audit, once the log is written back."""
    Ledger(path, now=NOW).close()
    empty = path.stat().st_size
    ledger = Ledger(path, now=NOW)
    for number in range(wishes):
        key, replication = f"{number:064x}", f"GID-{number:036d}"
        lead_to(ledger, TriggerState.SUCCEEDED, key=key, replication=replication)
    ledger.close()
    return (path.stat().st_size - empty) / wishes


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{bytes_of_a_wish(Path(folder) / 'state.db', WISHES):.0f}\n")
