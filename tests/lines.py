"""Files that outlive the kill of who writes them."""

from __future__ import annotations

import os
from pathlib import Path


class Lines:
    """A file to which whole lines are appended: a kill of the writer takes none of them back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, line: str) -> None:
        """Append; visible to all at once."""
        os.write(self._descriptor, f"{line}\n".encode())

    def read(self) -> list[str]:
        """Return all lines."""
        return self._path.read_text().splitlines()
