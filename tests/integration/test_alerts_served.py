"""A real `serve` that tells an Alertmanager: from the appliance's no to the post, over a kill."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import a_world, run, served, settings_file
from tests.prometheus import exporter, fetch, running, wait_until
from tests.real_alertmanager import Webhook, a_webhook
from tests.wire_server import Connection, a_server
from vr_exporter.alerting.alertmanager import WHOLE_SECONDS
from vr_exporter.domain.alerts import Event
from vr_exporter.simulator.faults import Fault
from vr_exporter.simulator.server import SimServer

LISTENING = r"addresses=(\S+)"
TOKEN = "canary-t0ken/am"


@pytest.fixture
def appliance() -> Iterator[SimServer]:
    """An appliance that refuses every sync."""
    with served(a_world()) as server:
        server.api.faults.add(Fault("error", operation="syncReplication", value=403))
        yield server


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    """Stands for an Alertmanager: what is posted to it is kept."""
    with a_webhook() as webhook:
        yield webhook


@pytest.fixture
def config(short_path: Path, appliance: SimServer, receiver: Webhook) -> str:
    """Settings for both."""
    return settings_file(
        short_path,
        {"madrid": {"url": appliance.url, "poll_interval": "5s"}},
        alertmanagers=[{"url": receiver.url, "name": "am", "bearer_token": TOKEN}],
        alerts={"labels": {"team": "storage"}},
    )


def posted(receiver: Webhook) -> list[dict[str, Any]]:
    """All alerts of all posts."""
    bodies: list[Any] = list(receiver.bodies)
    return [alert for body in bodies for alert in body]


def test_B27_what_the_appliance_refused_is_told_and_told_again_after_a_kill(
    config: str, receiver: Webhook
) -> None:
    """Seconds after the answer, with the names of the settings; and again at the next start."""
    serve = exporter(
        *("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0"),
        *("--web.external-url", "https://vr.example/exporter"),
    )
    names = _names(config)
    with running(serve, until=LISTENING) as (process, url):
        ended = run("sync", names[0], "--config.file", config)
        assert ended.code == 5, ended.err
        wait_until(lambda: bool(posted(receiver)), "the alert is posted")
        (alert,) = posted(receiver)
        assert alert["labels"]["alertname"] == Event.TRIGGER_REFUSED
        assert (alert["labels"]["site"], alert["labels"]["vm"]) == ("madrid", names[0])
        assert (alert["labels"]["team"], alert["labels"]["vr_origin"]) == ("storage", "bridge")
        assert alert["generatorURL"] == "https://vr.example/exporter/"
        page = fetch(f"{url}/metrics")
        assert f'vr_alerts_active{{alertname="{Event.TRIGGER_REFUSED}"}} 1' in page
        assert 'vr_alerts_sent_total{receiver="am"} 1' in page
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    with running(serve, until=LISTENING):
        wait_until(lambda: len(posted(receiver)) > 1, "it is told again")
    again = posted(receiver)[1]
    assert (again["labels"], again["startsAt"]) == (alert["labels"], alert["startsAt"])
    assert TOKEN not in json.dumps(receiver.bodies)


def test_B8_an_alertmanager_that_never_answers_does_not_hold_the_end_up(
    short_path: Path, appliance: SimServer
) -> None:
    """It ends before the answer would be given up: five seconds, and more on a busy machine."""
    asked = threading.Event()

    def hang(connection: Connection) -> None:
        connection.post()
        asked.set()
        connection.hang()

    with a_server(hang) as server:
        config = settings_file(
            short_path,
            {"madrid": {"url": appliance.url, "poll_interval": "5s"}},
            alertmanagers=[{"url": f"http://127.0.0.1:{server.port}"}],
        )
        serve = exporter("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")
        with running(serve, until=LISTENING) as (process, _):
            assert run("sync", _names(config)[0], "--config.file", config).code == 5
            assert asked.wait(60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=WHOLE_SECONDS - 1) == 0


def _names(config: str) -> list[str]:
    """VMs whose source is madrid, as `status` shows them."""
    ended = run("status", "--replications", "--output", "json", "--config.file", config)
    rows = json.loads(ended.out)
    rows = rows["replications"] if isinstance(rows, dict) else rows
    return [row["vm"] for row in rows if row["direction"] == "outgoing"]
