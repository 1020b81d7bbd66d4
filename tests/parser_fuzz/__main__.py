"""Fuzzes every parser: `python -m tests.parser_fuzz [COUNT] [--parser NAME] [--seed N]`.

COUNT inputs for each (a million unless told), made from valid ones, on all processors at a time;
a tenth of them for files and arguments of this machine whose parsers are slow (YAML). Ends
badly on an exception that is no documented refusal, and on an input that takes more than a second.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

from tests.parser_fuzz.parser import Found, Parser
from tests.parser_fuzz.registry import parsers
from tests.parser_fuzz.run import run_named

BLOCK = 10_000


def main() -> None:
    """Fuzz, and print a line for each parser and one for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1_000_000, help="inputs for each")
    parser.add_argument("--parser", default="", help="those whose name holds this text")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other inputs")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = [name for name in parsers() if chosen.parser in name]
    work = [each for name in names for each in blocks(parsers()[name], chosen.count, chosen.seed)]
    began = time.perf_counter()
    found = _fuzzed(work)
    for name in names:
        print(line(name, found[name]))  # noqa: T201 - it is for reading
    print(summary(found, seconds=time.perf_counter() - began))  # noqa: T201 - as above
    sys.exit(any(each.bugs for each in found.values()))


def blocks(parser: Parser, count: int, seed: int) -> Iterator[tuple[str, int, int, int]]:
    """Cut the inputs of a parser into pieces of work."""
    own = round(count * parser.share)
    for block in range(-(-own // BLOCK)):
        yield parser.name, block, seed, min(BLOCK, own - block * BLOCK)


def _fuzzed(work: list[tuple[str, int, int, int]]) -> dict[str, Found]:
    found: dict[str, Found] = defaultdict(Found)
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for name, part in pool.imap_unordered(run_named, work):
            for bug in part.bugs:
                print(bug, flush=True)  # noqa: T201 - as above
            found[name].add(part)
    return found


def line(name: str, found: Found) -> str:
    """Say what came of one parser."""
    refused = ", ".join(f"{reason} {count}" for reason, count in found.refused.most_common())
    return (
        f"{name}: {found.inputs} inputs, {found.accepted} accepted, {found.seconds:.0f} s, "
        f"{found.seconds / max(found.inputs, 1) * 1e6:.0f} µs each; refused: {refused or 'none'}"
    )


def summary(found: dict[str, Found], *, seconds: float) -> str:
    """Say in one line what came of all."""
    inputs = sum(each.inputs for each in found.values())
    full = max((each.inputs for each in found.values()), default=0)
    whole = sum(each.inputs == full for each in found.values())
    uncaught = sum(each.refused["BUG"] for each in found.values())
    return (
        f"{len(found)} parsers, {inputs} inputs ({whole} parsers with {full}, "
        f"{len(found) - whole} slow ones of this machine with a tenth), {seconds:.0f} s; "
        f"{uncaught} uncaught"
    )


if __name__ == "__main__":
    main()
