"""Each write and sync of a trigger's life fails: never a POST without a durable claim."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.ledger_life import KEY, UNUSABLE
from tests.tools import environment
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger

AT_ONCE = 4
LONGEST = 500
"""A life has fewer writes than this."""

POSTED = {TriggerState.AMBIGUOUS, TriggerState.RUNNING, TriggerState.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class Ended:
    """A life that was interfered with, as it is found afterwards."""

    was_disturbed: bool
    exit_code: int
    complaint: str


@pytest.mark.parametrize(
    ("failure", "lasting"),
    [
        ("fdatasync,fsync:error=EIO", ""),
        ("fdatasync,fsync:error=EIO", "+"),
        ("pwrite64,write:error=ENOSPC", ""),
        ("pwrite64,write:error=ENOSPC", "+"),
    ],
    ids=["B6-one-sync", "B6-all-syncs-from-there", "B1-one-write", "B1-all-writes-from-there"],
)
def test_B1_B6_no_post_without_a_durable_claim(
    tool: Callable[[str], Path],
    tmp_path: Path,
    failure: str,
    lasting: str,
    record_property: Callable[[str, object], None],
) -> None:
    """Each call in turn fails, until a life is so short of it that it runs undisturbed."""

    def live(number: int) -> Ended:
        inject = f"inject={failure}:when={number}{lasting}"
        return one_life(tool("strace"), inject, failure.partition(":")[0], tmp_path / f"{number}")

    lives = list(until_undisturbed(live))
    assert [life.complaint for life in lives if life.complaint] == []
    assert lives[-1].exit_code == 0
    assert len(lives) > 5
    how = f"{failure}{' from there on' if lasting else ' once'}"
    record_property("figure", f"{len(lives)} lives with {how}, 0 complaints")


def test_control_a_post_after_a_failed_claim_is_seen(
    tool: Callable[[str], Path], tmp_path: Path
) -> None:
    """A life that posts whether or not its claim was written draws a complaint."""

    def live(number: int) -> Ended:
        inject = f"inject=fdatasync:error=EIO:when={number}"
        return one_life(tool("strace"), inject, "fdatasync", tmp_path / f"{number}", "--careless")

    complaints = [life.complaint for life in until_undisturbed(live)]
    assert any("posted without a claim on disk" in complaint for complaint in complaints)


def until_undisturbed(live: Callable[[int], Ended]) -> Iterator[Ended]:
    """Disturb call after call, some lives at once; the last life is one that was left alone."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for first in range(1, LONGEST, AT_ONCE):
            for life in pool.map(live, range(first, first + AT_ONCE)):
                yield life
                if not life.was_disturbed:
                    return
    raise AssertionError(f"still disturbed after {LONGEST} calls")


def one_life(strace: Path, inject: str, calls: str, folder: Path, *more: str) -> Ended:
    """Run a life under strace and look at what it leaves behind."""
    state = folder / "state"
    state.mkdir(parents=True)
    trace = folder / "trace"
    command = (
        *(str(strace), "-f", "--seccomp-bpf", "-o", str(trace)),
        *(f"-P{state / name}" for name in ("state.db", "state.db-wal")),
        *("-e", f"trace={calls}", "-e", inject),
        *(sys.executable, "-m", "tests.ledger_life", str(folder), *more),
    )
    done = subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    return Ended(
        was_disturbed="(INJECTED)" in trace.read_text(),
        exit_code=done.returncode,
        complaint=f"{folder.name}: {said}" if (said := complaint_about(folder, done)) else "",
    )


def complaint_about(folder: Path, done: subprocess.CompletedProcess[str]) -> str:
    """Say what of the contract was broken, nothing if it held."""
    posts, promises = (_lines(folder / name) for name in ("posts", "promises"))
    row = row_in(folder / "state")
    known = {TriggerState.AMBIGUOUS} if not posts else POSTED
    breaches = {
        f"exit {done.returncode}: {done.stderr[-300:]}": done.returncode not in {0, UNUSABLE},
        f"not one line: {done.stdout}": len(done.stdout.splitlines()) != (done.returncode > 0),
        f"posted {len(posts)} times": len(posts) > 1,
        "lost": bool(promises) and row is None,
        f"posted, and {row}": bool(posts) and (row is None or row.state not in POSTED),
        f"not posted, and {row}": row is not None and row.state in POSTED - known,
        "posted without a claim on disk": bool(posts) and not _is_claimed(folder / "at-post"),
    }
    return "; ".join(breach for breach, is_there in breaches.items() if is_there)


def _is_claimed(state: Path) -> bool:
    """Whether a start at that moment would look for the task."""
    row = row_in(state)
    return row is not None and row.state is TriggerState.AMBIGUOUS


def row_in(state: Path) -> Trigger | None:
    """The trigger as the next start finds it; the store must open once the disk works again."""
    ledger = Ledger(state / "state.db", now=NOW)
    try:
        return ledger.trigger(KEY)
    finally:
        ledger.close()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
