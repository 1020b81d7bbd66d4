"""A running exporter as `sync` and `state` see it: its API on a socket, its triggers scripted."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.wishes import a_target, a_trigger
from vr_exporter.domain.triggers import Trigger, TriggerState
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.web.api.triggers import AUDIT_ROW, TRIGGER

SILENCE = "silence"
"""As an answer: the connection is closed without one."""

Answer = tuple[int, Any]
SYNCED = (TriggerState.RESERVED, TriggerState.RUNNING, TriggerState.SUCCEEDED)


def a_place(vm: str = "db-01", **changes: Any) -> dict[str, Any]:
    """A target as the API shows it."""
    place = {"replication": f"GID-{vm}", "site": "madrid", "pairing": "berlin", "vm": vm}
    return {**place, "pairing_id": "P-1", **changes}


def a_problem(status: int, detail: str) -> Answer:
    """A problem of the exporter's own."""
    return status, {"type": "about:blank", "status": status, "detail": detail}


def a_row(key: str = "k1", **changes: Any) -> dict[str, Any]:
    """A trigger as the API shows it; `vm` names its target."""
    vm = changes.pop("vm", "db-01")
    target = a_target(vm=vm, replication_id=f"GID-{vm}")
    row = TRIGGER.of(a_trigger(key=key, target=target, **changes))
    shape: dict[str, Any] = json.loads(json.dumps(row))
    return shape


@dataclass
class FakeExporter:
    """Answers like an exporter. Each look at the triggers takes every one a step further.

    `lives` says through which states the sync of a VM goes; `wishes` are answers to the next
    wishes instead of the usual one, SILENCE among them. `asked` is all that was asked.
    """

    places: list[dict[str, Any]] = field(default_factory=lambda: [a_place()])
    faults: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    lives: dict[str, tuple[TriggerState, ...]] = field(default_factory=dict)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    wishes: list[Any] = field(default_factory=list)
    looks: list[Any] = field(default_factory=list)
    untried: int = 0
    progress: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    audit: list[AuditRow] = field(default_factory=list)
    unknown: list[Trigger] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    taken: dict[str, list[Any]] = field(default_factory=dict)

    def answer(self, method: str, target: str, body: bytes, key: str) -> Answer | str:
        """The answer to one request."""
        parts = urlsplit(target)
        self.asked.append((method, target))
        routes: dict[str, Callable[[dict[str, list[str]]], Answer | str]] = {
            "/api/v1/sites": self._sites,
            "/api/v1/targets": self._targets,
            "/api/v1/triggers": self._triggers,
            "/api/v1/replications": self._replications,
            "/api/v1/tasks": lambda _query: (200, {"tasks": []}),
            "/api/v1/audit": self._audit,
        }
        if parts.path in routes:
            return routes[parts.path](parse_qs(parts.query))
        if method == "POST" and parts.path.endswith("/sync"):
            return self._wish(unquote(parts.path.split("/")[-2]), json.loads(body), key)
        if method == "POST" and parts.path.endswith("/acknowledge"):
            return self._acknowledge(unquote(parts.path.split("/")[-2]))
        if parts.path.startswith("/api/v1/triggers/"):
            return a_problem(404, "no trigger of this key")
        return a_problem(404, "no such page")

    def _sites(self, _query: dict[str, list[str]]) -> Answer:
        self.untried -= 1
        return 200, {"sites": [{"site": "madrid", "tried": self.untried < 0}]}

    def _targets(self, _query: dict[str, list[str]]) -> Answer:
        faults = [{"sentence": sentence} for sentence in self.faults]
        return 200, {"targets": self.places, "faults": faults, "unread": self.unread}

    def _wish(self, replication: str, body: Any, key: str) -> Answer | str:
        self.bodies.append(body)
        self.keys.append(key)
        instead = self.wishes.pop(0) if self.wishes else None
        if instead is not None and instead != (SILENCE, "taken"):
            return SILENCE if instead == SILENCE else instead
        is_new = key not in self.taken
        vm = replication.removeprefix("GID-")
        self.taken.setdefault(key, [vm, list(self.lives.get(vm, SYNCED))])
        return SILENCE if instead else (202 if is_new else 200, self._row(key))

    def _row(self, key: str) -> dict[str, Any]:
        vm, states = self.taken[key]
        changes: dict[str, Any] = {}
        if len(states) == 1:
            changes = {"ended_at": a_trigger().asked_at + 65, **self.changes.get(vm, {})}
        return a_row(f"ledger-{key}", vm=vm, state=states[0], **changes)

    def _triggers(self, _query: dict[str, list[str]]) -> Answer | str:
        if self.looks:
            instead = self.looks.pop(0)
            if instead is not None:
                return SILENCE if instead == SILENCE else instead
        for taken in self.taken.values():
            taken[1] = taken[1][1:] or taken[1]
        unknown = [json.loads(json.dumps(TRIGGER.of(each))) for each in self.unknown]
        rows = [*map(self._row, self.taken), *unknown]
        return 200, {"generated_timestamp_seconds": a_trigger().asked_at + 90, "triggers": rows}

    def _replications(self, query: dict[str, list[str]]) -> Answer:
        rows = [
            {"site": "madrid", "replication": name, "progress": steps.pop(0) if steps else None}
            for name, steps in self.progress.items()
            if name in query.get("match", [])
        ]
        at = 1000.0 + 2 * len(self.asked)
        return 200, {"generated_timestamp_seconds": at, "replications": rows}

    def _audit(self, _query: dict[str, list[str]]) -> Answer:
        return 200, {"audit": json.loads(json.dumps(AUDIT_ROW.each(self.audit)))}

    def _acknowledge(self, word: str) -> Answer:
        closed = [each for each in self.unknown if word in (each.key, each.target.replication_id)]
        if not closed:
            return a_problem(404, "no trigger of this key or replication that stayed unknown")
        self.unknown = [each for each in self.unknown if each not in closed]
        return 200, {"acknowledged": [TRIGGER.of(each) for each in closed]}


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    exporter: FakeExporter

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        key = self.headers.get("idempotency-key") or ""
        answer = self.exporter.answer(self.command, self.path, body, key)
        if isinstance(answer, str):
            self.close_connection = True
            return
        status, shape = answer
        content = shape.encode() if isinstance(shape, str) else json.dumps(shape).encode()
        self.send_response_only(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_parts: object) -> None:
        pass


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def serving(exporter: FakeExporter, unix_socket: Path | None = None) -> Iterator[str]:
    """Answer on a port of loopback, or on a unix socket; the URL, or the path."""
    connection = type("Connection", (_Connection,), {"exporter": exporter})
    server: socketserver.BaseServer
    if unix_socket is None:
        tcp = _Tcp(("127.0.0.1", 0), connection)
        server, where = tcp, f"http://127.0.0.1:{tcp.server_address[1]}"
    else:
        unix_socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        server, where = _Unix(str(unix_socket), connection), str(unix_socket)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield where
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
