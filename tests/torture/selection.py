"""Tests of pytest as a case: `python -m tests.torture.selection FILE… [-k …]`.

The last line of what it prints are the figures that the tests recorded as the property `figure`.
"""

from __future__ import annotations

import sys
from typing import Final

import pytest

FIGURE: Final = "figure"


class Figures:
    """Keeps what the tests recorded, and how many of them passed."""

    def __init__(self) -> None:
        self.passed = 0
        self.said: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome of a test once it was called."""
        if report.when == "call":
            self.passed += report.passed
            self.said += [str(value) for name, value in report.user_properties if name == FIGURE]


def main(arguments: list[str]) -> int:
    """Run the tests, then print the figures."""
    figures = Figures()
    status = pytest.main(["-q", *arguments], plugins=[figures])
    words = [f"{figures.passed} tests passed" if figures.passed != 1 else "passed", *figures.said]
    sys.stdout.write("\n" + "; ".join(words) + "\n")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
