from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest

from vr_exporter.appliance.lockout import Lockout
from vr_exporter.domain.credentials import Credentials

NOW = 1_790_000_000.0
WRONG = Credentials("monitor@vsphere.local", "wrong-password")
URL = "https://vr.madrid.example"


def test_a_secret_that_was_never_refused_may_be_tried() -> None:
    """Nothing waits before the first refusal."""
    assert Lockout().left_seconds(URL, WRONG, now=NOW) == 0


@pytest.mark.parametrize("in_folder", [False, True])
def test_A22_a_refused_secret_waits_five_minutes(in_folder: bool, tmp_path: Path) -> None:  # noqa: FBT001 a test's parameter
    """The wait counts down from 300 s, in memory as in the state folder."""
    lockout = Lockout(tmp_path if in_folder else None)
    lockout.refused(URL, WRONG, now=NOW)
    assert lockout.left_seconds(URL, WRONG, now=NOW + 100) == 200
    assert lockout.left_seconds(URL, WRONG, now=NOW + 300) == 0


def test_A22_the_wait_is_shared_through_the_state_folder(tmp_path: Path) -> None:
    """What one process was refused the others do not try either."""
    Lockout(tmp_path).refused(URL, WRONG, now=NOW)
    assert Lockout(tmp_path).left_seconds(URL, WRONG, now=NOW + 1) == 299


def test_A22_a_changed_secret_or_account_does_not_wait(tmp_path: Path) -> None:
    """The wait is that of one secret of one account at one place."""
    lockout = Lockout(tmp_path)
    lockout.refused(URL, WRONG, now=NOW)
    changed = Credentials(WRONG.username, "another")
    other = Credentials("someone else", WRONG.password)
    assert lockout.left_seconds(URL, changed, now=NOW) == 0
    assert lockout.left_seconds(URL, other, now=NOW) == 0
    assert lockout.left_seconds("https://vr.berlin.example", WRONG, now=NOW) == 0


def test_an_accepted_secret_ends_the_wait(tmp_path: Path) -> None:
    """A login that worked clears what was remembered."""
    lockout = Lockout(tmp_path)
    lockout.refused(URL, WRONG, now=NOW)
    lockout.accepted(URL, WRONG, now=NOW)
    assert lockout.left_seconds(URL, WRONG, now=NOW) == 0


def test_the_file_is_ours_alone_and_holds_no_secret(tmp_path: Path) -> None:
    """Mode 0600, and neither password nor user name nor host can be read from it."""
    Lockout(tmp_path).refused(URL, WRONG, now=NOW)
    file = tmp_path / "logins.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert not {WRONG.password, WRONG.username, "madrid"} & set(text.split('"'))
    assert "madrid" not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logins.json", "logins.lock"]


def test_old_rows_are_dropped(tmp_path: Path) -> None:
    """The file keeps what still waits, so that it does not grow."""
    lockout = Lockout(tmp_path)
    for number in range(5):
        account = Credentials(f"user-{number}", "wrong")
        lockout.refused(URL, account, now=NOW + 200 * number)
    assert len(json.loads((tmp_path / "logins.json").read_text())) == 2


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b'{"a": 1}',
        b'{"a": {"salt": "zz", "hash": "00", "refused_at": 1}}',
        b"\xff",
    ],
)
def test_a_damaged_file_counts_as_empty(damage: bytes, tmp_path: Path) -> None:
    """Rubbish in the file stops no login, and the next refusal replaces it."""
    (tmp_path / "logins.json").write_bytes(damage)
    lockout = Lockout(tmp_path)
    assert lockout.left_seconds(URL, WRONG, now=NOW) == 0
    lockout.refused(URL, WRONG, now=NOW)
    assert lockout.left_seconds(URL, WRONG, now=NOW) == 300


def test_without_a_usable_folder_this_process_still_remembers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder that is not there costs the sharing, not the protection."""
    caplog.set_level(logging.WARNING)
    lockout = Lockout(tmp_path / "missing")
    lockout.refused(URL, WRONG, now=NOW)
    assert lockout.left_seconds(URL, WRONG, now=NOW) == 300
    assert caplog.messages == ["refused logins cannot be shared between processes"]


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    """Nobody makes us read or overwrite another file."""
    target = tmp_path / "target"
    target.write_text("{}")
    state = tmp_path / "state"
    state.mkdir()
    (state / "logins.json").symlink_to(target)
    Lockout(state).refused(URL, WRONG, now=NOW)
    assert target.read_text() == "{}"


def test_a_clock_that_was_set_back_makes_nobody_wait_longer(tmp_path: Path) -> None:
    """A day set back is no day of waiting; a correction by seconds changes nothing."""
    lockout = Lockout(tmp_path)
    lockout.refused(URL, WRONG, now=NOW)
    assert lockout.left_seconds(URL, WRONG, now=NOW - 86400) == 0
    assert lockout.left_seconds(URL, WRONG, now=NOW - 2) == 300


def test_A22_a_time_that_no_number_of_ours_holds_counts_as_damage(tmp_path: Path) -> None:
    """A row of the file whose time is absurd binds nobody, and ends nothing."""
    lockout = Lockout(tmp_path)
    lockout.refused(URL, WRONG, now=NOW)
    (file,) = (path for path in tmp_path.iterdir() if path.suffix == ".json")
    file.write_text(file.read_text().replace(str(NOW), "9" * 400))
    assert lockout.left_seconds(URL, WRONG, now=NOW) == 0
