"""`python -m vr_exporter` and `vr-exporter`: the version before any import that costs."""

from __future__ import annotations

import os
import sys

from vr_exporter import __version__

_LAST_STREAM = 2


def main() -> None:
    """Answer `--version` at once, else run the command line and end with its exit code."""
    _open_closed_streams()
    if sys.argv[1:2] == ["--version"]:
        sys.stdout.write(f"vr-exporter {__version__}\n")
        return
    _lighten_imports()
    from vr_exporter.cli import run

    sys.exit(run(sys.argv[1:]))


def _lighten_imports() -> None:
    """Search for no garbage among what is imported, and leave out what nobody uses of it.

    httpx would bring a command line of its own, with rich and pygments: a tenth of the time that
    a command takes to begin, and memory that an exporter keeps. Without it httpx does as where
    these are not installed.
    """
    from vr_exporter.app.garbage import look_seldom

    look_seldom()
    sys.modules["httpx._main"] = None  # type: ignore[assignment] # so Python says "not there"


def _open_closed_streams() -> None:
    """Lead a closed stdin, stdout or stderr nowhere, lest the next socket gets its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= _LAST_STREAM:
        continue
    os.close(number)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    main()
