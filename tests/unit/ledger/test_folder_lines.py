"""What is said of a folder that cannot be used, to the word, and what is left open."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stores import open_below
from vr_exporter.ledger import folder as room
from vr_exporter.ledger.folder import StateFolder, StateUnusable

REMEDY = "(make it writable, or set state in the settings)"


@pytest.fixture(autouse=True)
def _restored_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def descriptors(tmp_path: Path) -> Iterator[None]:
    """What a test opened is closed in the end."""
    yield
    assert open_below(tmp_path) == []


def said(folder: StateFolder) -> str:
    """What holding it says."""
    with pytest.raises(StateUnusable) as caught:
        folder.hold()
    return str(caught.value)


@pytest.mark.usefixtures("descriptors")
def test_B18_whoever_is_refused_is_told_by_whom(tmp_path: Path) -> None:
    """The pid, and what to do; nothing stays open of the attempt."""
    first, second = StateFolder(tmp_path), StateFolder(tmp_path)
    first.hold()
    path = tmp_path / "vr-exporter"
    assert said(second) == (
        f"{path}: held by process {os.getpid()} (stop it, or give another state folder)"
    )
    first.release()
    first.release()
    assert (first.lock, first.socket) == (path / "lock", path / "socket")


@pytest.mark.usefixtures("descriptors")
def test_B18_the_pid_in_the_lock_is_that_of_the_holder_alone(tmp_path: Path) -> None:
    """A longer one of another process before us leaves no digit behind; what is none is 0."""
    folder, other = StateFolder(tmp_path), StateFolder(tmp_path)
    folder.lock.write_text("9" * 19 + "\n")
    folder.hold()
    assert folder.lock.read_text() == f"{os.getpid()}\n"
    assert other.holder() == os.getpid()
    folder.lock.write_text("no number")
    assert other.holder() == 0
    folder.lock.write_text("1" * 30)
    assert other.holder() == int("1" * 20)
    folder.release()
    assert other.holder() is None


@pytest.mark.usefixtures("descriptors")
def test_B21_a_lock_that_excludes_nobody_is_said_to_the_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours and that of another process both have to fail to exclude; it is let go of again."""
    folder = StateFolder(tmp_path)
    monkeypatch.setattr(StateFolder, "_can_lock_again", lambda _: True)
    asked: list[Path] = []

    def can_lock(path: Path) -> bool:
        asked.append(path)
        return True

    monkeypatch.setattr(room, "_another_can_lock", can_lock)
    assert said(folder) == (
        f"{folder.path}: its file system lets two processes lock one file "
        "(give a folder on a local disk)"
    )
    assert asked == [folder.lock]
    monkeypatch.undo()
    assert folder.holder() is None


def test_B21_another_process_tries_the_lock_for_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within half a minute, isolated, and what it says of its failure is nobody's to read."""
    path = tmp_path / "lock"
    path.write_text("")
    asked: list[dict[str, Any]] = []
    run = subprocess.run

    def spy(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(options)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", spy)
    assert room._another_can_lock(path)
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert not room._another_can_lock(path)
    wanted = {"check": False, "stderr": subprocess.DEVNULL, "timeout": 30}
    assert asked == [wanted, wanted]


def test_B18_one_who_shares_the_lock_for_ever_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried often, not endlessly."""
    monkeypatch.setattr(room, "_TRIES", 5)
    folder = StateFolder(tmp_path)
    looker = os.open(folder.lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(looker, fcntl.LOCK_SH)
    assert said(folder).startswith(f"{folder.path}: held by process 0 ")
    os.close(looker)


@pytest.mark.usefixtures("descriptors")
def test_C28_a_lock_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns it could let go of it."""
    folder = StateFolder(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert said(folder) == f"{folder.lock}: belongs to another user (remove it)"


def test_C28_the_folder_and_its_lock_are_ours_alone_from_their_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the umask is: the modes are asked for."""
    made: list[tuple[str, int]] = []
    mkdir, opened = Path.mkdir, os.open

    def spy_mkdir(path: Path, mode: int = 0o777, **options: Any) -> None:
        made.append((path.name, mode))
        mkdir(path, mode, **options)

    def spy_open(path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        made.append((Path(path).name, mode))
        return opened(path, flags, mode, **options)

    monkeypatch.setattr(Path, "mkdir", spy_mkdir)
    monkeypatch.setattr(os, "open", spy_open)
    StateFolder(tmp_path).holder()
    monkeypatch.undo()
    assert ("vr-exporter", 0o700) in made
    assert ("lock", 0o600) in made


def test_B3_what_is_no_folder_and_what_is_a_link_are_said_to_the_word(tmp_path: Path) -> None:
    """With the remedy."""
    path = tmp_path / "vr-exporter"
    path.write_text("")
    with pytest.raises(StateUnusable) as caught:
        StateFolder(tmp_path)
    assert str(caught.value) == f"{path}: no folder (move it away, or give another folder)"
    path.unlink()
    folder = StateFolder(tmp_path)
    folder.lock.symlink_to(tmp_path)
    assert said(folder) == f"{folder.lock}: a link {REMEDY}"


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(errno.EROFS, "Read-only file system"), "read-only file system"),
        (OSError(), "unusable"),
    ],
)
def test_B3_whatever_the_system_says_is_said_in_lower_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, why: str
) -> None:
    """Some errors have no words."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StateUnusable) as caught:
        StateFolder(tmp_path)
    assert str(caught.value) == f"{tmp_path / 'vr-exporter'}: {why} {REMEDY}"
