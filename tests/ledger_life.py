"""The whole life of one trigger, to be run where system calls fail; a POST is a line in a file.

At each POST the state files are copied: what a power cut at that moment would leave behind.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tests.builders import NOW
from tests.ledgers import MADRID, a_row, step
from tests.lines import Lines
from vr_exporter.domain.counts import Add, SiteChanges
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger.folder import StateUnusable
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.ledger.store import StoreFailed

KEY = "one"
TRIES = 3
UNUSABLE = 3


def main(folder: Path, *, is_careless: bool) -> int:
    """Wish, claim, post, settle and end; try again after each failure, as the program does.

    Control: one who is careless posts without heed to what the claim says.
    """
    try:
        ledger = Ledger(folder / "state" / "state.db", now=NOW)
    except StateUnusable as error:
        sys.stdout.write(f"{error}\n")
        return UNUSABLE
    posts = Lines(folder / "posts")
    for _ in range(TRIES):
        if not ledger.is_up:
            ledger.probe()
        with suppress(StoreFailed):
            ledger.reserve(a_row(KEY), now=NOW)
            Lines(folder / "promises").add(KEY)
            if _claim(ledger, is_careless=is_careless):
                posts.add(KEY)
                shutil.copytree(folder / "state", folder / "at-post", dirs_exist_ok=True)
                _follow(ledger)
                break
    ledger.probe()
    ledger.prune(now=NOW)
    ledger.close()
    return 0


def _claim(ledger: Ledger, *, is_careless: bool) -> bool:
    try:
        return ledger.claim(KEY, now=NOW)
    except StoreFailed:
        if is_careless:
            return True
        raise


def _follow(ledger: Ledger) -> None:
    claimed = ledger.trigger(KEY)
    assert claimed is not None
    running = ledger.settle(step(claimed, TriggerState.RUNNING), now=NOW)
    ended = replace(running, state=TriggerState.SUCCEEDED, ended_at=NOW + 60)
    changes = SiteChanges((Add("vr_tasks_completed_total", ("sync",)),))
    ledger.record(MADRID, changes, [ended])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), is_careless="--careless" in sys.argv))
