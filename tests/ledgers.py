"""Ledgers under test: opened again, torn away by a crash, made to fail at a commit."""

from __future__ import annotations

import errno
import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tests.builders import NOW
from vr_exporter.domain.names import PairingId, ReplicationId, SiteName, TaskId
from vr_exporter.domain.triggers import Origin, Target, Trigger, TriggerState
from vr_exporter.ledger.sqlite import Ledger

MADRID, BERLIN = SiteName("madrid"), SiteName("berlin")

BROKEN_CLAIM = "UPDATE trigger SET state = 'posting', claimed_at = ? WHERE key = ? AND ? > 0"
"""For controls: takes whatever there is, so that tests of the claim can be seen to fail."""

Failure = Literal["lost", "kept"]
"""What is on disk after a commit that failed: fault-matrix F1 knows both."""


@dataclass(slots=True)
class Faults:
    """Commits to come that fail, and whether opening does."""

    commits: list[Failure] = field(default_factory=list)
    is_gone: bool = False

    def connect(self, uri: str) -> sqlite3.Connection:
        """A connection that obeys; to be given to a Ledger or a Store."""
        if self.is_gone:
            raise disk_error()
        faults = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, /, *parameters: Any) -> sqlite3.Cursor:
                if sql == "COMMIT" and faults.commits:
                    if faults.commits.pop(0) == "kept":
                        super().execute(sql)
                    else:
                        super().execute("ROLLBACK")
                    raise disk_error()
                return super().execute(sql, *parameters)

        return sqlite3.connect(
            uri,
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=0.0,
            factory=Connection,
        )


def disk_error() -> sqlite3.OperationalError:
    """What SQLite says when a disk fails."""
    return sqlite3.OperationalError(f"disk I/O error {errno.EIO}")


class SqliteEngine:
    """Opens the one engine in a folder, again and again."""

    def __init__(self, folder: Path) -> None:
        self._folders = (folder / f"life-{number}" for number in itertools.count())
        self._folder = next(self._folders)
        self._folder.mkdir()
        self.faults = Faults()
        self._ledger: Ledger | None = None

    @property
    def path(self) -> Path:
        """The file of this life."""
        return self._folder / "state.db"

    def open(self, now: float = NOW) -> Ledger:
        """Open, after an orderly end of what was open before."""
        self.close()
        self._ledger = Ledger(self.path, now=now, connect=self.faults.connect)
        return self._ledger

    def crash(self, now: float = NOW) -> Ledger:
        """Open what a kill at this moment leaves on disk: the files as they are, the log unread."""
        before, self._folder = self._folder, next(self._folders)
        shutil.copytree(before, self._folder)
        self._discard()
        shutil.rmtree(before)
        self._ledger = Ledger(self.path, now=now, connect=self.faults.connect)
        return self._ledger

    def close(self) -> None:
        """End in order."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def _discard(self) -> None:
        if self._ledger is not None:
            self._ledger._store.close()
            self._ledger = None


@contextmanager
def an_engine(folder: Path) -> Iterator[SqliteEngine]:
    """An engine whose files are closed afterwards."""
    engine = SqliteEngine(folder)
    try:
        yield engine
    finally:
        engine.faults.commits.clear()
        engine.faults.is_gone = False
        engine.close()


def a_row(key: str = "one", *, replication: str = "GID-1", **changes: Any) -> Trigger:
    """A wish of a person, told apart by its key."""
    trigger = Trigger(
        key=key,
        target=Target(ReplicationId(replication), MADRID, PairingId("pairing-1"), "db-01", "vm-1"),
        origin=Origin.API,
        asked_at=NOW,
        not_after=NOW + 900,
        actor="alice",
        body_digest="digest",
    )
    return replace(trigger, **changes)


def step(trigger: Trigger, state: TriggerState, **changes: Any) -> Trigger:
    """The trigger in its next state, with what usually comes with it."""
    if state is TriggerState.RUNNING:
        changes = {"task_id": TaskId(f"task-{trigger.key}"), "answered_at": NOW, **changes}
    if state.is_final:
        changes = {"ended_at": NOW + 60, **changes}
    return replace(trigger, state=state, **changes)


def running(ledger: Ledger, key: str = "one", **changes: Any) -> Trigger:
    """A trigger that was reserved, claimed, posted and accepted."""
    taken = ledger.reserve(a_row(key, **changes), now=NOW)
    assert ledger.claim(key, now=NOW)
    claimed = replace(taken.trigger, claimed_at=NOW)
    return ledger.settle(step(claimed, TriggerState.RUNNING), now=NOW)


_S = TriggerState
_PATHS: dict[TriggerState, tuple[TriggerState, ...]] = {
    _S.RESERVED: (),
    _S.POSTING: (_S.POSTING,),
    _S.RUNNING: (_S.POSTING, _S.RUNNING),
    _S.SUCCEEDED: (_S.POSTING, _S.RUNNING, _S.SUCCEEDED),
    _S.FAILED: (_S.POSTING, _S.RUNNING, _S.FAILED),
    _S.LOST: (_S.POSTING, _S.RUNNING, _S.LOST),
    _S.JOINED: (_S.JOINED,),
    _S.SKIPPED: (_S.SKIPPED,),
    _S.REFUSED: (_S.POSTING, _S.REFUSED),
    _S.AMBIGUOUS: (_S.POSTING, _S.AMBIGUOUS),
    _S.UNRESOLVED: (_S.POSTING, _S.AMBIGUOUS, _S.UNRESOLVED),
    _S.EXPIRED: (_S.EXPIRED,),
}


def lead_to(
    ledger: Ledger, state: TriggerState, *, key: str = "one", replication: str = "GID-1"
) -> Trigger:
    """A new trigger, brought into a state by the steps of the table."""
    ledger.reserve(a_row(key, replication=replication), now=NOW)
    return lead_on(ledger, key, state)


def lead_on(ledger: Ledger, key: str, state: TriggerState, reason: str = "") -> Trigger:
    """A reserved trigger, brought into a state by the steps of the table."""
    for next_state in _PATHS[state]:
        trigger = ledger.trigger(key)
        assert trigger is not None
        if next_state is _S.POSTING:
            assert ledger.claim(key, now=NOW)
        else:
            ledger.settle(step(trigger, next_state, reason=reason), now=NOW)
    trigger = ledger.trigger(key)
    assert trigger is not None
    return trigger


def requests(ledger: Ledger, site: SiteName = MADRID) -> dict[tuple[str, ...], float]:
    """The counter of wishes by source and outcome."""
    totals = ledger.trigger_totals().get(site)
    return dict(totals.counters.get("vr_trigger_requests_total", {})) if totals else {}


def skips(ledger: Ledger, site: SiteName = MADRID) -> dict[tuple[str, ...], float]:
    """The counter of skips by reason."""
    totals = ledger.trigger_totals().get(site)
    return dict(totals.counters.get("vr_trigger_skips_total", {})) if totals else {}


def state_of(ledger: Ledger, key: str = "one") -> TriggerState:
    """Where a trigger stands."""
    trigger = ledger.trigger(key)
    assert trigger is not None
    return trigger.state


def ambiguous(ledger: Ledger, key: str = "one", **changes: Any) -> Trigger:
    """A trigger whose answer was lost."""
    ledger.reserve(a_row(key, **changes), now=NOW)
    assert ledger.claim(key, now=NOW)
    posting = ledger.trigger(key)
    assert posting is not None
    return ledger.settle(step(posting, _S.AMBIGUOUS), now=NOW)


def break_one_commit(engine: SqliteEngine, failure: Failure) -> None:
    """Let the next commit fail, with or without an effect on disk."""
    engine.faults.commits = [failure]
