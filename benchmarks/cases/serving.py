"""The same bytes served by our server and by nginx from a file, asked for by wrk."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.fetch import await_answer
from benchmarks.line import Goal, Line, compared
from benchmarks.peers import environment, peer
from benchmarks.side import Side

SIZES = {1: 380, 10: 4100, 50: 20_800}
"""Megabytes of a page, and the replications that make about that."""

CONNECTIONS = (1, 4, 16)
_WRK_SECONDS = 1
_PORT = 18_433
_MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  default_type "text/plain; version=0.0.4";
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


def measure(rounds: int) -> Iterator[Line]:
    """Measure each size with each number of connections, in turns."""
    for megabytes, replications in SIZES.items():
        with tempfile.TemporaryDirectory() as name, Side("fleet", replications, "--calm") as fleet:
            folder = Path(name)
            where = fleet.go("where")
            with Side("exporter", where["urls"]["madrid"]) as ours:
                ours.go("cycle", where["now"])
                ours.go("write", folder / "metrics")
                urls = ours.go("serve")["url"], f"http://127.0.0.1:{_PORT}"
                with _nginx(folder):
                    for connections in CONNECTIONS:
                        yield from _measure(
                            megabytes, connections, rounds, urls, ours.peak_megabytes()
                        )


def _measure(
    megabytes: int, connections: int, rounds: int, urls: tuple[str, str], peak: float
) -> Iterator[Line]:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_wrk(urls[0], connections))
        theirs.append(_wrk(urls[1], connections))
    case = f"serve against nginx, {connections} connections"
    yield compared(
        case,
        f"{megabytes}MB",
        unit="/s",
        ours=[rate for rate, _ in ours],
        base=[rate for rate, _ in theirs],
        goal=Goal(0.7, 1.0),
        is_rate=True,
        peak_megabytes=peak,
    )
    if megabytes == 1:
        yield compared(
            f"{case}, p99",
            "1MB",
            ours=[p99 for _, p99 in ours],
            base=[p99 for _, p99 in theirs],
            goal=Goal(float("inf"), 1.5, is_most=True),
            peak_megabytes=peak,
        )


def _wrk(url: str, connections: int) -> tuple[float, float]:
    """Requests a second, and the time of the slowest hundredth in milliseconds."""
    done = subprocess.run(
        [
            *(str(peer("wrk")), "-t1", f"-c{connections}", f"-d{_WRK_SECONDS}s", "--latency"),
            *("-H", "Accept-Encoding: identity", f"{url}/metrics"),
        ],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if rate is None or p99 is None or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(rate[1]), float(p99[1]) * _MILLISECONDS[p99[2]]


@contextmanager
def _nginx(folder: Path) -> Iterator[None]:
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=_PORT), encoding="ascii")
    folder.chmod(0o755)
    program = subprocess.Popen(
        [str(peer("nginx")), "-c", str(config), "-e", "stderr"], env=environment()
    )
    try:
        await_answer(f"http://127.0.0.1:{_PORT}")
        yield
    finally:
        program.terminate()
        program.wait(timeout=10)
