from __future__ import annotations

import os
from pathlib import Path

import pytest

from vr_exporter.ledger import file_system
from vr_exporter.ledger.file_system import doubtful_kind

MOUNTS = (
    "21 1 0:20 / / rw - ext4 /dev/sda1 rw",
    "22 21 0:21 / /srv rw,relatime shared:1 - nfs4 filer:/srv rw,vers=4.2",
    "23 22 0:22 / /srv/local rw - xfs /dev/sdb1 rw",
    r"24 21 0:23 / /mnt/two\040words rw - cifs //filer/share rw",
    "25 21 0:24 / /layers rw - overlay overlay rw,lowerdir=/a",
    "26 21 0:25 / /over rw - ext4 /dev/sdc1 rw",
    "27 26 0:26 / /over rw - fuse.sshfs host:/ rw",
)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/vr-exporter", None),
        ("/srv/vr-exporter", "nfs4"),
        ("/srv/local/vr-exporter", None),
        ("/srvlocal/vr-exporter", None),
        ("/mnt/two words/state", "cifs"),
        ("/layers/state", "overlay"),
        ("/over/state", "fuse.sshfs"),
    ],
)
def test_B21_file_system_is_that_of_the_nearest_mount(path: str, kind: str | None) -> None:
    """Network and layered ones are named; of two mounts on one place the later one counts."""
    assert doubtful_kind(Path(path), MOUNTS) == kind


def test_B21_where_no_mounts_are_told_nothing_is_doubted() -> None:
    """Not every system has the file."""
    assert doubtful_kind(Path("/var"), ()) is None


def test_B21_the_mounts_are_those_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as they are, names without UTF-8 included; no file means that nothing is known."""
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(file_system, "_MOUNTS", mounts)
    assert doubtful_kind(Path("/srv")) is None
    line = b"22 21 0:21 / /srv\xff/gr\xc3\xbcn rw - nfs4 filer:/srv rw\n"
    mounts.write_bytes(b"21 1 0:20 / / rw - ext4 /dev/sda1 rw\n" + line + line.upper())
    assert doubtful_kind(Path(os.fsdecode(b"/srv\xff/gr\xc3\xbcn/state"))) == "nfs4"
    assert doubtful_kind(Path("/srv")) is None


@pytest.mark.parametrize(
    "mounts",
    [
        ("1 0 0:1 / / rw - nfs host:/ rw",),
        ("1 0 0:1 / /a rw - nfs4 host:/ rw", "2 0 0:2 / / rw - ext4 /dev/sda rw"),
    ],
)
def test_B21_a_nearer_mount_counts_whatever_comes_after(mounts: tuple[str, ...]) -> None:
    """The root is a mount like any other, and the farthest of all."""
    assert doubtful_kind(Path("/a/b"), mounts) in ("nfs", "nfs4")


def test_B21_a_line_that_is_no_mount_is_passed_over() -> None:
    """What follows an odd line of the table is found all the same."""
    assert doubtful_kind(Path("/srv/x"), ("", "rest of a name", *MOUNTS)) == "nfs4"
