"""Triggers while the exporter itself is in trouble: its disk, its end, a second one beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.command_line import IN_TIME, ROOT, a_world, run, served, settings_file
from tests.ledgers import Faults
from tests.prometheus import exporter, running, wait_until
from vr_exporter.app import exporter as made_of
from vr_exporter.app import triggers
from vr_exporter.app.exporter import Exporter
from vr_exporter.app.fleet import LOGOUT_SECONDS
from vr_exporter.app.serving import WebOptions
from vr_exporter.cli.local import is_answered
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.settings import load
from vr_exporter.simulator.faults import Fault
from vr_exporter.simulator.server import SimServer

LISTENING = r"addresses=(\S+)"
SYNC = "POST /pairings/{pairing_id}/replications/{replication_id}/actions/sync"
MANY = 1000


@pytest.fixture
def appliance() -> Iterator[SimServer]:
    """A simulated appliance that works fast."""
    with served(a_world(speed=100)) as server:
        yield server


@pytest.fixture
def config(short_path: Path, appliance: SimServer) -> str:
    """Settings for that appliance, polled every five seconds."""
    return settings_file(short_path, {"madrid": {"url": appliance.url, "poll_interval": "5s"}})


def posts(appliance: SimServer) -> int:
    """How many syncs the appliance was asked for."""
    return appliance.api.counters.requests[SYNC]


def ids(appliance: SimServer) -> list[str]:
    """Replications whose source is madrid."""
    replicas = appliance.api.view.replications(appliance.api.view.pairings()[0]["pairing_id"])
    return [row.id for row in replicas if row.source.name == "madrid"]


class Local:
    """The API on the socket in a state folder."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "state" / "vr-exporter" / "socket"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request on a connection of its own, where somebody listens."""
        if not is_answered(self._socket):
            raise httpx.ConnectError("nobody listens")
        transport = httpx.HTTPTransport(uds=str(self._socket))
        with httpx.Client(transport=transport, base_url="http://exporter", timeout=60) as client:
            return client.request(method, path, **more)

    def wish(self, replication: str) -> httpx.Response:
        """Ask for a sync."""
        path = f"/api/v1/sites/madrid/replications/{replication}/sync"
        return self.ask("POST", path, json={})

    def is_ready(self) -> bool:
        """Whether it listens and every site was tried."""
        try:
            return self.ask("GET", "/-/ready").is_success
        except httpx.TransportError:
            return False

    def states(self) -> dict[str, str]:
        """The states of all triggers by key."""
        rows = self.ask("GET", "/api/v1/triggers").json()["triggers"]
        return {row["key"]: row["state"] for row in rows}

    def metric(self, sample: str) -> float:
        """The value of one sample of the page."""
        lines = self.ask("GET", "/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith(f"{sample} ")).split()[-1])


@contextmanager
def at_work(config: str, monkeypatch: pytest.MonkeyPatch, faults: Faults) -> Iterator[Exporter]:
    """An exporter in this process, its disk made to fail."""
    monkeypatch.setattr(made_of, "Ledger", partial(Ledger, connect=faults.connect))
    settings = load(Path(config), environ={})
    folder = StateFolder(settings.state_folder)
    folder.hold()
    program = Exporter(settings, folder=folder, load=lambda: settings, web=WebOptions(listen=()))
    try:
        program.start()
        thread = threading.Thread(target=program.run, daemon=True)
        thread.start()
        yield program
    finally:
        program.stop()
        folder.release()


def test_B1_a_full_disk_shuts_triggers_while_the_metrics_stay_fresh(
    config: str, short_path: Path, appliance: SimServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, the store's metrics say why, no POST; what is read is shown. With room all goes on."""
    monkeypatch.setattr(triggers, "PROBE_SECONDS", 1.0)
    faults = Faults()
    with at_work(config, monkeypatch, faults) as program:
        faults.commits, faults.is_gone = ["lost"] * MANY, True
        program.await_first_polls(120)
        local = Local(short_path)
        wished, later = ids(appliance)[:2]
        refused = local.wish(wished)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert local.metric("vr_store_up") == 0
        assert local.metric('vr_store_write_failures_total{op="commit"}') > 0
        assert local.metric('vr_up{site="madrid"}') == 1
        assert local.wish(later).status_code == 503
        assert posts(appliance) == 0
        faults.commits, faults.is_gone = [], False
        wait_until(lambda: local.metric("vr_store_up") == 1, "the probe brought it back")
        assert local.wish(later).status_code == 202
        wait_until(lambda: posts(appliance) == 1, "it is asked for")


def test_B6_an_outcome_that_could_not_be_written_is_found_on_the_task_list(
    config: str, short_path: Path, appliance: SimServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The POST was answered, its answer lost to the disk: the row is in doubt, never sent anew."""
    faults = Faults()
    with at_work(config, monkeypatch, faults) as program:
        program.await_first_polls(120)
        local = Local(short_path)
        settle = Ledger.settle

        def failing(self: Ledger, trigger: Any, *, now: float) -> Any:
            if trigger.state == "running" and not spent:
                spent.append(trigger)
                faults.commits = ["lost"]
            return settle(self, trigger, now=now)

        spent: list[Any] = []
        monkeypatch.setattr(Ledger, "settle", failing)
        key = local.wish(ids(appliance)[0]).json()["key"]
        wait_until(lambda: local.states()[key] == "succeeded", "its task was found")
        assert spent
        assert posts(appliance) == 1


def test_B8_a_post_in_flight_at_the_end_is_looked_for_at_the_next_start(
    config: str, short_path: Path, appliance: SimServer
) -> None:
    """It ends in time and takes no more; its row stays, and its task is found, never sent again."""
    appliance.api.faults.add(Fault("hang_after_head", operation="syncReplication"))
    with posting(config, short_path, appliance) as (program, key):
        begun = told_to_stop(program)
        assert no_more_is_taken(partial(Local(short_path).wish, ids(appliance)[1]))
        program.communicate(timeout=60)
        assert time.monotonic() - begun < IN_TIME  # noqa: TID251 - a real process
        assert program.returncode == 0
    appliance.api.faults.clear()
    with running(serve(config), until=LISTENING):
        again = Local(short_path)
        wait_until(lambda: again.states()[key] == "succeeded", "its task was found")
        assert posts(appliance) == 1


def test_B9_a_second_signal_with_a_post_in_flight_leaves_a_state_that_is_valid(
    config: str, short_path: Path, appliance: SimServer
) -> None:
    """It ends at once; the next start holds the row for unknown, and sends nothing."""
    appliance.api.faults.add(Fault("hang", operation="syncReplication"))
    with posting(config, short_path, appliance) as (program, key):
        begun = told_to_stop(program)
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=60)
        assert time.monotonic() - begun < LOGOUT_SECONDS  # noqa: TID251 - a real process
        assert program.returncode == 4
    appliance.api.faults.clear()
    with running(serve(config), until=LISTENING):
        again = Local(short_path)
        wait_until(again.is_ready, "it is ready")
        assert again.states()[key] == "ambiguous"
        assert again.metric('vr_triggers_ambiguous{site="madrid"}') == 1
        assert posts(appliance) == 1


def serve(config: str) -> list[str]:
    """The command that serves on a free port."""
    return exporter("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")


@contextmanager
def posting(
    config: str, folder: Path, appliance: SimServer
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """An exporter whose POST is on its way, and the key of that wish."""
    with subprocess.Popen(serve(config), cwd=ROOT, stderr=subprocess.PIPE, text=True) as program:
        local = Local(folder)
        wait_until(local.is_ready, "it is ready")
        key: str = local.wish(ids(appliance)[0]).json()["key"]
        wait_until(lambda: posts(appliance) == 1, "the POST is on its way")
        yield program, key


def told_to_stop(program: subprocess.Popen[str]) -> float:
    """Send the first signal; when that was."""
    assert program.stderr is not None
    begun = time.monotonic()  # noqa: TID251 - a real process
    program.send_signal(signal.SIGTERM)
    next(line for line in program.stderr if "told to stop" in line)
    return begun


def no_more_is_taken(wish: Callable[[], httpx.Response]) -> bool:
    """Whether an exporter that ends refuses a wish, if it still listens."""
    try:
        return wish().status_code == 503
    except httpx.TransportError:
        return True


def test_B18_a_command_talks_to_the_holder_of_the_state(config: str, appliance: SimServer) -> None:
    """`sync` beside `serve` opens no second ledger: its wish is in the holder's own."""
    with running(serve(config), until=LISTENING):
        words = ("sync", ids(appliance)[0], "--no-wait", "--output", "json")
        ended = run(*words, "--config.file", config)
        (wish,) = json.loads(ended.out)["syncs"]
        assert ended.code == 0
        shown = run("state", "show", "--config.file", config, "--output", "json")
        assert [row["key"] for row in json.loads(shown.out)["triggers"]] == [wish["key"]]
    assert appliance.api.counters.logins == 1
