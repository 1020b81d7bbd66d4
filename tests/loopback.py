"""A small HTTP server on a free port of loopback that says nothing of what it serves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_LOOK_SECONDS = 0.05


class Quiet(BaseHTTPRequestHandler):
    """One connection; what it answers is written in `do_GET` and the like of its heirs."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(answering: type[Quiet]) -> Iterator[str]:
    """Serve until the block is left, each connection on a thread of its own; the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), answering)
    thread = threading.Thread(target=server.serve_forever, args=(_LOOK_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
