"""Reading a page over HTTP as a scrape does, timed."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 60


def fetch_seconds(url: str, *, encoding: str = "identity") -> tuple[float, int]:
    """Fetch /metrics once on a connection of its own; seconds to the last byte, and the bytes."""
    parts = urlsplit(url)
    began = time.perf_counter()
    connection = http.client.HTTPConnection(
        parts.hostname or "127.0.0.1", parts.port, timeout=_TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", "/metrics", headers={"Accept-Encoding": encoding})
        answer = connection.getresponse()
        size = len(answer.read())
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{url} answered {answer.status}")
    return time.perf_counter() - began, size


def await_answer(url: str) -> None:
    """Ask until somebody answers."""
    for _ in range(200):
        try:
            fetch_seconds(url)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nobody answers at {url}")
