from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.asking import basic

COMMAND = [sys.executable, "-m", "vr_exporter", "simulate"]


@contextmanager
def _running(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and what it printed until it was ready."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*COMMAND, "--listen", "127.0.0.1:0", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as program:
        try:
            assert program.stdout
            printed = ""
            for line in program.stdout:
                printed += line
                if line.startswith("Ctrl-C"):
                    break
            yield program, printed
        finally:
            program.kill()


def _said(printed: str, word: str) -> str:
    found = re.search(rf"^{word} +(\S+)$", printed, re.MULTILINE)
    assert found, printed
    return found[1]


def _ended(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *flags], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_simulate_prints_what_to_use_and_ends_on_a_signal(number: signal.Signals) -> None:
    """Address, user and certificate work as printed; a signal ends it at once with 0."""
    with _running("--replications", "20", "--truth.listen-address", "127.0.0.1:0") as (
        program,
        said,
    ):
        context = ssl.create_default_context(cafile=_said(said, "certificate"))
        base = f"{_said(said, 'address')}/api/rest/vr/v2"
        headers = {"authorization": basic(_said(said, "user"), _said(said, "password"))}
        with httpx.Client(verify=context, trust_env=False) as client:
            assert client.post(f"{base}/session", headers=headers).status_code == 200
            assert client.get(_said(said, "truth")).json()
        program.send_signal(number)
        assert program.wait(60) == 0
    assert not Path(_said(said, "certificate")).exists()


def test_simulate_prints_a_settings_file() -> None:
    """What stands below `settings` can be pasted."""
    import yaml  # noqa: PLC0415 only here

    with _running("--no-tls") as (_, said):
        text = said.partition("settings\n")[2].partition("Ctrl-C")[0]
        site = yaml.safe_load(text)["sites"]["madrid"]
        assert site["url"] == _said(said, "address")
        assert site["url"].startswith("http://127.0.0.1:")
        assert site["remote"] == {"username": "monitor@vsphere.local", "password": "simulated"}


def test_given_password_is_not_printed() -> None:
    """A password of the user's stays theirs."""
    with _running("--no-tls", "--password", "canary-7f3a") as (_, said):
        assert "canary-7f3a" not in said


def test_one_version_is_served_when_asked() -> None:
    """`--api v1` leaves v2 out."""
    with _running("--no-tls", "--api", "v1") as (_, said):
        base = f"{_said(said, 'address')}/api/rest/vr"
        with httpx.Client(trust_env=False) as client:
            statuses = [client.get(f"{base}/{api}/info").status_code for api in ("v1", "v2")]
    assert statuses == [401, 404]


def test_faults_come_from_the_file(tmp_path: Path) -> None:
    """What the file says goes wrong."""
    path = tmp_path / "faults.yml"
    path.write_text("- {kind: html_page}\n", encoding="utf-8")
    with _running("--no-tls", "--faults", str(path)) as (_, said):
        answer = httpx.get(f"{_said(said, 'address')}/api/rest/vr/v2/info", trust_env=False)
    assert answer.text.startswith("<!DOCTYPE html>")


def test_help_lists_every_kind_of_fault() -> None:
    """The table stands in the help."""
    from vr_exporter.simulator.faults import KINDS  # noqa: PLC0415 only here

    text = _ended("--help").stdout
    assert all(re.search(rf"^  {kind} ", text, re.MULTILINE) for kind in KINDS)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--listen", "8443"), "--listen: '8443' is no HOST:PORT"),
        (("--no-tls", "--listen", "0.0.0.0:0"), "--no-tls: 0.0.0.0 is not on loopback"),
        (("--truth.listen-address", "0.0.0.0:0", "--listen", "127.0.0.1:0"), "not on loopback"),
        (("--tls.cert-file", "x.pem"), "--tls.cert-file and --tls.key-file need each other"),
        (("--tls.cert-file", "x.pem", "--tls.key-file", "x.key"), "No such file"),
        (("--faults", "/nonexistent/faults.yml"), "/nonexistent/faults.yml: No such file"),
        (("--speed", "0"), "--speed"),
        (("--api", "v3"), "--api"),
    ],
)
def test_bad_usage_ends_with_2_and_one_line(flags: tuple[str, ...], told: str) -> None:
    """What is wrong is said without a traceback."""
    ended = _ended(*flags)
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_taken_port_is_told() -> None:
    """The line names the address."""
    with _running("--no-tls") as (_, said):
        address = _said(said, "address").removeprefix("http://")
        ended = _ended("--no-tls", "--listen", address)
    assert (ended.returncode, f"cannot listen on {address}" in ended.stderr) == (2, True)


def test_same_seed_makes_the_same_world() -> None:
    """Two runs name the same replications."""
    names = []
    for _ in range(2):
        with _running("--no-tls", "--truth.listen-address", "127.0.0.1:0", "--seed", "5") as (
            _,
            said,
        ):
            truth = httpx.get(_said(said, "truth"), trust_env=False).json()
        names.append(sorted(re.findall(r'"name": "([^"]+)"', json.dumps(truth))))
    assert names[0] == names[1]
