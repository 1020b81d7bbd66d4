from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vr_exporter.ledger.folder import StateFolder, StateUnusable


@pytest.fixture(autouse=True)
def _restored_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    """The permission bits of a path."""
    return stat.S_IMODE(path.stat().st_mode)


def test_B3_our_folder_is_made_inside_a_missing_one(tmp_path: Path) -> None:
    """The configured folder is made where it is missing; ours is closed to others."""
    folder = StateFolder(tmp_path / "missing" / "state")
    assert folder.path.parent == tmp_path / "missing" / "state"
    assert mode_of(folder.path) == 0o700


def test_B3_wide_mode_of_the_configured_folder_is_no_matter(tmp_path: Path) -> None:
    """A mounted folder may be open to all; ours inside it is not, and is narrowed if it was."""
    tmp_path.chmod(0o777)
    first = StateFolder(tmp_path)
    first.path.chmod(0o755)
    assert mode_of(StateFolder(tmp_path).path) == 0o700


def test_B3_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    """A file under our name is somebody else's."""
    (tmp_path / "vr-exporter").write_text("")
    with pytest.raises(StateUnusable, match="no folder"):
        StateFolder(tmp_path)


def test_B3_a_link_under_our_name_is_refused(tmp_path: Path) -> None:
    """Our own files follow no links (C28)."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "vr-exporter").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateUnusable, match="no folder"):
        StateFolder(tmp_path)


def test_B3_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subfolder that belongs to another is not ours to use."""
    StateFolder(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(StateUnusable, match=r"belongs to user \d+, not to 12345"):
        StateFolder(tmp_path)


def test_B3_unusable_place_is_one_line_with_a_remedy() -> None:
    """Where nothing can be made, one line says so."""
    with pytest.raises(StateUnusable) as caught:
        StateFolder(Path("/proc/nowhere"))
    assert "\n" not in str(caught.value)
    assert "set state in the settings" in str(caught.value)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, r"no space left on device \(make room on the disk, or set state"),
        (errno.EDQUOT, r"quota exceeded \(make room in this user's disk quota, or set state"),
    ],
)
def test_B1_a_full_disk_at_the_start_is_the_state_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    """Exit code 3, which a service manager tries again, and not that of bad settings."""

    def full(*_anything: object) -> int:
        raise OSError(number, os.strerror(number))

    folder = StateFolder(tmp_path)
    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(StateUnusable, match=said):
        folder.hold()
    monkeypatch.undo()
    folder.hold()
    folder.release()


def test_C28_files_are_closed_to_others(tmp_path: Path) -> None:
    """The lock is 0600, and so is whatever is opened later, by the umask."""
    folder = StateFolder(tmp_path)
    folder.hold()
    (folder.path / "later").write_text("{}")
    assert (mode_of(folder.lock), mode_of(folder.path / "later")) == (0o600, 0o600)
    folder.release()


def test_C28_a_link_in_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    """Nobody makes us write through a link."""
    folder = StateFolder(tmp_path)
    folder.lock.symlink_to(tmp_path / "target")
    with pytest.raises(StateUnusable, match="a link"):
        folder.hold()
    assert not (tmp_path / "target").exists()


def test_B18_second_holder_is_told_the_pid_of_the_first(tmp_path: Path) -> None:
    """Two exporters never share a state; a second one learns who holds it."""
    first, second = StateFolder(tmp_path), StateFolder(tmp_path)
    first.hold()
    first.hold()
    with pytest.raises(StateUnusable, match=f"held by process {os.getpid()} "):
        second.hold()
    assert second.holder() == os.getpid()
    first.release()
    assert second.holder() is None
    second.hold()
    second.release()


def test_B18_who_only_looks_for_a_holder_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look shares the lock for a moment: one that comes in between tries again."""
    folder, flock = StateFolder(tmp_path), fcntl.flock
    looker = os.open(folder.lock, os.O_RDWR | os.O_CREAT)
    flock(looker, fcntl.LOCK_SH)
    looks = iter(range(3))

    def interrupted(lock: int, kind: int) -> None:
        if next(looks, None) is None:
            flock(looker, fcntl.LOCK_UN)
        flock(lock, kind)

    monkeypatch.setattr(fcntl, "flock", interrupted)
    folder.hold()
    assert folder.holder() == os.getpid()
    folder.release()
    os.close(looker)


def test_B18_the_folder_is_free_when_its_holder_is_dead(tmp_path: Path) -> None:
    """The lock dies with the process; a stale pid in it holds nothing."""
    code = (
        "import sys; from pathlib import Path; from vr_exporter.ledger.folder import StateFolder;"
        "StateFolder(Path(sys.argv[1])).hold()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)
    folder = StateFolder(tmp_path)
    assert folder.holder() is None
    folder.hold()
    assert folder.holder() == os.getpid()
    folder.release()


def test_B21_lock_that_keeps_nobody_out_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On such a file system two exporters would share one state; it is left unlocked."""
    real = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lambda file, how: real(file, fcntl.LOCK_UN) or how)
    folder = StateFolder(tmp_path)
    with pytest.raises(StateUnusable, match="lets two processes lock one file"):
        folder.hold()
    monkeypatch.undo()
    folder.hold()
    folder.release()


def test_B21_lock_that_keeps_other_processes_out_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over NFS a process may lock its own file twice, and no other process may."""
    folder = StateFolder(tmp_path)
    asked: list[bool] = []

    def can_lock_again(_folder: StateFolder) -> bool:
        asked.append(True)
        return True

    monkeypatch.setattr(StateFolder, "_can_lock_again", can_lock_again)
    folder.hold()
    assert asked == [True]
    folder.release()
