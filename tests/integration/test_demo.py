"""The demo: one command, live data, and other commands beside it."""

from __future__ import annotations

import json
import re
import signal
import time
import urllib.error
import urllib.request

import pytest

from tests.bridged import a_body, an_alert
from tests.command_line import IN_TIME, ROOT, run
from tests.prometheus import exporter, fetch, running

pytestmark = pytest.mark.xdist_group("demo")

COMPOSE = ROOT / "deploy/compose"


def test_the_demo_shows_live_data_of_two_sites_and_ends_within_five_seconds() -> None:
    """What it prints works: the address, the settings for other commands, Ctrl-C."""
    command = exporter(
        "demo", "--web.listen-address", "127.0.0.1:0", "--replications", "120", "--speed", "30"
    )
    with running(command, until=r"open\s+(\S+)/\s") as (program, url):
        page = fetch(f"{url}/metrics")
        for site in ("madrid", "berlin"):
            assert f'vr_up{{site="{site}"}} 1' in page
        seen = len(re.findall(r"^vr_replication_rpo_seconds\{", page, re.MULTILINE))
        assert 238 <= seen <= 240  # at times one is being replaced, at both sites
        assert "vr_replication_sync_progress_ratio{" in page
        assert 'vr_vm_replicated{vm="db-01"} 1' in page
        assert 'vr_vm_replicated{vm="payroll-01"} 0' in page
        sites = json.loads(fetch(f"{url}/api/v1/sites"))["sites"]
        assert [site["site"] for site in sites] == ["madrid", "berlin"]
        begun = time.monotonic()  # noqa: TID251 - a real process
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=60) == 0
        assert time.monotonic() - begun < IN_TIME  # noqa: TID251


def test_commands_beside_the_demo_ask_the_running_exporter() -> None:
    """`status` finds it by the settings that the demo wrote, and `bridge` asks it."""
    command = exporter(
        *("demo", "--web.listen-address", "127.0.0.1:0", "--replications", "30"),
        *("--webhook.token-file", str(COMPOSE / "webhook-token")),
        *("--alertmanager.url", "http://127.0.0.1:9"),
    )
    with running(command, until=r"settings\s+(\S+)") as (_, config):
        ended = run("status", "--replications", "--config.file", config, "--output", "json")
        assert ended.code == 0, ended.err
        answer = json.loads(ended.out)
        assert "exporter" in json.dumps(answer["source"])
        vm = answer["replications"][0]["vm"]
        ended = run("bridge", "--config.file", config, "explain", vm)
        assert ended.code == 0, ended.err
        assert "mode        ok       on" in ended.out
        assert "the silences of Alertmanager are not known: 127.0.0.1:9" in ended.out


def test_alertmanager_s_webhook_gets_into_the_demo_with_the_token_of_the_compose_stack() -> None:
    """Its dead man is heard, and without the token it is not."""
    token = COMPOSE / "webhook-token"
    command = exporter(
        *("demo", "--web.listen-address", "127.0.0.1:0", "--replications", "10"),
        *("--webhook.token-file", str(token)),
    )
    with running(command, until=r"open\s+(\S+)/\s") as (_, url):
        for shown, status in ((token.read_text().strip(), 200), ("wrong", 401)):
            assert posted(f"{url}/api/v1/alertmanager", token=shown) == status
        page = fetch(f"{url}/metrics")
        assert "vr_webhooks_received_total 2" in page
        assert 'vr_webhooks_refused_total{reason="auth"} 1' in page
        assert 'vr_webhook_alerts_total{status="firing"} 0' in page


def posted(url: str, *, token: str) -> int:
    """What Alertmanager is answered that tells of the dead man."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    body = a_body([an_alert(1.7e9, alertname="VrDeadman")])
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_an_address_in_use_ends_the_demo_with_one_line() -> None:
    """Exit code 2; the simulators end with it."""
    command = exporter("demo", "--web.listen-address", "127.0.0.1:0", "--replications", "10")
    with running(command, until=r"open\s+http://(\S+)/\s") as (_, address):
        ended = run("demo", "--web.listen-address", address)
        assert ended.code == 2
        assert address in ended.err
        assert len(ended.err.strip().splitlines()) == 1
