"""`python -m tests.torture`: run the long cases, print a line for each, end with 1 on a failure."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.torture import evidence
from tests.torture.running import run_all
from tests.torture.table import CASES


def main() -> int:
    """Run what is asked for."""
    options = _options()
    if options.list:
        sys.stdout.writelines(f"{case.name}: {case.promise}.\n  {case.line}\n" for case in CASES)
        return 0
    ran, where = [], evidence.circumstances()
    for each in run_all(
        [case for case in CASES if not options.case or case.name in options.case],
        is_quick=options.quick,
    ):
        sys.stdout.write(f"{each.line}\n")
        sys.stdout.flush()
        ran.append(each)
        if options.evidence:
            evidence.write(options.evidence, [each], where=where)
    failed = sum(not each.is_good for each in ran)
    sys.stdout.write(f"{len(ran)} cases, {failed} failed\n")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    names = [case.name for case in CASES]
    parser.add_argument("--case", choices=names, action="append", help="only this; repeatable")
    parser.add_argument("--list", action="store_true", help="show the cases and their commands")
    parser.add_argument("--quick", action="store_true", help="small counts, to try all of it")
    parser.add_argument(
        "--evidence", type=Path, metavar="FILE", help="write what was measured to this page"
    )
    options = parser.parse_args()
    if options.quick and options.evidence:
        parser.error("--quick measures nothing that could be evidence")
    return options


if __name__ == "__main__":
    sys.exit(main())
