"""Where the state lies: file systems on which a database or a lock may not hold (B21)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")
_SHARED = re.compile(r"nfs4?|cifs|smb3?|smbfs|9p|afs|ceph|glusterfs|lustre|overlay|fuse\..*")
_FIELDS_BEFORE_MOUNT: Final = 4


def doubtful_kind(path: Path, mounts: Iterable[str] | None = None) -> str | None:
    """The kind of a network or layered file system that this path lies on, None for any other.

    `mounts` are lines as of /proc/self/mountinfo (proc(5)); where there is none, nothing is known,
    and nothing of a line that is none of them.
    """
    found: tuple[int, str] = (-1, "")
    for line in _lines() if mounts is None else mounts:
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) <= _FIELDS_BEFORE_MOUNT:
            continue
        mounted = Path(_plain(fields[_FIELDS_BEFORE_MOUNT]))
        if path.is_relative_to(mounted) and len(mounted.parts) >= found[0]:
            found = (len(mounted.parts), after.partition(" ")[0])
    return found[1] if _SHARED.fullmatch(found[1]) else None


def _lines() -> list[str]:
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError:
        return []


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)
