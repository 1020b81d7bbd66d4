"""The one connection: how it is opened, first and again, and what a bug inside leaves."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from tests.ledgers import Faults
from tests.stores import open_below
from vr_exporter.ledger import schema, store
from vr_exporter.ledger.folder import StateUnusable
from vr_exporter.ledger.store import Store, StoreFailed, connect

PRAGMAS = ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "locking_mode")
WANTED = ["wal", 2, 1, 0, "exclusive"]


def pragmas(kept: Store) -> list[object]:
    """How the connection is set up."""
    return [
        kept.read(lambda c, n=name: c.execute(f"PRAGMA {n}").fetchone()[0])  # type: ignore[misc]
        for name in PRAGMAS
    ]


def test_a_connection_serves_all_threads_and_waits_for_nobody(tmp_path: Path) -> None:
    """In autocommit, on a file that has to be there."""
    path = tmp_path / "x y.db"
    with pytest.raises(sqlite3.OperationalError):
        connect(f"file:{tmp_path}/x%20y.db?mode=rw")
    path.touch()
    connection = connect(f"file:{tmp_path}/x%20y.db?mode=rw")
    assert connection.isolation_level is None
    assert connection.execute("PRAGMA busy_timeout").fetchone() == (0,)
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(connection.execute("SELECT 1")))
    thread.start()
    thread.join()
    assert len(found) == 1
    connection.close()


def test_B6_a_store_that_is_opened_again_is_as_durable_as_before(tmp_path: Path) -> None:
    """Every switch is set anew; a failure to do so lets go of the file."""
    faults = Faults()
    kept = Store(tmp_path / "state.db", connect=faults.connect)
    assert pragmas(kept) == WANTED
    faults.commits = ["lost"]
    with pytest.raises(StoreFailed), kept.transaction("T0"):
        pass
    kept.open_again()
    assert pragmas(kept) == WANTED
    kept.close()


@pytest.mark.parametrize("is_damaged", [False, True])
def test_B4_another_file_in_place_of_ours_is_not_opened_again(
    tmp_path: Path, *, is_damaged: bool
) -> None:
    """One that is whole, and one that is none: nothing of it stays open, damage is counted."""
    path, faults = tmp_path / "state.db", Faults()
    kept = Store(path, connect=faults.connect)
    faults.commits, faults.is_gone = ["lost"], True
    with pytest.raises(StoreFailed), kept.transaction("T0"):
        pass
    faults.is_gone = False
    other = tmp_path / "other.db"
    Store(other).close()
    if is_damaged:
        other.write_bytes(b"garbage" * 2000)
    path.write_bytes(other.read_bytes())
    before = open_below(tmp_path)
    with pytest.raises(StoreFailed) as caught:
        kept.open_again()
    assert open_below(tmp_path) == before
    why = "file is not a database" if is_damaged else "is not the file that was open before"
    assert str(caught.value) == f"{path}: {why}"
    assert kept.facts.failures["corrupt"] == is_damaged
    kept.close()


@pytest.mark.parametrize(
    ("name", "what"),
    [("state.db", "the file that was open"), ("state.db-wal", "state.db-wal")],
)
def test_B3_a_removed_file_or_log_takes_no_commit(tmp_path: Path, name: str, what: str) -> None:
    """What is committed to a file without a name is lost with the process."""
    kept = Store(tmp_path / "state.db")
    with kept.transaction("T0"):
        pass
    (tmp_path / name).unlink()
    with pytest.raises(StoreFailed) as caught, kept.transaction("T0"):
        pass
    assert str(caught.value).endswith(f": {what} is gone from its folder")
    kept.close()


def test_B3_a_copy_in_place_of_ours_gets_nothing_of_our_log(tmp_path: Path) -> None:
    """It is not even opened: SQLite would write the log of ours into it."""
    path = tmp_path / "state.db"
    kept = Store(path)
    path.rename(tmp_path / "aside.db")
    path.write_bytes((tmp_path / "aside.db").read_bytes())
    copy = path.read_bytes()
    with pytest.raises(StoreFailed), kept.transaction("T0"):
        pass
    assert path.read_bytes() == copy
    with pytest.raises(StoreFailed) as caught:
        kept.open_again()
    assert str(caught.value) == f"{path}: the file that was open is gone from its folder"


def test_B3_a_file_where_the_folder_was_is_a_failure_like_another(tmp_path: Path) -> None:
    """Whatever the system says of the name: the wish is refused, and nothing ends."""
    folder = tmp_path / "state"
    folder.mkdir()
    kept = Store(folder / "state.db")
    folder.rename(tmp_path / "aside")
    folder.write_text("no folder")
    with pytest.raises(StoreFailed), kept.transaction("T0"):
        pass
    assert not kept.is_up


def test_B2_an_error_without_words_has_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what sqlite says on several lines is said on one."""

    def refuse(*_: object) -> None:
        raise OSError

    path = tmp_path / "state.db"
    monkeypatch.setattr(store, "_make_private", refuse)
    with pytest.raises(StateUnusable) as caught:
        Store(path)
    assert str(caught.value).startswith(f"{path}: unusable (errno None; make it readable")
    broken = sqlite3.DatabaseError("boom\n  bang")
    broken.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    monkeypatch.setattr(store, "_make_private", lambda _path: None)

    def connect(_uri: str) -> sqlite3.Connection:
        raise broken

    with pytest.raises(StateUnusable, match="no store of ours, boom bang "):
        Store(path, connect=connect)


def test_a_bug_inside_a_transaction_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    """What it had written is taken back."""
    kept = Store(tmp_path / "state.db")

    def write(value: int) -> None:
        with kept.transaction("T0") as connection:
            schema.put_meta(connection, f"x{value}", str(1 // value))
            schema.put_meta(connection, "y", str(1 // (value - 1)))

    with pytest.raises(ZeroDivisionError):
        write(1)
    write(2)
    found = kept.read(schema.meta)
    assert ("x1" in found, found["x2"], found["y"]) == (False, "0", "1")
    kept.close()


def test_B4_damage_that_nothing_at_the_start_reads_is_found(tmp_path: Path) -> None:
    """Every page is looked at before the first change."""
    path = tmp_path / "state.db"
    kept = Store(path)
    with kept.transaction("T0") as connection:
        rows = [(n, 0.0, "a", "w" * 300, "", "", "", "") for n in range(1, 2001)]
        connection.executemany("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    kept.close()
    content = path.read_bytes()
    at = 4096 * (len(content) // 4096 // 2)
    path.write_bytes(content[:at] + b"\xff" * 4096 + content[at + 4096 :])
    with pytest.raises(StateUnusable, match="damaged or no store of ours"):
        Store(path)


def test_a_store_of_a_name_that_needs_quoting_is_opened(tmp_path: Path) -> None:
    """A question mark ends no path."""
    path = tmp_path / "what?#%41 is.db"
    Store(path).close()
    assert path.exists()
    assert Store(path).meta["schema"] == str(len(schema.MIGRATIONS))
