"""A real Prometheus that scrapes what the tests start, and programs that serve beside it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.command_line import ROOT
from tests.loopback import Quiet, listening

PATIENCE_SECONDS = 240.0
TEXT_FORMAT = "text/plain; version=0.0.4"

Sample = tuple[str, frozenset[tuple[str, str]]]


@contextmanager
def running(command: list[str], *, until: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a program and hand it over with the line in which it said that it is ready.

    `until` is a regular expression; its first group is what is handed over.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VR_")}
    program = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**kept, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    drain = threading.Thread(target=_drain, args=(program, lines), daemon=True)
    drain.start()
    try:
        yield program, _wait_for_line(program, re.compile(until), lines)
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(timeout=60)
        drain.join(timeout=60)
        if program.stdout:
            program.stdout.close()


def exporter(*arguments: str) -> list[str]:
    """The command line of `vr-exporter`."""
    return [sys.executable, "-m", "vr_exporter", *arguments]


def fetch(url: str, **headers: str) -> str:
    """Get a page as text."""
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        body: bytes = answer.read()
    return body.decode()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Ask again and again until something holds; give up after a long while."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.2)):
        try:
            if holds():
                return
        except (OSError, urllib.error.URLError, KeyError, IndexError):
            pass
        waiting.wait(0.2)
    raise AssertionError(f"gave up waiting until {what}")


class Prometheus:
    """Answers of a running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, expression: str) -> dict[Sample, float]:
        """Ask for the samples of an instant query, job and instance left out."""
        query = urllib.parse.urlencode({"query": expression})
        answer = json.loads(fetch(f"{self.url}/api/v1/query?{query}"))
        assert answer["status"] == "success", answer
        return dict(_sample(series) for series in answer["data"]["result"])

    def value(self, expression: str) -> float:
        """Ask for the one sample of a query."""
        (value,) = self.query(expression).values()
        return value


@contextmanager
def prometheus(
    program: Path,
    folder: Path,
    jobs: dict[str, str],
    *,
    interval: str = "1s",
    more: dict[str, Any] | None = None,
    flags: tuple[str, ...] = (),
) -> Iterator[Prometheus]:
    """Run Prometheus in a folder; `jobs` maps names to host:port, `more` goes to its settings."""
    config = folder / "prometheus.yml"
    config.write_text(
        json.dumps(
            {
                "global": {"scrape_interval": interval, "evaluation_interval": interval},
                **(more or {}),
                "scrape_configs": [
                    {"job_name": job, "static_configs": [{"targets": [target]}]}
                    for job, target in jobs.items()
                ],
            }
        ),
        encoding="utf-8",
    )
    command = [
        str(program),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        "--log.level=info",
        *flags,
    ]
    with running(command, until=r'msg="Listening on".* address=(\S+)') as (_, address):
        yield Prometheus(f"http://{address}")


@contextmanager
def forced_to_text(target: str, rewrite: Callable[[str], str] = str) -> Iterator[str]:
    """Relay scrapes to a target, asking it for the text format whatever was asked; host:port.

    While the target does not answer, a scrape fails here too.
    """

    class Relay(Quiet):
        def do_GET(self) -> None:
            try:
                body = rewrite(fetch(f"http://{target}{self.path}", Accept=TEXT_FORMAT)).encode()
            except OSError:
                self.send_error(502)
                return
            self.send_response(200)
            self.send_header("Content-Type", TEXT_FORMAT)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):
                self.wfile.write(body)

    with listening(Relay) as url:
        yield url.removeprefix("http://")


def _sample(series: dict[str, Any]) -> tuple[Sample, float]:
    labels = dict(series["metric"])
    name = labels.pop("__name__", "")
    for scrape in ("job", "instance"):
        labels.pop(scrape, None)
    return (name, frozenset(labels.items())), float(series["value"][1])


def _wait_for_line(
    program: subprocess.Popen[str], wanted: re.Pattern[str], lines: queue.Queue[str]
) -> str:
    said: list[str] = []
    while True:
        try:
            said.append(lines.get(timeout=PATIENCE_SECONDS))
        except queue.Empty:
            said.append("")
        assert said[-1], f"{program.args!r} ended or fell silent: {''.join(said)}"
        if found := wanted.search(said[-1]):
            return found[1]


def _drain(program: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    """Hand on every line, and an empty one at the end, so that the program never blocks."""
    for line in program.stdout or ():
        lines.put(line)
    lines.put("")
