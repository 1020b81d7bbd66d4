"""The torture loops of the wire: `python -m tests.wire_torture [--seed N] [--limit N]`.

Fails the n-th thing that crosses the wire in a poll and in a trigger, for n = 1, 2, 3 … until
none fails, in each of the ways of `fault_proxy.Kind`. Ends badly on a broken promise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time

from tests.wire_torture.loops import POLL, POLL_WITH_LOGIN, TRIGGER, loops, torture
from tests.wire_torture.tally import Tally


def main() -> None:
    """Run them all, four at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="another one breaks at other bytes")
    parser.add_argument("--limit", type=int, help="no more than so many crossings in each loop")
    parser.add_argument("--only", default="", help="loops whose name holds this text")
    chosen = parser.parse_args()
    wanted = [
        loop for loop in loops(seed=chosen.seed, limit=chosen.limit) if chosen.only in loop.name
    ]
    began = time.perf_counter()
    tallies = []
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for tally in pool.imap_unordered(torture, wanted):
            tallies.append(tally)
            print(tally.line(), *tally.broken, sep="\n  ", flush=True)  # noqa: T201 - it is for reading
    print(summary(tallies, seconds=time.perf_counter() - began))  # noqa: T201 - as above
    sys.exit(any(tally.broken for tally in tallies))


def summary(tallies: list[Tally], *, seconds: float) -> str:
    """Say in one line what was broken how often, and what came of it."""
    parts = []
    for subject in (POLL_WITH_LOGIN, POLL, TRIGGER):
        of = [tally for tally in tallies if tally.loop.subject == subject]
        kinds = {tally.loop.kind for tally in of}
        parts.append(f"{subject}: {len(kinds)} kinds, {sum(tally.turns for tally in of)} faults")
    broken = sum(len(tally.broken) for tally in tallies)
    return f"{'; '.join(parts)}; {seconds:.0f} s; {broken} broken promises"


if __name__ == "__main__":
    main()
