"""A process whose descriptors run out: what it keeps for itself, and that it recovers."""

from __future__ import annotations

import resource
import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import psutil

from tests.command_line import a_world, served, settings_file
from tests.prometheus import exporter, fetch, running, wait_until

LISTENING = r"addresses=(\S+)"
SPARE = 40
SECONDS = 3.0


def highest_use(process: psutil.Process, seconds: float) -> int:
    """The most descriptors that were open at any look."""
    beat = threading.Event()
    return max(process.num_fds() for _ in range(int(seconds / 0.02)) if not beat.wait(0.02))


def test_B14_flood_of_connections_leaves_descriptors_for_the_polls(short_path: Path) -> None:
    """Eight stay free, no core is burnt, and once the flood ends it answers by itself."""
    with served(a_world()) as appliance:
        site = {"url": appliance.url, "poll_interval": "5s"}
        config = settings_file(short_path, {"madrid": site})
        command = exporter("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")
        with running(command, until=LISTENING) as (program, url):
            wait_until(lambda: fetch(f"{url}/-/ready").startswith("ready"), "it is ready")
            process = psutil.Process(program.pid)
            limit = process.num_fds() + SPARE
            resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (limit, limit))
            with ExitStack() as flood:
                for _ in range(SPARE + 10):
                    address = ("127.0.0.1", int(url.rpartition(":")[2]))
                    flood.enter_context(socket.create_connection(address, timeout=60))
                burnt = sum(process.cpu_times()[:2])
                most = highest_use(process, SECONDS)
                burnt = sum(process.cpu_times()[:2]) - burnt
            assert limit - 10 <= most <= limit - 8
            assert burnt < 0.2 * SECONDS
            wait_until(lambda: fetch(f"{url}/-/healthy").startswith("healthy"), "it answers")
            assert 'vr_up{site="madrid"} 1' in fetch(f"{url}/metrics")
