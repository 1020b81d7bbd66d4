"""The world as JSON on a loopback port of its own, for whoever checks what an exporter says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from vr_exporter.simulator.world import World


class TruthServer:
    """Answers every GET with the truth of the moment."""

    def __init__(self, world: World, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = ThreadingHTTPServer((host, port), _answering(world.truth))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._serve, name="truth", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the truth is read."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self) -> None:
        self._server.serve_forever(poll_interval=0.1)


def _answering(truth: Callable[[], dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(truth()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    return Answering
