"""`python -m tests.fleet_model`: a simulated day of a fleet, every page checked by a model."""

from __future__ import annotations

import argparse
import logging
import sys

from tests.fleet_model.fleet import Fleet

MOST_SHOWN = 12


def main() -> int:
    """Live the hours that the command line wants; 1 at the first page that is not as it must be."""
    given = _parser().parse_args()
    logging.disable(logging.CRITICAL)
    fleet = Fleet(seed=given.seed, replications=given.replications, step_seconds=given.step)
    try:
        while fleet.lived_seconds < given.hours * 3600:
            found = fleet.turn()
            if found:
                for mismatch in found[:MOST_SHOWN]:
                    at = f"seed {given.seed}, {fleet.lived_seconds / 3600:.3f} h"
                    sys.stdout.write(f"{at}, {fleet.mischief.names()}: {mismatch}\n")
                sys.stdout.write(f"{len(found)} series not as they must be\n")
                return 1
    finally:
        fleet.close()
    sys.stdout.write(f"{fleet.steps} steps, {fleet.polls} polls ({fleet.failed} failed)\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet_model", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--replications", type=int, default=40)
    return parser


if __name__ == "__main__":
    sys.exit(main())
