"""Each call of the ledger as the transactions it makes, and what it leaves when it cannot begin."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.alerts import an_alert, begun, serve
from tests.builders import NOW
from tests.ledgers import MADRID, Faults, a_row, ambiguous, disk_error, lead_to, running, step
from tests.stores import open_below
from vr_exporter.domain.alerts import Event
from vr_exporter.domain.counts import Add, SiteChanges
from vr_exporter.domain.names import ReplicationId
from vr_exporter.domain.triggers import Origin, Skip, TriggerState
from vr_exporter.ledger import pruning, schema, sqlite, store
from vr_exporter.ledger.folder import StateUnusable
from vr_exporter.ledger.sqlite import Ledger, Refusal
from vr_exporter.ledger.store import Store, StoreFailed

S = TriggerState
GID = ReplicationId("GID-1")


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The points of a crash that were passed."""
    found: list[str] = []
    monkeypatch.setattr(store, "crash", found.append)
    monkeypatch.setattr(schema, "crash", found.append)
    return found


@pytest.fixture
def faults() -> Faults:
    """Commits to come that fail."""
    return Faults()


@pytest.fixture
def ledger(tmp_path: Path, faults: Faults) -> Iterator[Ledger]:
    """A ledger on an empty folder."""
    ledger = Ledger(tmp_path / "state.db", now=NOW, connect=faults.connect)
    yield ledger
    faults.commits.clear()
    ledger.close()


def both(step_name: str) -> list[str]:
    """The points of one transaction."""
    return [f"{step_name}.before", f"{step_name}.after"]


CALLS: dict[str, tuple[str, Callable[[Ledger], object]]] = {
    "reserve": ("T1", lambda ledger: ledger.reserve(a_row("new", replication="2"), now=NOW)),
    "refuse": ("T1", lambda ledger: ledger.refuse(a_row("no"), Skip("off", "off"), now=NOW)),
    "claim": ("T2", lambda ledger: ledger.claim("waits", now=NOW)),
    "settle": ("T3", lambda ledger: ledger.settle(step(a_row("waits"), S.SKIPPED), now=NOW)),
    "record": ("T4", lambda ledger: ledger.record(MADRID, SiteChanges((Add("x", ()),)))),
    "forget": ("T4", lambda ledger: ledger.forget(MADRID)),
    "heal": ("T4", lambda ledger: ledger.heal(GID)),
    "change_outbox": (
        "T5",
        lambda ledger: ledger.change_outbox(
            lambda box: box.take([begun(an_alert(Event.SYNC_FAILING))])
        ),
    ),
    "acknowledge": ("T6", lambda ledger: ledger.acknowledge("doubt", actor="bob", now=NOW)),
    "acknowledge_loop": ("T6", lambda ledger: ledger.acknowledge_loop(GID, actor="bob", now=NOW)),
    "note": ("T6", lambda ledger: ledger.note("test_alert", actor="bob", now=NOW, result="x")),
    "kill switch": ("T6", lambda ledger: ledger.set_kill_switch(on=True, actor="bob", now=NOW)),
    "prune": ("T7", lambda ledger: ledger.prune(now=NOW)),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_is_one_transaction_under_its_name(
    ledger: Ledger, points: list[str], name: str
) -> None:
    """By which tests of crashes stop it, before its commit and after it."""
    serve(ledger, "am-1")
    ledger.reserve(a_row("waits", replication="9"), now=NOW)
    ambiguous(ledger, "doubt")
    points.clear()
    step_name, call = CALLS[name]
    call(ledger)
    assert points == both(step_name)


def test_the_end_of_a_doubt_is_a_step_of_its_own(ledger: Ledger, points: list[str]) -> None:
    """T6, where any other settling is T3; opening is T0, and a new store is migrated."""
    trigger = ambiguous(ledger)
    points.clear()
    ledger.settle(step(trigger, S.UNRESOLVED), now=NOW)
    assert points == both("T6")
    points.clear()
    Ledger(ledger._store.path.with_name("other.db"), now=NOW).close()
    assert points == [*both("migration"), *both("T0")]


def test_what_waits_is_written_by_a_probe_and_at_the_end(
    ledger: Ledger, faults: Faults, points: list[str]
) -> None:
    """A probe writes after a failure even where nothing waits, the end only what does."""
    ledger.learn_sync_kind(MADRID, "op")
    points.clear()
    assert ledger.probe()
    assert points == both("probe")
    points.clear()
    assert ledger.probe()
    assert points == []
    faults.commits = ["lost"]
    with pytest.raises(StoreFailed):
        ledger.reserve(a_row(), now=NOW)
    points.clear()
    assert ledger.probe()
    assert points == both("probe")
    ledger.learn_sync_kind(MADRID, "op.2")
    points.clear()
    ledger.close()
    assert points == both("close")


def test_a_step_of_a_poll_happened_when_its_trigger_ended(ledger: Ledger) -> None:
    """Or, where nobody knows, when it was asked for."""
    one, two = running(ledger, "one"), running(ledger, "two", replication="2")
    ended = step(one, S.SUCCEEDED, ended_at=NOW + 30)
    unknown = replace(step(two, S.LOST), ended_at=None)
    ledger.record(MADRID, SiteChanges(), [ended, unknown])
    assert {row.key: row.at for row in ledger.audit(limit=2)} == {"one": NOW + 30, "two": NOW}


def test_what_is_not_known_is_not_settled(ledger: Ledger) -> None:
    """By no key that was never reserved."""
    with pytest.raises(KeyError, match="nobody"):
        ledger.settle(a_row("nobody"), now=NOW)
    assert not ledger.claim("nobody", now=NOW)
    assert ledger.trigger("nobody") is None


def test_B6_while_the_store_is_down_it_says_so(ledger: Ledger, faults: Faults) -> None:
    """Neither a wish nor a claim is taken, and the line has the path."""
    waits = ledger.reserve(a_row("waits", replication="9"), now=NOW).trigger
    faults.commits = ["lost"]
    ledger.note("x", actor="bob", now=NOW, result="x")
    line = f"{ledger._store.path}: cannot be written since a commit failed"
    with pytest.raises(StoreFailed) as caught:
        ledger.reserve(a_row(), now=NOW)
    assert str(caught.value) == line
    with pytest.raises(StoreFailed) as caught:
        ledger.claim(waits.key, now=NOW)
    assert str(caught.value) == line
    later = NOW + 91 * 86_400
    assert ledger.prune(now=later) == 0
    assert ledger.probe()
    assert ledger.claim(waits.key, now=NOW)
    assert ledger.prune(now=later) == 3


def test_what_is_young_enough_is_kept_by_pruning(ledger: Ledger) -> None:
    """In memory as on disk."""
    lead_to(ledger, S.SUCCEEDED)
    assert ledger.prune(now=NOW) == 0
    assert [each.key for each in ledger.triggers()] == ["one"]
    assert ledger.prune(now=NOW + 60 + 30 * 86_400 + 1) == 1
    assert ledger.triggers() == ()


def test_the_audit_is_shown_while_the_store_is_down(ledger: Ledger, faults: Faults) -> None:
    """What waits for it, which is all that is known then."""
    ledger.note("x", actor="alice", now=NOW - 1, result="before")
    faults.commits, faults.is_gone = ["lost"], True
    for what, actor in (("kill_switch", "bob"), ("x", "bob"), ("x", "alert A")):
        ledger.note(what, actor=actor, now=NOW, result="why")
    rows = ledger.audit(limit=2)
    assert [(row.what, row.actor, row.result, row.at) for row in rows] == [
        ("x", "alert A", "why", NOW),
        ("x", "bob", "why", NOW),
    ]
    assert [row.what for row in ledger.audit(limit=9, of_bridge=True)] == ["x", "kill_switch"]
    faults.is_gone = False
    assert ledger.probe()
    assert len(ledger.audit(limit=9)) == 4


def test_only_alerts_are_counted_until_they_heal(ledger: Ledger) -> None:
    """What healed, and what people took note of, is told."""
    for key, origin in (("a", Origin.ALERT), ("p", Origin.CLI)):
        ledger.reserve(a_row(key, replication=key, origin=origin), now=NOW)
        assert ledger.claim(key, now=NOW)
    assert dict(ledger.unhealed) == {"a": 1}
    assert ledger.heal(ReplicationId("p")) == 0
    assert ledger.acknowledge_loop(ReplicationId("a"), actor="bob", now=NOW) == 1
    (row,) = ledger.audit(limit=1)
    assert (row.what, row.result) == ("loop_acknowledged", "1 triggers by alert had healed nothing")
    assert (row.actor, row.replication, row.at) == ("bob", "a", NOW)
    assert ledger.acknowledge_loop(ReplicationId("a"), actor="bob", now=NOW) == 0
    assert len(ledger.audit(limit=9)) == 5


def test_the_kill_switch_is_turned_both_ways(ledger: Ledger) -> None:
    """Each turn is a row, by its new state."""
    for on in (True, False):
        ledger.set_kill_switch(on=on, actor="bob", now=NOW)
        assert ledger.kill_switch is on
    again = [(row.what, row.result) for row in ledger.audit(limit=2)]
    assert again == [("kill_switch", "off"), ("kill_switch", "on")]


def test_refusals_are_told_as_they_are_noted(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, points: list[str]
) -> None:
    """In their order, so many to a transaction, with what each rested on."""
    monkeypatch.setattr(sqlite, "REFUSALS_AT_A_TIME", 2)
    wishes = [Refusal(a_row(f"{n}"), Skip("off", f"off {n}"), f"mode {n}") for n in range(5)]
    refused = ledger.refuse_all(wishes, now=NOW + 1)
    assert [(each.key, each.state, each.ended_at) for each in refused] == [
        (f"{n}", S.SKIPPED, NOW + 1) for n in range(5)
    ]
    assert points == both("T1") * 3
    assert [row.result for row in ledger.audit(limit=2)] == [
        "off: off 4 [mode 4]",
        "off: off 3 [mode 3]",
    ]


def test_K12_pruning_removes_so_many_rows_at_a_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, points: list[str]
) -> None:
    """Triggers and rows of the audit share the number."""
    monkeypatch.setattr(pruning, "ROWS_AT_A_TIME", 3)
    for number in range(2):
        lead_to(ledger, S.SUCCEEDED, key=f"{number}", replication=f"{number}")
    points.clear()
    assert ledger.prune(now=NOW + 91 * 86_400) == 2 + 8
    assert points == both("T7") * 4
    assert ledger.audit(limit=9) == ()


@pytest.mark.parametrize("is_gone", [False, True])
def test_B2_a_ledger_that_cannot_begin_lets_go_of_its_file(
    tmp_path: Path, *, is_gone: bool
) -> None:
    """One line with the remedy; nothing of it stays open."""
    path = tmp_path / "state.db"
    Ledger(path, now=NOW).close()
    before = open_below(tmp_path)
    faults = Faults(["lost"], is_gone=is_gone)
    with pytest.raises(StateUnusable) as caught:
        Ledger(path, now=NOW, connect=faults.connect)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(" 5 (make room, and the folder writable)") != is_gone
    assert open_below(tmp_path) == before


def test_a_bug_at_the_beginning_lets_go_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes through as it is."""
    path = tmp_path / "state.db"
    Ledger(path, now=NOW).close()
    before = open_below(tmp_path)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(sqlite, "Book", fails)
    with pytest.raises(RuntimeError):
        Ledger(path, now=NOW)
    assert open_below(tmp_path) == before


def opened(path: Path, error: sqlite3.Error) -> str:
    """What is said where the first look at a store fails with this error."""

    def connect(_uri: str) -> sqlite3.Connection:
        raise error

    with pytest.raises(StateUnusable) as caught:
        Store(path, connect=connect)
    return str(caught.value)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_BUSY, "boom (another program has it open: stop that one)"),
        (sqlite3.SQLITE_FULL, "boom (make room on the disk)"),
        (
            sqlite3.SQLITE_IOERR | 1 << 8,
            "boom (see whether the disk is sound and has quota left)",
        ),
        (None, "boom (make it readable and writable, or set state in the settings)"),
        (sqlite3.SQLITE_NOTADB, "damaged or no store of ours, boom (set it aside: "),
        (sqlite3.SQLITE_CORRUPT | 2 << 8, "damaged or no store of ours, boom (set it aside: "),
    ],
)
def test_B2_what_sqlite_says_at_the_start_has_its_remedy(
    tmp_path: Path, code: int | None, said: str
) -> None:
    """By the code, whose upper bits are details."""
    error = sqlite3.OperationalError("boom")
    if code is not None:
        error.sqlite_errorcode = code
    assert opened(tmp_path / "state.db", error).startswith(f"{tmp_path / 'state.db'}: {said}")


def test_B5_what_cannot_be_taken_as_ours_is_said_to_the_word(tmp_path: Path) -> None:
    """A newer schema, and the database of another program, with what to do."""
    path = tmp_path / "state.db"
    Store(path).close()
    known = len(schema.MIGRATIONS)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    connection.close()
    with pytest.raises(StateUnusable) as caught:
        Store(path)
    assert str(caught.value) == (
        f"{path}: has schema 99 of a newer version, this one knows {known} "
        "(start the newer version again, or give another state folder)"
    )
    other = tmp_path / "other.db"
    for pragma in (f"PRAGMA application_id = {schema.APPLICATION_ID}", "CREATE TABLE t (x)"):
        other.unlink(missing_ok=True)
        with sqlite3.connect(other) as connection:
            connection.execute(pragma)
        connection.close()
        with pytest.raises(StateUnusable) as caught:
            Store(other)
        assert str(caught.value) == (
            f"{other}: a database of another program (move it away, or give another state folder)"
        )


def test_B4_a_text_that_is_none_is_told_as_damage_when_the_ledger_reads_its_rows(
    tmp_path: Path,
) -> None:
    """Which no check of pages sees: the words are SQLite's, the remedy is ours."""
    path = tmp_path / "state.db"
    Ledger(path, now=NOW).close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO sync_kind VALUES ('madrid', CAST(x'6f74ff6572' AS TEXT))")
    connection.close()
    with pytest.raises(StateUnusable, match="damaged or no store of ours, Could not decode"):
        Ledger(path, now=NOW)


def test_B4_a_store_of_ours_that_tells_no_schema_is_refused(tmp_path: Path) -> None:
    """Somebody had their hands in it."""
    path = tmp_path / "state.db"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta WHERE name = 'schema'")
    connection.close()
    with pytest.raises(StateUnusable, match="already exists"):
        Store(path)


def test_a_new_store_has_a_name_of_its_own(tmp_path: Path) -> None:
    """32 hexadecimal digits, and the schema that it has."""
    stores = [Store(tmp_path / f"{n}.db") for n in range(2)]
    names = {kept.meta["instance"] for kept in stores}
    assert len(names) == 2
    assert {len(name) for name in names} == {32}
    assert {kept.meta["schema"] for kept in stores} == {str(len(schema.MIGRATIONS))}
    for kept in stores:
        kept.close()


def test_B6_a_store_that_failed_opens_again_or_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first failure is logged, as is the first commit that works again."""
    path = tmp_path / "state.db"
    faults = Faults()
    kept = Store(path, connect=faults.connect)
    assert kept.facts.failures == {"commit": 0, "checkpoint": 0, "prune": 0, "corrupt": 0}
    faults.is_gone, faults.commits = True, ["lost"]
    with pytest.raises(StoreFailed) as failed, kept.transaction("T7", op="prune"):
        pass
    assert str(failed.value) == f"{path}: disk I/O error 5"
    for look in (lambda: kept.read(schema.meta), lambda: kept.transaction("T0").__enter__()):
        with pytest.raises(StoreFailed) as caught:
            look()
        assert str(caught.value) == f"{path}: not open since a write failed"
    with pytest.raises(StoreFailed) as caught:
        kept.open_again()
    assert str(caught.value) == f"{path}: disk I/O error 5"
    assert not kept.is_up
    faults.is_gone = False
    kept.open_again()
    with kept.transaction("T0"):
        pass
    assert kept.is_up
    assert kept.facts.failures == {"commit": 0, "checkpoint": 0, "prune": 1, "corrupt": 0}
    told: list[tuple[str, Any]] = [
        (record.getMessage(), record.__dict__["path"]) for record in caplog.records
    ]
    assert told == [("store cannot be written", path), ("store works again", path)]
    assert caplog.records[0].__dict__["error"] == "disk I/O error 5"
    kept.close()
    with pytest.raises(StoreFailed) as caught:
        kept.open_again()
    assert str(caught.value) == f"{path}: closed"


def test_B4_damage_is_counted_once_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While running; what is read then fails as well."""
    path = tmp_path / "state.db"
    kept = Store(path)
    broken = sqlite3.DatabaseError("malformed")
    broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    def look(_connection: sqlite3.Connection) -> None:
        raise broken

    with pytest.raises(StoreFailed) as caught:
        kept.read(look)
    assert str(caught.value) == f"{path}: malformed"
    kept._note(broken)
    assert kept.facts.failures["corrupt"] == 1
    assert kept.facts.failures["commit"] == 1
    with pytest.raises(StoreFailed) as caught:
        kept.open_again()
    assert str(caught.value) == f"{path}: damaged, closed until the next start"
    levels = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert levels == [("ERROR", "store cannot be written"), ("CRITICAL", "store is damaged")]
    assert caplog.records[1].__dict__["error"] == "malformed"
    assert caplog.records[1].__dict__["path"] == path
    kept.close()


def test_the_size_of_a_store_is_that_of_its_files(tmp_path: Path) -> None:
    """The log with it; one that is gone counts nothing."""
    path = tmp_path / "state.db"
    kept = Store(path)
    with kept.transaction("T0") as connection:
        schema.put_meta(connection, "x", "y" * 5000)
    sizes = [file.stat().st_size for file in (path, tmp_path / "state.db-wal")]
    assert min(sizes) > 0
    assert kept.facts.size_bytes == sum(sizes)
    assert (kept.facts.is_up, kept.facts.writes) == (True, 1)
    kept.close()
    path.unlink()
    assert kept.facts.size_bytes == 0


def test_a_write_back_that_fails_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: list[str]
) -> None:
    """And the commit holds; a log that is short enough, or gone, is left alone."""
    kept = Store(tmp_path / "state.db")
    with kept.transaction("T0") as connection:
        schema.put_meta(connection, "x", "y")
    assert points == [*both("migration"), *both("T0")]
    points.clear()
    monkeypatch.setattr(store, "LONGEST_LOG_BYTES", kept._log.stat().st_size)
    kept._checkpoint()
    assert points == ["checkpoint.before", "checkpoint.after"]

    def refuse() -> sqlite3.Connection:
        raise disk_error()

    monkeypatch.setattr(store, "LONGEST_LOG_BYTES", 0)
    monkeypatch.setattr(kept, "_opened", refuse)
    kept._checkpoint()
    assert kept.facts.failures["checkpoint"] == 1
    monkeypatch.undo()
    kept.close()
    kept._checkpoint()
    assert kept.facts.failures["checkpoint"] == 1


def test_B4_facts_that_nobody_wrote_are_damage(tmp_path: Path) -> None:
    """What is said names them, and nothing of the store stays open."""
    path = tmp_path / "state.db"
    Ledger(path, now=NOW).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = 'many' WHERE name = 'boots'")
    connection.close()
    with pytest.raises(StateUnusable) as caught:
        Ledger(path, now=NOW)
    why = "damaged or no store of ours, ValueError invalid literal for int() with base 10: 'many' "
    assert str(caught.value).startswith(f"{path}: {why}(set it aside: ")
    assert open_below(tmp_path) == []

    def connect(_uri: str) -> sqlite3.Connection:
        raise ValueError("no number")

    with pytest.raises(StateUnusable) as caught:
        Store(path, connect=connect)
    assert str(caught.value).startswith(f"{path}: damaged or no store of ours, no number (")


def test_loops_of_what_is_gone_are_forgotten_by_pruning(ledger: Ledger, points: list[str]) -> None:
    """In a transaction of their own."""
    ledger.reserve(a_row(origin=Origin.ALERT), now=NOW)
    assert ledger.claim("one", now=NOW)
    taken = ledger.trigger("one")
    assert taken is not None
    ledger.settle(step(taken, S.REFUSED), now=NOW)
    assert ledger.unhealed_of(GID) == 1
    points.clear()
    ledger.prune(now=NOW + 31 * 86_400)
    assert points == both("T7") * 2
    assert ledger.unhealed_of(GID) == 0


def test_B1_a_store_whose_file_was_removed_says_so(tmp_path: Path) -> None:
    """What is written to it would be lost."""
    path = tmp_path / "state.db"
    kept = Store(path)
    path.unlink()
    with pytest.raises(StoreFailed) as caught, kept.transaction("T0"):
        pass
    assert str(caught.value) == f"{path}: the file that was open is gone from its folder"
    kept.close()
