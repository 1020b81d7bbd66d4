from __future__ import annotations

import os
from pathlib import Path

from vr_exporter.cli.alone import _logins_folder
from vr_exporter.settings import load


def logins_folder(state: Path) -> Path | None:
    """Where a command with its state there would remember refused logins."""
    environ = {
        "VR_HOST": "vr.madrid.example",
        "VR_USERNAME": "monitor@vsphere.local",
        "VR_PASSWORD": "invented",
        "VR_STATE": f"sqlite:///{state}/state.db",
    }
    return _logins_folder(load(None, environ=environ))


def test_refused_logins_are_remembered_in_a_state_folder_of_our_own(tmp_path: Path) -> None:
    """So that a second command, and the exporter, know of them."""
    assert logins_folder(tmp_path) == tmp_path / "vr-exporter"


def test_root_makes_no_state_folder_for_a_check(tmp_path: Path) -> None:
    """A folder of root's would keep the service out that runs as another user."""
    folder = tmp_path / "state"
    logins_folder(folder)
    assert folder.exists() == (os.geteuid() != 0)


def test_an_unusable_state_folder_does_not_stop_a_command(tmp_path: Path) -> None:
    """It remembers refused logins alone then."""
    (tmp_path / "vr-exporter").write_text("in the way", encoding="utf-8")
    assert logins_folder(tmp_path) is None
