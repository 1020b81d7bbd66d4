"""`vr-exporter bridge` as an operator runs it: alone, beside a serve, and from afar."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bridged import TOKEN, a_body, an_alert
from tests.command_line import a_world, run, served, settings_file
from tests.prometheus import exporter, fetch, running, wait_until
from tests.real_alertmanager import a_webhook, an_alertmanager
from tests.simulated import syncs_asked
from vr_exporter.simulator.server import SimServer
from vr_exporter.simulator.world import World

API_TOKEN = "api-canary"
PATH = "/api/v1/alertmanager"
LISTENING = r"addresses=(\S+)"


@pytest.fixture
def world() -> World:
    """One replication of it is two days late."""
    made = a_world()
    with made.lock:
        made.advance()
        late = next(row for row in made.population if row.source.name == "madrid")
        late.last_sync_at = made.time - 48 * 3600
        made.actions.syncing.plan(late, made.time + 7 * 86_400)
    return made


@pytest.fixture
def appliance(world: World) -> Iterator[SimServer]:
    """The appliance of that world."""
    with served(world) as server:
        yield server


@pytest.fixture
def config(short_path: Path, appliance: SimServer) -> str:
    """A bridge that is on."""
    return a_config(short_path, appliance)


def a_config(folder: Path, appliance: SimServer, **more: Any) -> str:
    """Settings with a webhook, and an api whose token opens what acts."""
    return settings_file(
        folder,
        {"madrid": {"url": appliance.url, "poll_interval": "5s"}},
        webhook={"bearer_token": TOKEN, "rules": ["VrRpoBreached"], "mode": "on"},
        api={"bearer_token": API_TOKEN},
        **more,
    )


def test_simulate_and_explain_alone_act_on_nothing(
    config: str, short_path: Path, appliance: SimServer
) -> None:
    """Without a serve the command runs an exporter of its own: 0 would act, 5 would not."""
    shown = run("status", "--replications", "--output", "json", "--config.file", config)
    rows = json.loads(shown.out)["replications"]
    late = next(row for row in rows if row["verdict"] == "breached")
    alert = an_alert(1.7e9, site="madrid", replication=late["replication"], vm=late["vm"])
    file = short_path / "webhook.json"
    file.write_bytes(a_body([alert]))
    acts = run("bridge", "simulate", str(file), "--config.file", config)
    assert (acts.code, acts.err) == (0, "")
    assert "would act" in acts.out
    file.write_bytes(a_body([{**alert, "status": "resolved"}]))
    acts_not = run("bridge", "simulate", str(file), "--config.file", config)
    assert (acts_not.code, "would not: resolved" in acts_not.out) == (5, True)
    explained = run("bridge", "explain", late["vm"], "--config.file", config)
    assert explained.code == 0
    assert explained.lines[-1] == f"=> {late['vm']} would be synced"
    assert run("bridge", "explain", "nobody", "--config.file", config).code == 5
    assert not syncs_asked(appliance.api)


def test_bad_usage_is_said_before_anybody_is_asked(config: str, short_path: Path) -> None:
    """2, in one line: no file, no webhook, no word."""
    file = short_path / "webhook.json"
    file.write_text('{"version": "3"}', encoding="utf-8")
    for words in (
        ("explain",),
        ("simulate",),
        ("simulate", str(short_path / "none.json")),
        ("simulate", str(file)),
        ("kill", "perhaps"),
        ("kill",),
    ):
        ended = run("bridge", *words, "--config.file", config)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err


def test_the_kill_switch_is_turned_in_the_ledger_that_nobody_holds(config: str) -> None:
    """It is on when serve starts; who turned it is said, and stands in the log."""
    assert run("bridge", "kill", "on", "--config.file", config).code == 3
    run("status", "--config.file", config)
    assert run("bridge", "explain", "nobody", "--config.file", config).code == 5  # makes a ledger
    on = run("bridge", "kill", "on", "--config.file", config)
    assert on.out.startswith("kill switch on: no alert starts a sync (command line, ")
    log = run("bridge", "log", "--config.file", config)
    assert "kill_switch" in log.out
    off = run("bridge", "kill", "off", "--config.file", config)
    assert off.out.startswith("kill switch off")
    assert run("bridge", "kill", "status", "--config.file", config).out == off.out


def test_a_test_alert_reaches_a_real_alertmanager_and_each_hop_is_told(
    short_path: Path, appliance: SimServer, tmp_path: Path
) -> None:
    """Outbox, Alertmanager, route: 0 where all took it, 5 where one is away; `log` has it."""
    with a_webhook() as people, an_alertmanager(tmp_path, people) as am:
        away = "http://127.0.0.1:9"
        good = a_config(short_path, appliance, alertmanagers=[{"url": am.url, "name": "am"}])
        ended = run("bridge", "test-alert", "--config.file", good)
        assert ended.code == 0, ended.out + ended.err
        assert [line.split()[0] for line in ended.lines] == ["outbox", "am", "am"]
        assert " ok " in ended.lines[-1]
        judged = run("check", "--config.file", good)
        assert judged.code == 5
        assert any("am" in line and f"no receiver posts to {PATH}" in line for line in judged.lines)
        both = [{"url": am.url, "name": "am"}, {"url": away, "name": "gone"}]
        bad = a_config(short_path, appliance, alertmanagers=both)
        ended = run("bridge", "test-alert", "--timeout", "2", "--config.file", bad)
        assert ended.code == 5
        assert any(line.startswith("gone") and "NOT YET" in line for line in ended.lines)
        judged = run("check", "--config.file", bad)
        assert any(line.startswith("gone") and "does not answer" in line for line in judged.lines)
    gone = a_config(short_path, appliance, alertmanagers=[{"url": am.url, "name": "am"}])
    ended = run("bridge", "test-alert", "--timeout", "2", "--config.file", gone)
    assert ended.code == 5, "it took an earlier test, and is away now"
    none = a_config(short_path, appliance)
    assert run("bridge", "test-alert", "--config.file", none).code == 5


def test_beside_a_serve_and_from_afar_the_commands_speak_with_it(
    config: str, short_path: Path, appliance: SimServer
) -> None:
    """A webhook comes, one sync runs; explain, log and kill tell of it over socket and TCP."""
    command = exporter("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")
    with running(command, until=LISTENING) as (_, url):
        wait_until(lambda: "ready" in fetch(f"{url}/-/ready"), "the site was read")
        rows = json.loads(fetch(f"{url}/api/v1/replications"))["replications"]
        late = next(row for row in rows if row["verdict"] == "breached")
        alert = an_alert(1.7e9, site="madrid", replication=late["replication"], vm=late["vm"])
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{url}/api/v1/alertmanager",
            a_body([alert]),
            {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"},
        )
        answers = [urllib.request.urlopen(request).status for _ in range(3)]  # noqa: S310 - as above
        assert answers == [202, 200, 200]
        token = short_path / "token"
        token.write_text(API_TOKEN, encoding="utf-8")
        afar = ("--server", url, "--token-file", str(token))
        for way in (("--config.file", config), afar):
            explained = run("bridge", "explain", late["vm"], *way)
            assert "offered 3x" in explained.lines[0]
            assert "=> refused: duplicate (final for this episode)" in explained.out
            assert "duplicate" in run("bridge", "log", *way).out
        assert run("bridge", "explain", late["vm"], "--server", url).code == 2
        on = run("bridge", "kill", "on", *afar)
        assert on.out.startswith("kill switch on: no alert starts a sync (api from 127.0.0.1 at ")
        assert "vr_trigger_kill_switch 1" in fetch(f"{url}/metrics")
        wait_until(lambda: syncs_asked(appliance.api) > 0, "the sync was asked for")
    assert syncs_asked(appliance.api) == 1
