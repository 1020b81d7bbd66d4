"""Scrapes beside an attack, from a process of its own: `python -m tests.scraping URL SECONDS`.

One scrape in two has a connection of its own, the others share one that is kept, as Prometheus
keeps it. It prints what they took as JSON.
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

from tests.command_line import ROOT

PAUSE_SECONDS: Final = 0.02
TIMEOUT_SECONDS: Final = 10.0
HEADERS: Final = {"Accept": "application/openmetrics-text", "Accept-Encoding": "gzip"}


@dataclass(frozen=True, slots=True)
class Scraped:
    """How many scrapes there were, how many failed, and what the others took."""

    count: int
    failed: int
    p50_milliseconds: float
    p99_milliseconds: float
    most_milliseconds: float

    @property
    def text(self) -> str:
        """The same in words."""
        return (
            f"{self.count} scrapes beside it, {self.failed} failed, p50 {self.p50_milliseconds} ms,"
            f" p99 {self.p99_milliseconds} ms, slowest {self.most_milliseconds} ms"
        )


class Scraper:
    """Scrapes one address; its certificate, if it has one, is not looked at."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._kept = self._connection()

    def scrape(self, *, is_kept: bool) -> float:
        """Scrape once; the seconds from the first step to the last byte.

        A kept connection may have given way to others meanwhile: then, as Prometheus does, it is
        made anew, once.
        """
        began = time.perf_counter()
        connection = self._kept if is_kept else self._connection()
        try:
            _fetch(connection)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not is_kept:
                raise
            connection.close()
            _fetch(connection)
        finally:
            if not is_kept:
                connection.close()
        return time.perf_counter() - began

    def close(self) -> None:
        """Let go of the connection that was kept."""
        self._kept.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        anyone = ssl._create_unverified_context()  # noqa: S323 - it is the time that counts
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=anyone)


def _fetch(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/metrics", headers=HEADERS)
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.client.OK:
        raise http.client.HTTPException(answer.status)


def scraped_for(url: str, seconds: float) -> Scraped:
    """Scrape again and again for so long."""
    scraper, pause = Scraper(url), threading.Event()
    took: list[float] = []
    failed = number = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        number += 1
        try:
            took.append(scraper.scrape(is_kept=number % 2 == 0))
        except (OSError, http.client.HTTPException):
            failed += 1
        pause.wait(PAUSE_SECONDS)
    scraper.close()
    in_order = sorted(round(1000 * each, 1) for each in took) or [float("inf")]
    return Scraped(
        count=number,
        failed=failed,
        p50_milliseconds=in_order[len(in_order) // 2],
        p99_milliseconds=in_order[-1 - len(in_order) // 100],
        most_milliseconds=in_order[-1],
    )


class Beside:
    """Scrapes going on in another process; `result` waits for its end."""

    def __init__(self, url: str, seconds: float) -> None:
        command = [sys.executable, "-m", "tests.scraping", url, str(seconds)]
        self._program = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def result(self) -> Scraped:
        """What the scrapes took."""
        printed, _ = self._program.communicate()
        return Scraped(**json.loads(printed))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(scraped_for(sys.argv[1], float(sys.argv[2])))) + "\n")
