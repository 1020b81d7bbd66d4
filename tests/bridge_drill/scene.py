"""All parts of the bridge's drill: two sites, exporter, Prometheus, one or two Alertmanagers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.bridge_drill.relay import Relay, a_relay
from tests.drill.field import (
    HOUR,
    LISTENING,
    Field,
    exporter_command,
    settings_of,
    shown,
    some_sites,
)
from tests.drill.stack import ALERTMANAGER, a_judge, scaled_alertmanager
from tests.ports import free_port
from tests.prometheus import Prometheus, fetch, running
from tests.real_alertmanager import Running, Webhook, a_cluster, a_webhook, an_alertmanager
from tests.rules_scaled import scaled_file
from vr_exporter.simulator.world import Replica
from vr_exporter.simulator.world.link import Link

ALERT: Final = "VrRpoBreached"
BRIDGE: Final = "vr-bridge"
REPEAT: Final = "500ms"
"""Shorter than the interval of the group: each of its flushes repeats the webhook."""

LATE_SECONDS: Final = 13 * 60.0
"""Past an RPO of an hour by more than the grace of twelve minutes."""


class Lives:
    """The exporter, life after life on one state folder and one port."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._lives = ExitStack()
        self.start()

    def start(self) -> None:
        """Begin the next life."""
        self._program, _ = self._lives.enter_context(running(self._command, until=LISTENING))

    def kill(self) -> None:
        """End it as a failing machine would."""
        self._program.kill()
        self._program.wait()

    def stop(self) -> None:
        """End it in order."""
        self._lives.close()


@dataclass(frozen=True)
class Scene:
    """What is drilled: `people` is where all receivers but the bridge's lead."""

    field: Field
    exporter: Lives
    port: int
    relay: Relay
    people: Webhook
    members: tuple[Running, ...]
    judge: Prometheus
    replica: Replica

    def audit(self) -> list[dict[str, Any]]:
        """What the exporter did for alerts, the oldest first, as `bridge log` shows it."""
        url = f"http://127.0.0.1:{self.port}/api/v1/audit?bridge=true"
        rows: list[dict[str, Any]] = json.loads(fetch(url))["audit"]
        return sorted(rows, key=lambda row: row["number"])

    def posts(self) -> int:
        """How many syncs the appliances were asked for, whatever they answered."""
        return sum(
            number
            for api in self.field.apis.values()
            for endpoint, number in api.counters.requests.items()
            if endpoint.startswith("POST") and endpoint.endswith("/sync")
        )


@contextmanager
def a_scene(
    folder: Path,
    *,
    clustered: bool,
    sync_minutes: float,
    rule_file: Callable[[str], str] = scaled_file,
) -> Iterator[Scene]:
    """Everything at work, and one VM past its RPO, whose next sync takes so long."""
    port = free_port()
    token = folder / "webhook.token"
    token.write_text(secrets.token_hex(16), encoding="ascii")
    with (
        some_sites(folder) as field,
        a_relay(field.time, port) as relay,
        a_webhook() as people,
        _tellers(folder, relay, people, token, clustered=clustered) as members,
    ):
        replica = _late(field, sync_minutes)
        config = settings_of(
            folder,
            field,
            alertmanagers=[{"url": each.url} for each in members],
            webhook={"bearer_token_file": str(token), "mode": "on", "rules": [ALERT]},
        )
        exporter = Lives(exporter_command(field, config, port=str(port)))
        try:
            urls = [each.url for each in members]
            with (
                shown(field, str(port)),
                a_judge(folder, field.page, urls, rule_file=rule_file) as judge,
            ):
                yield Scene(field, exporter, port, relay, people, members, judge, replica)
        finally:
            exporter.stop()


@contextmanager
def _tellers(
    folder: Path, relay: Relay, people: Webhook, token: Path, *, clustered: bool
) -> Iterator[tuple[Running, ...]]:
    place = folder / "alertmanagers"
    names = ("am-1", "am-2")
    contents = [shipped(people.url, f"{relay.url}/{name}", token) for name in names]
    if clustered:
        with a_cluster(place, people, contents=contents) as both:
            yield both
    else:
        with an_alertmanager(place, people, content=contents[0]) as alone:
            yield (alone,)


def shipped(people: str, bridge: str, token: Path) -> dict[str, Any]:
    """`deploy/alertmanager.yml`, faster, with our addresses and token; asks for syncs often."""
    text = ALERTMANAGER.read_text(encoding="utf-8")
    content = scaled_alertmanager(text, people)
    (receiver,) = (each for each in content["receivers"] if each["name"] == BRIDGE)
    (as_shipped,) = (each for each in yaml.safe_load(text)["receivers"] if each["name"] == BRIDGE)
    (hook,) = receiver["webhook_configs"] = as_shipped["webhook_configs"]
    hook["url"] = bridge
    hook["http_config"]["authorization"]["credentials_file"] = str(token)
    for route in content["route"]["routes"]:
        if route["receiver"] == BRIDGE and route.get("continue"):
            route["repeat_interval"] = REPEAT
    return content


def _late(field: Field, sync_minutes: float) -> Replica:
    """A VM from Madrid past its RPO, which nobody syncs unasked any more."""
    (replica,) = field.pick(suits=lambda each: each.rpo_seconds == HOUR)
    world = field.world
    with world.lock:
        world.advance()
        replica.last_sync_at = round(world.time - replica.rpo_seconds - LATE_SECONDS, 3)
        replica.straggle = sync_minutes * 60.0 / replica.rpo_seconds
        replica.link = Link(speed=1.0, now=world.time)
        world.actions.syncing.plan(replica, world.time + 24 * HOUR)
    return replica
