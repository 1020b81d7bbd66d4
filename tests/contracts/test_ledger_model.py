"""The ledger against a plain model of it: wishes, answers, failing commits, crashes, time."""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.builders import NOW
from tests.ledger_model import Model, Row, may_turn
from tests.ledgers import BROKEN_CLAIM, MADRID, Failure, SqliteEngine, a_row, step
from vr_exporter.domain.counts import Add, SiteChanges
from vr_exporter.domain.triggers import HOLDING, NEXT, Origin, Outcome, Trigger, TriggerState
from vr_exporter.ledger.store import StoreFailed

EXAMPLES = int(os.environ.get("VR_MODEL_EXAMPLES", "400"))
STEPS_WANTED = 10_000
STEPS = 50
S = TriggerState
KEYS = st.sampled_from([f"key-{number}" for number in range(8)])
TARGETS = st.sampled_from([f"GID-{number}" for number in range(3)])
FAILURES: st.SearchStrategy[Failure | None] = st.sampled_from([*[None] * 6, "lost", "kept"])
MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, syncs cost nothing


class LedgerMachine(RuleBasedStateMachine):
    """`memory` is what the ledger must show, `disk` what it must show after a crash."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        parent = MEMORY if MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="vr-ledger-", dir=parent))
        self.engine = SqliteEngine(self.folder)
        self.now = NOW
        self.memory, self.disk = Model(), Model()
        self.is_up = True
        self.posts: Counter[str] = Counter()
        self.promised: set[str] = set()
        self.pruned: set[str] = set()
        self.ledger = self.engine.open(self.now)

    def teardown(self) -> None:
        """Remove what was written."""
        self.engine.faults.commits.clear()
        self.engine.close()
        shutil.rmtree(self.folder)

    def commit(self, failure: Failure | None) -> None:
        """A commit of all that memory holds, and what is left of it when it fails."""
        if failure != "lost":
            self.disk = copy.deepcopy(self.memory)
        self.is_up = failure is None

    def failing(self, failure: Failure | None) -> None:
        """Let the next commit fail."""
        LedgerMachine.steps += 1
        self.engine.faults.commits = [failure] if failure else []

    def used(self) -> bool:
        """Whether the failure asked for has happened; it never outlives its rule."""
        was_used = not self.engine.faults.commits
        self.engine.faults.commits = []
        return was_used

    @rule(
        key=KEYS,
        replication=TARGETS,
        origin=st.sampled_from([Origin.API, Origin.ALERT]),
        patience=st.sampled_from([5.0, 60.0, 900.0]),
        failure=FAILURES,
    )
    def reserve(
        self, key: str, replication: str, origin: Origin, patience: float, failure: Failure | None
    ) -> None:
        """T1: new, joined, known, turned back, or shut while the store is down."""
        self.failing(failure)
        known = self.memory.rows.get(key)
        wish = a_row(
            key,
            replication=known.target if known else replication,
            origin=known.origin if known else origin,
            asked_at=self.now,
            not_after=self.now + patience,
        )
        if not self.is_up:
            with pytest.raises(StoreFailed):
                self.ledger.reserve(wish, now=self.now)
            self.used()
            return
        if known is not None and not may_turn(known):
            taken = self.ledger.reserve(wish, now=self.now)
            assert not taken.is_new
            assert taken.trigger.state is known.state
            self.used()
            return
        placed = self._placed(wish)
        if failure is None:
            taken = self.ledger.reserve(wish, now=self.now)
            assert taken.is_new
            assert taken.trigger.state is placed.state
            self._take_in(self.memory, key, placed)
            self.promised.add(key)
            self.pruned.discard(key)
        else:
            with pytest.raises(StoreFailed):
                self.ledger.reserve(wish, now=self.now)
            before = copy.deepcopy(self.memory)
            if failure == "kept":
                self._take_in(self.memory, key, placed)
                self.commit(failure)
                if placed.state is S.RESERVED:
                    self.memory.to(key, S.EXPIRED, "expired", self.now)
                self.pruned.discard(key)
                self.is_up = False
                return
            self.memory = before
        self.commit(failure)

    def _placed(self, wish: Trigger) -> Row:
        target = str(wish.target.replication_id)
        holder = self.memory.holder(target)
        return Row(
            target=target,
            origin=wish.origin,
            not_after=wish.not_after,
            asked_at=wish.asked_at,
            state=S.JOINED if holder else S.RESERVED,
            follows=holder,
            has_joined=bool(holder),
        )

    @staticmethod
    def _take_in(model: Model, key: str, row: Row) -> None:
        model.rows[key] = copy.deepcopy(row)
        if row.has_joined:
            model.count(row, Outcome.JOINED)

    @rule(key=KEYS, failure=FAILURES)
    def claim(self, key: str, failure: Failure | None) -> None:
        """T2: a POST follows a claim that returned True, and nothing else."""
        self.failing(failure)
        row = self.memory.rows.get(key)
        if not self.is_up:
            with pytest.raises(StoreFailed):
                self.ledger.claim(key, now=self.now)
            self.used()
            return
        if row is None:
            assert not self.ledger.claim(key, now=self.now)
            self.used()
            return
        may = row.state is S.RESERVED and row.not_after > self.now
        if failure is None:
            is_ours = self.ledger.claim(key, now=self.now)
            assert is_ours is may
            if is_ours:
                self.posts[key] += 1
                row.state = S.POSTING
        else:
            with pytest.raises(StoreFailed):
                self.ledger.claim(key, now=self.now)
            if may and failure == "kept":
                row.state = S.POSTING
                self.commit(failure)
                row.state = S.AMBIGUOUS
                self.is_up = False
                return
        self.commit(failure)

    @precondition(lambda self: any(row.state in NEXT for row in self.memory.rows.values()))
    @rule(choice=st.randoms(use_true_random=False), failure=FAILURES, by_poll=st.booleans())
    def settle(self, choice: Random, failure: Failure | None, *, by_poll: bool) -> None:
        """T3, T4, T6: any step of the table; it holds at once, whatever becomes of the commit."""
        self.failing(failure)
        wanted = self._some_step(choice)
        assume(wanted is not None)
        assert wanted is not None
        key, state = wanted
        trigger = self.ledger.trigger(key)
        assert trigger is not None
        reason = "healed" if state is S.SKIPPED and len(key) % 2 else ""
        ended_at = self.now if state.is_final else None
        after = step(trigger, state, reason=reason or trigger.reason, ended_at=ended_at)
        if by_poll:
            changes = SiteChanges((Add("vr_tasks_completed_total", ("sync",)),))
            self.ledger.record(MADRID, changes, [after])
            self.memory.tasks += 1
        else:
            assert self.ledger.settle(after, now=self.now).state is state
        self.memory.to(key, state, reason, self.now)
        self.used()
        self.commit(failure)

    def _some_step(self, choice: Random) -> tuple[str, TriggerState] | None:
        steps = [
            (key, state)
            for key, row in sorted(self.memory.rows.items())
            for state in sorted(NEXT.get(row.state, frozenset()) - {S.RESERVED, S.POSTING})
        ]
        return choice.choice(steps) if steps else None

    @rule(count=st.integers(0, 3), failure=FAILURES)
    def record(self, count: int, failure: Failure | None) -> None:
        """T4 without an ending: counted in memory, on disk with the next commit."""
        self.failing(failure)
        additions = (Add("vr_tasks_completed_total", ("sync",), count),) if count else ()
        self.ledger.record(MADRID, SiteChanges(additions))
        self.memory.tasks += count
        if self.used() or failure is None:
            self.commit(failure)

    @rule(key=st.one_of(KEYS, TARGETS), failure=FAILURES)
    def acknowledge(self, key: str, failure: Failure | None) -> None:
        """Only what is unclear can be acknowledged, and only once."""
        self.failing(failure)
        wanted = {
            name
            for name, row in self.memory.rows.items()
            if key in (name, row.target)
            and row.state in (S.AMBIGUOUS, S.UNRESOLVED)
            and not row.is_acknowledged
        }
        done = self.ledger.acknowledge(key, actor="bob", now=self.now)
        assert {trigger.key for trigger in done} == wanted
        for name in wanted:
            self.memory.rows[name].is_acknowledged = True
        if self.used() or failure is None:
            self.commit(failure)

    @rule(on=st.booleans(), failure=FAILURES)
    def kill_switch(self, failure: Failure | None, *, on: bool) -> None:
        """It holds at once."""
        self.failing(failure)
        self.ledger.set_kill_switch(on=on, actor="bob", now=self.now)
        self.memory.kill_switch = on
        self.used()
        self.commit(failure)

    @rule(failure=FAILURES)
    def probe(self, failure: Failure | None) -> None:
        """It writes all that waits; a store that is up is left alone."""
        self.failing(failure)
        assert self.ledger.probe() is (self.is_up or failure is None)
        if not self.used():
            return
        self.commit(failure)

    @rule(seconds=st.sampled_from([1.0, 10.0, 600.0, 31 * 86_400.0]))
    def time_passes(self, seconds: float) -> None:
        """Wishes grow old."""
        LedgerMachine.steps += 1
        self.now += seconds

    @rule()
    def prune(self) -> None:
        """T7: what ended long ago goes, unless it is still to be looked at."""
        self.failing(None)
        removed = self.ledger.prune(now=self.now)
        if not self.is_up:
            assert removed == 0
            return
        for key, row in list(self.memory.rows.items()):
            is_clear = row.state is not S.UNRESOLVED or row.is_acknowledged
            age = self.now - (row.ended_at or row.asked_at)
            if row.state.is_final and is_clear and age > 30 * 86_400:
                del self.memory.rows[key]
                self.pruned.add(key)
                self.posts.pop(key, None)
        self.commit(None)

    @rule(is_orderly=st.booleans())
    def restart(self, *, is_orderly: bool) -> None:
        """An orderly end writes what waits; after a crash the disk is all there is."""
        self.failing(None)
        if is_orderly:
            self.commit(None)
            self.ledger = self.engine.open(self.now)
        else:
            self.ledger = self.engine.crash(self.now)
        self.memory = copy.deepcopy(self.disk)
        for key, row in list(self.memory.rows.items()):
            if row.state is S.POSTING:
                self.memory.to(key, S.AMBIGUOUS)
            elif row.state is S.RESERVED and row.not_after <= self.now:
                self.memory.to(key, S.EXPIRED, "expired", self.now)
        self.commit(None)

    @invariant()
    def a_key_is_posted_once_at_most(self) -> None:
        """The contract."""
        assert all(count == 1 for count in self.posts.values())

    @invariant()
    def what_was_promised_is_there(self) -> None:
        """The contract's other half; what was pruned had its end."""
        for key in self.promised - self.pruned:
            assert self.ledger.trigger(key) is not None

    @invariant()
    def the_ledger_is_as_the_model(self) -> None:
        """Every row, every count, and one holder of a target at most."""
        shown = {trigger.key: trigger for trigger in self.ledger.triggers()}
        states = {key: trigger.state for key, trigger in shown.items()}
        assert states == {key: row.state for key, row in self.memory.rows.items()}
        for key, row in self.memory.rows.items():
            assert shown[key].is_acknowledged == row.is_acknowledged
            assert shown[key].follows == row.follows
        held = Counter(row.target for row in self.memory.rows.values() if row.state in HOLDING)
        assert all(count == 1 for count in held.values())
        counters = self.ledger.totals(MADRID).counters
        assert counters.get("vr_trigger_requests_total", {}) == self.memory.outcomes
        tasks = counters.get("vr_tasks_completed_total", {}).get(("sync",), 0)
        assert tasks == self.memory.tasks
        assert self.ledger.kill_switch is self.memory.kill_switch
        assert self.ledger.is_up is self.is_up


@pytest.mark.timeout(600 + EXAMPLES)
def test_the_ledger_is_as_its_model_through_thousands_of_steps() -> None:
    """Histories of wishes, answers, failures and crashes: at most one POST a key, nothing lost."""
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
    assert LedgerMachine.steps >= STEPS_WANTED * EXAMPLES / 400


@pytest.mark.parametrize(
    ("place", "flaw"),
    [
        ("trigger_rows._CLAIM", BROKEN_CLAIM),
        ("writing.Writer._read_back", lambda _writer: None),
        ("totals.Totals.restore", lambda *_arguments: None),
        ("book.unanswered", lambda trigger: trigger),
    ],
    ids=["claim without condition", "no reading back", "counts stay", "posting stays"],
)
def test_control_the_model_finds_flaws(
    monkeypatch: pytest.MonkeyPatch, place: str, flaw: object
) -> None:
    """A ledger with a flaw put into it does not pass: the test above can fail."""
    monkeypatch.setattr(f"vr_exporter.ledger.{place}", flaw)
    with pytest.raises((AssertionError, StoreFailed, ExceptionGroup)):
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                phases=[Phase.generate],
                print_blob=False,
                derandomize=True,
            ),
        )
