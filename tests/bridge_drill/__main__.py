"""`python -m tests.bridge_drill [--cluster] [--short]`: print the timeline, fail on any miss."""

from __future__ import annotations

import argparse
import sys

from tests.bridge_drill.play import play
from tests.tools import tool


def main() -> int:
    """Play it once."""
    parser = argparse.ArgumentParser(prog="python -m tests.bridge_drill", description=__doc__)
    parser.add_argument("--cluster", action="store_true", help="two Alertmanagers, and kills")
    parser.add_argument("--short", action="store_true", help="as the test suite does")
    given = parser.parse_args()
    for program in ("prometheus", "prometheus-alertmanager"):
        tool(program)
    outcome = play(clustered=given.cluster, is_short=given.short)
    verdict = "; ".join(outcome.faults) or "as it should be"
    figures = f"{outcome.summary}; {verdict}"
    sys.stdout.writelines(f"{line}\n" for line in (*outcome.lines, figures))
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
