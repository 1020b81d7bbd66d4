from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pydantic import SecretStr

from vr_exporter.settings import Account, Secrets, SettingsError
from vr_exporter.settings.secrets import lies_in_memory


class Told:
    """What a reader of secrets tells: values learnt, failures counted."""

    def __init__(self, *, is_in_memory: bool = True) -> None:
        self.learned: list[str] = []
        self.failures = 0
        self.secrets = Secrets(
            learned=self.learned.append,
            failed=self.fail,
            is_in_memory=lambda _: is_in_memory,
        )

    def fail(self) -> None:
        """Count one failure."""
        self.failures += 1


def replace_file(path: Path, content: bytes) -> None:
    """Swap a file as secret mounts do: another inode under the name."""
    fresh = path.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A secret in a file, as an editor leaves it."""
    path = tmp_path / "secret"
    path.write_bytes(b"first\n")
    return path


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"a", "a"),
        (b"a\n", "a"),
        (b"a\r\n", "a"),
        (b"a\n\n", "a\n"),
        (b" a ", " a "),
        ("pässword".encode(), "pässword"),
    ],
)
def test_B11_one_trailing_newline_is_dropped(file: Path, content: bytes, secret: str) -> None:
    """One line end at the end is the editor's, all else is the secret's."""
    file.write_bytes(content)
    assert Told().secrets.read(None, file) == secret


def test_B11_rotated_file_is_taken_up(file: Path) -> None:
    """The next use after a change has the new value, and it is learnt for masking."""
    told = Told()
    told.secrets.read(None, file)
    replace_file(file, b"second\n")
    assert told.secrets.read(None, file) == "second"
    assert told.learned == ["first", "second"]


@pytest.mark.parametrize("content", [b"", b"\n", b"  \n", b"\xff\xfe"])
def test_B11_useless_file_keeps_the_old_value(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """An empty or undecodable file is warned about and counted once, and the old value serves."""
    told = Told()
    told.secrets.read(None, file)
    replace_file(file, content)
    assert [told.secrets.read(None, file) for _ in range(3)] == ["first"] * 3
    assert (told.failures, len(caplog.records)) == (1, 1)


def test_B11_file_that_went_away_keeps_the_old_value_until_it_is_back(file: Path) -> None:
    """A file away costs one count; back, it serves again."""
    told = Told()
    told.secrets.read(None, file)
    file.unlink()
    assert told.secrets.read(None, file) == "first"
    file.write_bytes(b"third")
    assert told.secrets.read(None, file) == "third"
    assert told.failures == 1


def test_file_that_never_held_a_secret_is_an_error(tmp_path: Path) -> None:
    """No login is tried with an empty password."""
    with pytest.raises(SettingsError, match="no secret could be read"):
        Told().secrets.read(None, tmp_path / "absent")


def test_credentials_are_those_of_the_moment(file: Path) -> None:
    """An account's password is read at each use; its repr hides it."""
    told = Told()
    account = Account(username="monitor", password_file=file)
    told.secrets.credentials(account)
    replace_file(file, b"second")
    credentials = told.secrets.credentials(account)
    assert (credentials.username, credentials.password) == ("monitor", "second")
    assert "second" not in repr(credentials)


def test_inline_secret_is_learnt() -> None:
    """A secret in the settings is masked in logs too."""
    told = Told()
    assert told.secrets.read(SecretStr("inline"), None) == "inline"
    assert told.learned == ["inline"]


@pytest.mark.parametrize(
    ("mode", "is_in_memory", "warnings"),
    [(0o644, False, 1), (0o640, False, 0), (0o600, False, 0), (0o644, True, 0)],
)
def test_C28_file_open_to_all_is_warned_about_once(
    file: Path,
    mode: int,
    warnings: int,
    caplog: pytest.LogCaptureFixture,
    *,
    is_in_memory: bool,
) -> None:
    """A secret on a disk that everybody may read is warned about once, and never refused."""
    file.chmod(mode)
    link = file.with_suffix(".link")
    link.symlink_to(file)
    told = Told(is_in_memory=is_in_memory)
    assert [told.secrets.read(None, link) for _ in range(2)] == ["first", "first"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * warnings


def test_any_file_is_in_memory_or_not(file: Path) -> None:
    """The file system of a file is found without an error, whatever it is."""
    assert lies_in_memory(file.stat()) in (True, False)
