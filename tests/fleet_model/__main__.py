"""`python -m tests.fleet_model`: a simulated day of a fleet, every page checked by a model."""

from __future__ import annotations

import argparse
import logging
import sys

from tests.fleet_model.day import Plan, live


def main() -> int:
    """Live the hours that are asked for; 1 where a page is not as it must be, or memory grows."""
    logging.disable(logging.CRITICAL)
    told = live(_plan(), say=lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    for fault in told.faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{told.figures}\n")
    return 1 if told.faults else 0


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet_model", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--replications", type=int, default=40)
    given = parser.parse_args()
    return Plan(given.hours, given.seed, given.step, given.replications)


if __name__ == "__main__":
    sys.exit(main())
