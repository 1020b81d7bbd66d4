"""A real Prometheus with the shortened rules, a real Alertmanager, and who hears of alerts."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import yaml

from tests.command_line import ROOT
from tests.lives import free_port
from tests.prometheus import fetch, prometheus, running, wait_until
from tests.rules_scaled import FACTOR, FILES, scaled_file
from tests.tools import tool

ALERTMANAGER: Final = ROOT / "deploy/alertmanager.yml"
INTERVAL_SECONDS: Final = 1
"""Scrapes and evaluations: a minute as in deploy/prometheus.yml, shortened."""

BEFORE_FIRST_LOOK_SECONDS: Final = 3.0
_FLAGS: Final = (
    "--query.lookback-delta=5s",
    "--rules.alert.resend-delay=1s",
    "--web.enable-lifecycle",
)
"""The first two are five minutes and one minute by default."""

_TIMES: Final = {"resolve_timeout", "group_wait", "group_interval", "repeat_interval"}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert in a notification: who was told, when, in which group, and what."""

    at: float
    receiver: str
    group: str
    is_firing: bool
    labels: dict[str, str]


@dataclass(slots=True)
class Stack:
    """Alertmanager as it is asked, and what it told."""

    url: str
    notices: list[Notice] = field(default_factory=list)

    def alerts(self) -> list[dict[str, Any]]:
        """Every alert that fires now, inhibited ones too."""
        found: list[dict[str, Any]] = json.loads(fetch(f"{self.url}/api/v2/alerts"))
        return found


@contextmanager
def a_stack(folder: Path, page: str) -> Iterator[Stack]:
    """Scrape this page, and let its alerts go their shipped ways to our receiver.

    Prometheus looks for its targets, and for Alertmanager, every five seconds of real time from
    its start on. So the rules are loaded shortly before its first look: from the start on they
    would have missed an exporter for five of their minutes, and after it told nobody for as long.
    """
    rules = folder / "rules"
    rules.mkdir()
    stack = Stack("")
    with ExitStack() as parts:
        hook = parts.enter_context(_a_receiver(stack))
        target = parts.enter_context(_an_alertmanager(folder, hook))
        stack.url = f"http://{target}"
        more = {
            "rule_files": [f"{rules}/*.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [target]}]}]},
        }
        jobs = {"vr-exporter": page}
        program = tool("prometheus")
        interval = f"{INTERVAL_SECONDS}s"
        judge = parts.enter_context(
            prometheus(program, folder, jobs, interval=interval, more=more, flags=_FLAGS)
        )
        threading.Event().wait(BEFORE_FIRST_LOOK_SECONDS)
        for name in FILES:
            (rules / name).write_text(scaled_file(name), encoding="utf-8")
        reload = urllib.request.Request(f"{judge.url}/-/reload", method="POST")  # noqa: S310 - our own
        urllib.request.urlopen(reload, timeout=10).close()  # noqa: S310 - as above
        wait_until(lambda: set(judge.query("vr_up").values()) == {1.0}, "the sites are watched")
        yield stack


def scaled_alertmanager(text: str, url: str, *, factor: int = FACTOR) -> dict[str, Any]:
    """The routes and inhibitions of a configuration, faster, with receivers below this address."""
    content: dict[str, Any] = _scaled(yaml.safe_load(text), factor)
    content["receivers"] = [
        {"name": each["name"], "webhook_configs": [{"url": f"{url}/{each['name']}"}]}
        for each in content["receivers"]
    ]
    return content


def _scaled(part: Any, factor: int) -> Any:
    if isinstance(part, dict):
        return {
            key: _shortened(value, factor) if key in _TIMES else _scaled(value, factor)
            for key, value in part.items()
        }
    return [_scaled(each, factor) for each in part] if isinstance(part, list) else part


def _shortened(duration: str, factor: int) -> str:
    """To the millisecond, unlike the rules: 10s is no whole number of them."""
    return f"{round(int(duration[:-1]) * _UNITS[duration[-1]] * 1000 / factor)}ms"


@contextmanager
def _an_alertmanager(folder: Path, hook: str) -> Iterator[str]:
    config = folder / "alertmanager.yml"
    content = scaled_alertmanager(ALERTMANAGER.read_text(encoding="utf-8"), hook)
    config.write_text(json.dumps(content), encoding="utf-8")
    target = f"127.0.0.1:{free_port()}"
    command = [
        str(tool("prometheus-alertmanager")),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={target}",
        "--cluster.listen-address=",
    ]
    with running(command, until=r'msg="?(Listening)'):
        wait_until(lambda: "OK" in fetch(f"http://{target}/-/ready"), "Alertmanager is ready")
        yield target


@contextmanager
def _a_receiver(stack: Stack) -> Iterator[str]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            at = time.time()  # noqa: TID251 - the drill lives in real time
            stack.notices += [
                Notice(
                    at,
                    self.path.strip("/"),
                    body["groupKey"],
                    alert["status"] == "firing",
                    alert["labels"],
                )
                for alert in body["alerts"]
            ]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
