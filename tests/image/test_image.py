"""The image, built from the Dockerfile and run as an engine would run it."""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import psutil
import pytest

from tests.command_line import IN_TIME
from tests.ports import free_port
from vr_exporter import __version__

HERE: Final = Path(__file__).parent
RUN: Final = str(HERE / "run")
EXEC: Final = str(HERE / "exec")
SITES: Final = 2
PLAIN: Final = {"Accept-Encoding": "identity"}
pytestmark = [pytest.mark.xdist_group("image"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    """Build the image; the first time on a machine, what it stands on too."""
    built = subprocess.run([HERE / "build"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, f"tests/image/build: {built.stderr[-2000:]}"


@pytest.fixture
def port() -> int:
    """A port of loopback that is free."""
    return free_port()


@pytest.fixture
def demo(port: int) -> Iterator[subprocess.Popen[str]]:
    """The container of `demo`; ended with SIGTERM when its stdin is closed."""
    command = [RUN, "demo", f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as container:
        yield container


def live_page(port: int, container: subprocess.Popen[str]) -> str:
    """The page once both sites are up; a container that ends first fails the test."""
    while container.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            page = httpx.get(f"http://127.0.0.1:{port}/metrics", headers=PLAIN, trust_env=False)
            if len(re.findall(r"^vr_up\{.*\} 1$", page.text, flags=re.MULTILINE)) == SITES:
                return page.text
        with contextlib.suppress(subprocess.TimeoutExpired):
            container.wait(timeout=0.1)
    pytest.fail(f"ended with {container.returncode}: {container.communicate()[0]}")


def first_process(container: subprocess.Popen[str]) -> psutil.Process:
    """The process that has the number 1 inside."""
    return psutil.Process(container.pid).children(recursive=True)[-1]


def status_of(process: psutil.Process) -> dict[str, str]:
    """What the kernel says of a process."""
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def mounts_of(process: psutil.Process) -> list[tuple[str, list[str]]]:
    """Places in a process's file system, each with the options it is mounted with."""
    lines = Path(f"/proc/{process.pid}/mountinfo").read_text(encoding="utf-8").splitlines()
    return [(line.split()[4], line.split()[5].split(",")) for line in lines]


def test_C29_demo_runs_unprivileged_on_a_read_only_root(
    demo: subprocess.Popen[str], port: int
) -> None:
    """The container serves live metrics as user 10001 without any right, and ends within 5 s."""
    page = live_page(port, demo)
    assert "vr_replication_last_sync_timestamp_seconds{" in page

    process = first_process(demo)
    status = status_of(process)
    assert status["NSpid"].split()[-1] == "1"
    assert set(status["Uid"].split()) == {"10001"}
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert status["NoNewPrivs"] == "1"

    asked = [EXEC, str(process.pid), "/opt/venv/bin/vr-exporter", "check", "--self"]
    checked = subprocess.run([*asked, f"--web.listen-address=127.0.0.1:{port}"], check=False)
    assert checked.returncode == 0

    writable = {place for place, options in mounts_of(process) if "rw" in options}
    assert "/" not in writable
    assert "/var/lib/vr-exporter" in writable

    demo.communicate(timeout=IN_TIME)
    assert demo.returncode == 0


def test_the_image_has_this_version() -> None:
    """The program inside is the one built from these files, started without a shell."""
    command = [RUN, "--version"]
    said = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == f"vr-exporter {__version__}"
