"""A real Alertmanager, alone or in a cluster, and a receiver that keeps its notifications."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.alerts import note
from tests.loopback import Quiet, listening
from tests.ports import free_port
from tests.prometheus import fetch, running, wait_until
from tests.tools import tool
from vr_exporter.alerting.alertmanager import Alertmanager, Member
from vr_exporter.alerting.counting import Counting
from vr_exporter.alerting.sender import Sender
from vr_exporter.alerting.turns import Timing
from vr_exporter.app.alarm import Alarm
from vr_exporter.domain.alerts import News
from vr_exporter.domain.clock import Clock
from vr_exporter.ledger.outbox import Outbox
from vr_exporter.ledger.sqlite import Ledger

QUICK = Timing(resend_seconds=1.0, min_hold_seconds=6.0, resolved_for_seconds=4.0)
"""Above the group_wait and group_interval of the configuration below."""


@dataclass(slots=True)
class Webhook:
    """What came in, notification by notification."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def told(self, alertname: str) -> list[str]:
        """The status of an alert in each notification that holds it."""
        return [
            alert["status"]
            for body in self.bodies
            for alert in body["alerts"]
            if alert["labels"]["alertname"] == alertname
        ]


@contextmanager
def a_webhook() -> Iterator[Webhook]:
    """Receive notifications on loopback."""

    class Receiver(Quiet):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            webhook.bodies.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

    with listening(Receiver) as url:
        webhook = Webhook(f"{url}/")
        yield webhook


@dataclass(frozen=True, slots=True)
class Running:
    """One member at work."""

    url: str
    program: subprocess.Popen[str]

    def kill(self) -> None:
        """End it as a failing machine would."""
        self.program.kill()
        self.program.wait()

    def active(self, alertname: str) -> list[dict[str, Any]]:
        """The alerts of a name that it holds as active."""
        query = f"filter=alertname%3D{alertname}&active=true&silenced=false&inhibited=false"
        found: list[dict[str, Any]] = json.loads(fetch(f"{self.url}/api/v2/alerts?{query}"))
        return found

    def knows_its_peer(self) -> bool:
        """Whether the cluster has formed, as seen from here."""
        cluster = json.loads(fetch(f"{self.url}/api/v2/status"))["cluster"]
        return bool(cluster["status"] == "ready" and len(cluster.get("peers", [])) > 1)

    def silence(self, **labels: str) -> None:
        """Silence what has these labels, for an hour."""
        matchers = [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in labels.items()
        ]
        body = {
            "matchers": matchers,
            "startsAt": "2020-01-01T00:00:00Z",
            "endsAt": "2099-01-01T00:00:00Z",
            "createdBy": "a test",
            "comment": "quiet",
        }
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.url}/api/v2/silences",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=60).close()  # noqa: S310


@contextmanager
def an_alertmanager(
    folder: Path,
    webhook: Webhook,
    *,
    port: int = 0,
    cluster_port: int | None = None,
    peers: Sequence[int] = (),
    content: dict[str, Any] | None = None,
) -> Iterator[Running]:
    """Run one member; with a `cluster_port` it joins its peers. `content`: other settings."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "alertmanager.yml"
    route = {
        "receiver": "hook",
        "group_by": ["alertname"],
        "group_wait": "1s",
        "group_interval": "2s",
        "repeat_interval": "1h",
    }
    hook = {"url": webhook.url, "send_resolved": True}
    receivers = [{"name": "hook", "webhook_configs": [hook]}]
    content = content or {"route": route, "receivers": receivers}
    config.write_text(json.dumps(content), encoding="utf-8")
    port = port or free_port()
    cluster = "" if cluster_port is None else f"127.0.0.1:{cluster_port}"
    command = [
        str(tool("prometheus-alertmanager")),
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--cluster.listen-address={cluster}",
        *([f"--cluster.advertise-address={cluster}"] if cluster else []),
        "--cluster.settle-timeout=1s",
        "--cluster.peer-timeout=1s",
        "--cluster.gossip-interval=50ms",
        *(f"--cluster.peer=127.0.0.1:{peer}" for peer in peers),
    ]
    with running(command, until=r'msg="?(Listening)') as (program, _):
        here = Running(f"http://127.0.0.1:{port}", program)
        wait_until(lambda: "OK" in fetch(f"{here.url}/-/ready"), "alertmanager is ready")
        yield here


@contextmanager
def a_cluster(
    folder: Path, webhook: Webhook, *, contents: Sequence[dict[str, Any] | None] = (None, None)
) -> Iterator[tuple[Running, Running]]:
    """Run two members that know each other; `contents`: other settings for each."""
    one, two = free_port(), free_port()

    def begin(name: str, port: int, peer: int, content: dict[str, Any] | None) -> Running:
        place = folder / name
        return stack.enter_context(
            an_alertmanager(place, webhook, cluster_port=port, peers=[peer], content=content)
        )

    with ExitStack() as stack:
        members = begin("one", one, two, contents[0]), begin("two", two, one, contents[1])
        for member in members:
            wait_until(member.knows_its_peer, "the members know each other")
        yield members


class Sending:
    """A ledger with a sender, on a thread of its own, for each of some addresses."""

    def __init__(self, folder: Path, *urls: str, timing: Timing = QUICK) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = Clock(time.time, time.monotonic, lambda _: False)  # noqa: TID251 - a real process is told
        self.ledger = Ledger(folder / "state.db", now=self.clock.now())
        self.counting = Counting()
        self._alarms: list[Alarm] = []
        self._threads: list[threading.Thread] = []
        names = [f"am-{number}" for number, _ in enumerate(urls)]
        self.counting.watch(names)

        def serve(outbox: Outbox) -> None:
            outbox.serve(names, now=self.clock.now())

        self.ledger.change_outbox(serve)
        for name, url in zip(names, urls, strict=True):
            self._start(name, url, timing)

    def note(self, *news: News) -> None:
        """Let a poll bring this news."""
        note(self.ledger, *news)

    def stop(self) -> None:
        """End in order."""
        for alarm in self._alarms:
            alarm.end()
        for thread in self._threads:
            thread.join(timeout=60)
        self.ledger.close()

    def _start(self, name: str, url: str, timing: Timing) -> None:
        alarm = Alarm()
        clock = replace(self.clock, wait=alarm.wait)
        sender = Sender(
            name,
            member=Alertmanager(Member(name, url), authorize=lambda: "", clock=clock),
            box=self.ledger,
            timing=timing,
            counting=self.counting,
            clock=clock,
            random=lambda: 0.5,
        )
        thread = threading.Thread(target=sender.run, daemon=True)
        thread.start()
        self._alarms.append(alarm)
        self._threads.append(thread)
