"""`python -m vr_exporter` and `vr-exporter`: the version before any import that costs."""

from __future__ import annotations

import sys

from vr_exporter import __version__


def main() -> None:
    """Answer `--version` at once, else run the command line and end with its exit code."""
    if sys.argv[1:2] == ["--version"]:
        sys.stdout.write(f"vr-exporter {__version__}\n")
        return
    from vr_exporter.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
