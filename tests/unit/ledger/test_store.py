from __future__ import annotations

import errno
import os
import re
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.ledgers import MADRID, Faults, a_row, lead_to, state_of, step
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger import schema, store
from vr_exporter.ledger.folder import StateUnusable
from vr_exporter.ledger.schema import MIGRATIONS
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.ledger.store import Store, StoreFailed

NEWER = (*MIGRATIONS, ("CREATE TABLE later (name TEXT)", "UPDATE meta SET value = 'x' WHERE 0"))


def mode_of(path: Path) -> int:
    """The permission bits of a path."""
    return stat.S_IMODE(path.stat().st_mode)


def a_used_store(path: Path) -> bytes:
    """A store that holds one trigger; returns its bytes."""
    ledger = Ledger(path, now=NOW)
    ledger.reserve(a_row(), now=NOW)
    ledger.close()
    return path.read_bytes()


def unusable(path: Path) -> str:
    """What opening says; it is one line, and leaves the file as it was."""
    before = path.read_bytes()
    with pytest.raises(StateUnusable) as caught:
        Ledger(path, now=NOW)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    return str(caught.value)


def test_the_one_connection_is_durable_exclusive_and_maps_no_memory(tmp_path: Path) -> None:
    """WAL with every commit synced, foreign keys on, no mmap and no shared memory file."""
    kept = Store(tmp_path / "state.db")
    names = ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "locking_mode")
    found = [kept.read(lambda c, n=name: c.execute(f"PRAGMA {n}").fetchone()) for name in names]  # type: ignore[misc]
    assert [row and row[0] for row in found] == ["wal", 2, 1, 0, "exclusive"]
    with kept.transaction("T0"):
        pass
    assert not (tmp_path / "state.db-shm").exists()
    kept.close()


def test_C28_files_are_closed_to_others_and_links_are_refused(tmp_path: Path) -> None:
    """The store and its log are 0600 also where the umask would allow more."""
    path = tmp_path / "state.db"
    path.touch(0o644)
    kept = Store(path)
    with kept.transaction("T0") as connection:
        schema.put_meta(connection, "x", "y")
    assert {mode_of(file) for file in tmp_path.iterdir()} == {0o600}
    kept.close()
    (tmp_path / "link.db").symlink_to(path)
    with pytest.raises(StateUnusable, match="errno 40"):
        Store(tmp_path / "link.db")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "make room on the disk"),
        (errno.EDQUOT, "make room in this user's disk quota"),
        (errno.EACCES, "make it readable and writable"),
    ],
)
def test_B1_a_store_that_has_no_room_to_begin_in_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    """What is full is not mended by rights."""
    path = tmp_path / "state.db"

    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StateUnusable) as caught:
        Store(path)
    why = os.strerror(number).lower()
    said = f"{path}: {why} (errno {number}; {remedy}, or set state in the settings)"
    assert str(caught.value) == said


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _content: b"not a database at all, but long enough to be taken for one" * 50,
        lambda content: content[:4096] + b"\xff" * 4096 + content[8192:],
        lambda content: content[: len(content) // 2 + 100],
    ],
    ids=["garbage", "overwritten", "truncated"],
)
def test_B4_a_damaged_store_is_refused_with_the_command_that_sets_it_aside(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    """It is neither mended nor removed; after that command the next start works."""
    path = tmp_path / "state.db"
    path.write_bytes(spoil(a_used_store(path)))
    line = unusable(path)
    aside = tmp_path / "set-aside"
    assert f"mkdir {aside} && mv {path}* {aside}/" in line


def test_B4_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """Whoever points us at some database finds it untouched."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (name TEXT)")
        connection.commit()
    assert "another program" in unusable(path)


def test_B4_damage_found_while_running_shuts_the_store_until_the_restart(tmp_path: Path) -> None:
    """No probe opens it again, and the damage is counted."""
    faults = Faults()
    kept = Store(tmp_path / "state.db", connect=faults.connect)
    broken = sqlite3.DatabaseError("database disk image is malformed")
    broken.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    with pytest.raises(StoreFailed), kept.transaction("T0"):
        raise broken
    with pytest.raises(StoreFailed, match="damaged"):
        kept.open_again()
    assert (kept.is_up, kept.facts.failures["corrupt"]) == (False, 1)


def test_B5_a_newer_store_is_refused_with_both_versions(tmp_path: Path) -> None:
    """A downgrade does not guess."""
    path = tmp_path / "state.db"
    Store(path, migrations=NEWER).close()
    known = len(MIGRATIONS)
    said = rf"schema {known + 1} of a newer version, this one knows {known} \("
    assert re.search(said, unusable(path))


def test_B5_an_older_store_is_copied_then_migrated(tmp_path: Path) -> None:
    """The copy is whole, and what the store held is still there."""
    path = tmp_path / "state.db"
    a_used_store(path)
    newer = Store(path, migrations=NEWER)
    assert newer.meta["schema"] == str(len(NEWER))
    assert newer.read(lambda c: c.execute("SELECT count(*) FROM later").fetchone()) == (0,)
    newer.close()
    copy = tmp_path / f"state.db.schema-{len(MIGRATIONS)}"
    assert mode_of(copy) == 0o600
    ledger = Ledger(copy, now=NOW)
    assert ledger.trigger("one") == a_row()
    ledger.close()


def test_B5_a_store_of_any_schema_before_is_brought_to_this_one(tmp_path: Path) -> None:
    """Its copy stays beside it, and what it could not hold yet has its place."""
    for schema_before in range(1, len(MIGRATIONS)):
        path = tmp_path / f"of-{schema_before}.db"
        Store(path, migrations=MIGRATIONS[:schema_before]).close()
        ledger = Ledger(path, now=NOW)
        ledger.learn_sync_kind(MADRID, "op.7")
        ledger.close()
        assert path.with_name(f"{path.name}.schema-{schema_before}").exists()
        assert Ledger(path, now=NOW).sync_kinds(MADRID) == {"op.7"}


def test_K12_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    """All or nothing, and the next try begins with a fresh copy."""
    path = tmp_path / "state.db"
    a_used_store(path)
    with pytest.raises(StateUnusable):
        Store(path, migrations=(*MIGRATIONS, ("CREATE TABLE later (x)", "CREATE TABLE meta (x)")))
    again = Store(path)
    assert again.meta["schema"] == str(len(MIGRATIONS))
    again.close()
    Store(path, migrations=NEWER).close()


def test_B2_an_unwritable_place_is_one_line_with_path_and_errno(tmp_path: Path) -> None:
    """At the start there is nothing to go on with."""
    with pytest.raises(StateUnusable, match=r"state\.db: no such file or directory \(errno 2; "):
        Store(tmp_path / "missing" / "state.db")


def test_B3_a_store_that_was_removed_takes_no_wish_until_it_is_back(tmp_path: Path) -> None:
    """What is written to a file without a name is lost at the end: nothing is promised on it."""
    path, away = tmp_path / "state.db", tmp_path / "away.db"
    ledger = Ledger(path, now=NOW)
    path.rename(away)
    with pytest.raises(StoreFailed, match="gone from its folder"):
        ledger.reserve(a_row(), now=NOW)
    assert (ledger.is_up, ledger.probe()) == (False, False)
    away.rename(path)
    assert ledger.probe()
    assert ledger.reserve(a_row(), now=NOW).is_new
    ledger.close()


def test_a_file_that_was_exchanged_is_not_taken_for_ours(tmp_path: Path) -> None:
    """After a failure only the very same store is opened again: another knows no keys."""
    faults = Faults()
    kept = Store(tmp_path / "state.db", connect=faults.connect)
    Store(tmp_path / "other.db").close()
    faults.commits, faults.is_gone = ["lost"], True
    with pytest.raises(StoreFailed), kept.transaction("T0"):
        pass
    faults.is_gone = False
    (tmp_path / "state.db").write_bytes((tmp_path / "other.db").read_bytes())
    with pytest.raises(StoreFailed, match="not the file"):
        kept.open_again()


def test_a_long_log_is_written_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log does not grow for ever, and a failing write-back fails no commit."""
    monkeypatch.setattr(store, "LONGEST_LOG_BYTES", 20_000)
    kept = Store(tmp_path / "state.db")
    sizes = []
    for number in range(20):
        with kept.transaction("T0") as connection:
            schema.put_meta(connection, f"name-{number}", "x" * 3000)
        sizes.append((tmp_path / "state.db-wal").stat().st_size)
    assert 0 in sizes
    assert max(sizes) < 40_000
    assert kept.facts.writes == 20
    kept.close()


def test_a_bug_inside_a_transaction_takes_it_back_and_keeps_the_store_up(tmp_path: Path) -> None:
    """What is no fault of the disk is no fault of the store."""
    kept = Store(tmp_path / "state.db")
    with pytest.raises(ZeroDivisionError), kept.transaction("T0") as connection:
        schema.put_meta(connection, "x", str(1 / 0))
    assert kept.is_up
    assert "x" not in kept.read(schema.meta)
    kept.close()


def test_B8_a_closed_store_is_not_opened_again_by_a_late_answer(tmp_path: Path) -> None:
    """By then the file may be another process's: the row stays `posting` and is looked for."""
    path = tmp_path / "state.db"
    ledger = Ledger(path, now=NOW)
    posting = lead_to(ledger, TriggerState.POSTING)
    ledger.close()
    ledger.settle(step(posting, TriggerState.RUNNING), now=NOW)
    after = Ledger(path, now=NOW)
    assert state_of(after) is TriggerState.AMBIGUOUS
    after.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE meta SET value = 'many' WHERE name = 'boots'",
        "DELETE FROM meta WHERE name = 'instance'",
        "INSERT INTO counter VALUES ('madrid', 'vr_tasks_total', '{', 1)",
        "INSERT INTO meta VALUES ('x', CAST(x'ff' AS TEXT))",
    ],
)
def test_B4_rows_that_nobody_wrote_are_damage(tmp_path: Path, change: str) -> None:
    """What SQLite's own check lets pass ends in the same line, with the same remedy."""
    path = tmp_path / "state.db"
    a_used_store(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(change)
        connection.commit()
    with pytest.raises(StateUnusable, match="damaged or no store of ours"):
        Ledger(path, now=NOW)
