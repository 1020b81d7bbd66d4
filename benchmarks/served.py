"""The real `vr-exporter serve`, watching the appliances of a benchmark."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.settings import write_settings
from benchmarks.side import ROOT

_PATIENCE_SECONDS = 240.0


@contextmanager
def serving(
    folder: Path, urls: Mapping[str, str], *, port: int, **settings: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run it on a port of loopback; it is stopped at the end."""
    folder.mkdir(exist_ok=True)
    file = write_settings(folder, urls, **settings)
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "vr_exporter", "serve", "--config.file", str(file)),
            *("--web.listen-address", f"127.0.0.1:{port}", "--log.level", "error"),
        ],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("VR_")},
    )
    try:
        yield program
    finally:
        program.terminate()
        program.wait(timeout=15)


def page_of(port: int) -> str:
    """The page as text; asked for as gzip, as Prometheus does, so that no plain form is kept."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/metrics", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310 - loopback
        return gzip.decompress(answer.read()).decode()


def await_polls(port: int, polls: int, *, sites: int = 1, step_seconds: float = 0.25) -> None:
    """Wait until every site was polled well so many times; our counters may be a second old."""

    def has_polls(page: str) -> bool:
        done = re.findall(r"^vr_polls_total\{.*\} (\S+)$", page, re.MULTILINE)
        return len(done) == sites and min(map(float, done)) >= polls

    _await_page(port, has_polls, step_seconds=step_seconds)


def await_sites(port: int, sites: int, *, step_seconds: float) -> None:
    """Wait until so many sites are on the page with all that their first poll found."""

    def has_sites(page: str) -> bool:
        return len(re.findall(r"^vr_up\{.*\} 1$", page, re.MULTILINE)) == sites

    _await_page(port, has_sites, step_seconds=step_seconds)


def _await_page(port: int, is_there: Callable[[str], bool], *, step_seconds: float) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            page = page_of(port)
        except OSError:
            page = ""
        if is_there(page):
            return
        time.sleep(step_seconds)
    raise RuntimeError(f"the page did not come to it in {_PATIENCE_SECONDS:g} s")
