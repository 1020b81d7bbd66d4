"""Draw previews of the dashboards from a bad day: `python -m tests.preview FOLDER`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.browsers import browser
from tests.day.asking import Asking
from tests.day.dashboards import FOLDER as DASHBOARDS
from tests.day.day import Plan
from tests.day.days import read_rules, store
from tests.preview.answers import Reader
from tests.preview.drawing import draw, page, picture

CAPTION: Final = (
    "Preview drawn by this project from the dashboard's JSON and a real Prometheus, not by Grafana"
)
_STORY: Final = (
    "topk(1, max by (replication, vm)"
    " (increase(vr_replication_rpo_breached_seconds_total[1d])) < 7200)"
)
"""Of those outside their RPO for less than two hours, the one that was so for longest."""


def main() -> int:
    """Draw each of them into a file of its own."""
    given = _parser().parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with _day(given) as asking, browser() as chromium:
        story = asking.instant(given.story).series
        if not story:
            sys.stderr.write("no replication has this story: give another --story\n")
            return 2
        replication, vm = story[0]["replication"], story[0]["vm"]
        reader = Reader(asking, {"replication": replication}, {"replication": vm})
        for source in sorted(given.dashboards.glob("vr-*.json")):
            document = json.loads(source.read_text(encoding="utf-8"))
            if document["uid"] not in (given.only or [document["uid"]]):
                continue
            with page(chromium) as opened:
                draw(opened, reader.sees(document, CAPTION))
                file = given.folder / f"preview-{source.stem.removeprefix('vr-')}.png"
                file.write_bytes(picture(opened))
            sys.stdout.write(f"{file}: {file.stat().st_size // 1000} kB\n")
    return 0


@contextmanager
def _day(given: argparse.Namespace) -> Iterator[Asking]:
    """The day that is served already, or a bad one told now."""
    if given.served:
        url, start, end = given.served
        yield Asking(url, float(start), float(end))
        return
    now = time.time()  # noqa: TID251 - the pictures show the day that ends now
    plan = Plan(end=now // 60 * 60, is_bad=True)
    with tempfile.TemporaryDirectory(prefix="vr-day-") as folder:
        day = store(plan, Path(folder), groups=read_rules(), say=print)
        with day.serve() as asking:
            yield asking


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.preview", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dashboards", type=Path, default=DASHBOARDS)
    parser.add_argument("--only", action="append", metavar="UID")
    parser.add_argument("--story", default=_STORY, help="PromQL that names one replication")
    parser.add_argument(
        "--served",
        nargs=3,
        metavar=("URL", "START", "END"),
        help="a day that `python -m tests.day serve` serves, seconds since 1970",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
