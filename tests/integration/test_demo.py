"""The demo: one command, live data, and other commands beside it."""

from __future__ import annotations

import json
import re
import signal
import time

import pytest

from tests.command_line import IN_TIME, run
from tests.prometheus import exporter, fetch, running

pytestmark = pytest.mark.xdist_group("demo")


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
    """`status` finds it by the settings that the demo wrote."""
    command = exporter("demo", "--web.listen-address", "127.0.0.1:0", "--replications", "30")
    with running(command, until=r"settings\s+(\S+)") as (_, config):
        ended = run("status", "--config.file", config, "--output", "json")
        assert ended.code == 0, ended.err
        answer = json.loads(ended.out)
        assert "exporter" in json.dumps(answer["source"])


def test_an_address_in_use_ends_the_demo_with_one_line() -> None:
    """Exit code 2; the simulators end with it."""
    command = exporter("demo", "--web.listen-address", "127.0.0.1:0", "--replications", "10")
    with running(command, until=r"open\s+http://(\S+)/\s") as (_, address):
        ended = run("demo", "--web.listen-address", address)
        assert ended.code == 2
        assert address in ended.err
        assert len(ended.err.strip().splitlines()) == 1
