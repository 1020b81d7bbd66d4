"""Programs to be measured against, from Debian: the machine's, else unpacked into .tools."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from tests.tools import FOLDER, ToolError, unpack

PACKAGES: Final = ("nginx", "wrk", "libluajit-5.1-2", "prometheus-node-exporter")
PROGRAMS: Final = ("nginx", "wrk", "prometheus-node-exporter")
_PLACE: Final = FOLDER / "peers"


def peer(name: str) -> Path:
    """Where the program stands; all are fetched when it is not there yet."""
    place = _find(name)
    if place is None:
        fetch()
        place = _find(name)
    if place is None:
        raise ToolError(f"{name}: not found; install Debian's {' and '.join(PACKAGES)}")
    return place


def environment() -> dict[str, str]:
    """The environment in which an unpacked program finds the library unpacked beside it."""
    libraries = [str(path) for path in (_PLACE / "usr/lib").glob("*-linux-gnu")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {**os.environ}


def fetch() -> None:
    """Download and unpack them once, whoever else asks at the same time."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(map(_find, PROGRAMS)):
            unpack(PACKAGES, _PLACE)


def _find(name: str) -> Path | None:
    ours = f"{_PLACE / 'usr/bin'}:{_PLACE / 'usr/sbin'}"
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:{ours}")
    return None if found is None else Path(found)


def main() -> int:
    """Fetch what is missing."""
    try:
        for name in PROGRAMS:
            peer(name)
    except ToolError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
