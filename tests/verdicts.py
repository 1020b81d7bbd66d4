"""What a loop of kills finds, asked of a program of its own, since it forks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def verdict_of(module: str, kills: int, *more: str) -> dict[str, Any]:
    """Kill so many lives one after the other, with a fixed seed, and judge what is left."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(kills), "1", *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr[-2000:]
    verdict: dict[str, Any] = json.loads(done.stdout.splitlines()[0])
    assert done.returncode == (1 if verdict["complaints"] else 0)
    return verdict
