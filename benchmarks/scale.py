"""One site of 10,000 replications: what a cycle, a scrape and the memory come to.

    python -m benchmarks.scale [--replications N] [--seconds S]

The simulated appliance and the exporter are processes of their own on loopback.
"""

from __future__ import annotations

import argparse
import gzip
import math
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from multiprocessing.queues import Queue
from pathlib import Path

USERNAME, PASSWORD = "monitor@vsphere.local", "simulated"
SIDE_REQUESTS = 4
"""/info, /pairings, /replication-servers, /tasks; see vr-api.md 9."""


def main() -> None:
    """Measure with the page size that is asked for, and with the appliance's default of 100."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--replications", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=400.0)
    options = parser.parse_args()
    for granted in (1000, 100):
        measure(options.replications, granted=granted, seconds=options.seconds)


def measure(replications: int, *, granted: int, seconds: float) -> None:
    """Run both processes for a while and print what was seen."""
    context = multiprocessing.get_context("spawn")
    urls: Queue[str] = context.Queue()
    simulator = context.Process(target=simulate, args=(replications, granted, urls), daemon=True)
    simulator.start()
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "scale.yml"
        settings.write_text(
            f"sites: {{madrid: {{url: '{urls.get(timeout=60)}', username: {USERNAME}, "
            f"password: {PASSWORD}, remote: {{username: {USERNAME}, password: {PASSWORD}}}}}}}\n"
            f"state: sqlite:///{folder}/state.db\n",
            encoding="utf-8",
        )
        exporter = subprocess.Popen(
            [
                *(sys.executable, "-m", "vr_exporter", "serve"),
                *("--config.file", str(settings)),
                *("--web.listen-address", "127.0.0.1:18431", "--log.level", "error"),
            ]
        )
        try:
            print_figures(replications, granted, watch(seconds), peak_megabytes(exporter.pid))
        finally:
            exporter.terminate()
            exporter.wait(timeout=10)
            simulator.terminate()


def simulate(replications: int, granted: int, urls: Queue[str]) -> None:
    """Be the appliance, until the parent ends this process."""
    from vr_exporter.simulator.api import Api
    from vr_exporter.simulator.options import Account, ApiOptions
    from vr_exporter.simulator.server import serve
    from vr_exporter.simulator.world import World, WorldOptions

    accounts = (Account(USERNAME, PASSWORD),)
    options = ApiOptions(accounts=accounts, page_size_cap=granted)
    world = World(WorldOptions(replications=replications), now=time.time)
    server = serve(Api(world, world.sites[0], options))
    urls.put(server.url)
    while True:
        server.wait(3600)


def watch(seconds: float) -> tuple[list[float], str]:
    """Scrape without pause for so long; return the times in seconds, and the last page."""
    times: list[float] = []
    page = ""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        request = urllib.request.Request(
            "http://127.0.0.1:18431/metrics",
            headers={"Accept-Encoding": "gzip", "Accept": "application/openmetrics-text"},
        )
        begun = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                body = answer.read()
        except OSError:
            time.sleep(0.1)
            continue
        times.append(time.perf_counter() - begun)
        page = gzip.decompress(body).decode() if time.monotonic() > end - 2 or not page else page
        time.sleep(0.02)
    return times, page


def peak_megabytes(pid: int) -> float:
    """Read the largest resident size that a process had."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else math.nan


def print_figures(
    replications: int, granted: int, watched: tuple[list[float], str], peak: float
) -> None:
    """Say it in a few lines."""
    times, page = watched
    polls = value(page, 'vr_polls_total{site="madrid"}')
    lists = value(page, 'endpoint="replications",method="GET",code="200"}')
    asked = sum(
        float(line.split()[-1])
        for line in page.splitlines()
        if line.startswith("vr_api_requests_total") and 'endpoint="session"' not in line
    )
    formula = SIDE_REQUESTS + math.ceil(replications / granted) + 2 + 1
    cycle = sum(
        float(line.split()[-1])
        for line in page.splitlines()
        if line.startswith("vr_poll_duration_seconds")
    )
    p99 = statistics.quantiles(times, n=100)[98]
    say(f"{replications} replications, pages of {granted}, {os.cpu_count()} processors")
    say(f"  requests a cycle       {asked / polls:.1f} (formula {formula}; {lists:.0f} pages)")
    say(f"  interval               {value(page, 'vr_poll_interval_seconds'):.0f} s")
    say(f"  last cycle             {cycle:.2f} s, of it held back by our pace: see vr_api_*")
    say(f"  page made in           {value(page, 'vr_snapshot_render_duration_seconds'):.3f} s")
    say(
        f"  scrape beside it       median {statistics.median(times) * 1e3:.1f} ms, "
        f"p99 {p99 * 1e3:.1f} ms, max {max(times) * 1e3:.0f} ms over {len(times)}"
    )
    say(f"  peak memory            {peak:.0f} MB")


def value(page: str, needle: str) -> float:
    """Read the first sample whose line holds a text."""
    line = next((line for line in page.splitlines() if needle in line and line[0] != "#"), "nan")
    return float(line.split()[-1])


def say(line: str) -> None:
    """Print one line of the report."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
