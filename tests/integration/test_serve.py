"""The exporter as a process: it starts, reloads, refuses and ends as operators expect."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.command_line import IN_TIME, ROOT, a_world, run, served, settings_file
from tests.ports import free_port
from tests.prometheus import exporter, fetch, running, wait_until
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.server import SimServer

LISTENING = r"addresses=(\S+)"


@contextmanager
def serving(config: str, *flags: str) -> Iterator[tuple[Popen[str], str]]:
    """Run `serve` on a free port; hand over the process and its URL."""
    command = exporter(
        "serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0", *flags
    )
    with running(command, until=LISTENING) as (program, url):
        yield program, url


@pytest.fixture
def appliance() -> Iterator[SimServer]:
    """A simulated appliance on loopback."""
    with served(a_world()) as server:
        yield server


@pytest.fixture
def config(short_path: Path, appliance: SimServer) -> str:
    """Settings for that appliance, polled every five seconds."""
    return settings_file(short_path, {"madrid": {"url": appliance.url, "poll_interval": "5s"}})


def api_of(server: SimServer) -> Api:
    """The appliance behind a server."""
    return server.api


def is_ready(url: str) -> bool:
    """Whether every site was tried."""
    try:
        return fetch(f"{url}/-/ready").startswith("ready")
    except urllib.error.HTTPError:
        return False


def sites_of(url: str) -> set[str]:
    """Name the sites that the page shows."""
    answer = json.loads(fetch(f"{url}/api/v1/sites"))
    return {site["site"] for site in answer["sites"]}


def test_B8_sigterm_ends_within_five_seconds_with_the_session_logged_out(
    config: str, appliance: SimServer
) -> None:
    """Exit code 0, and nothing is left open at the appliance."""
    with serving(config) as (program, url):
        wait_until(lambda: is_ready(url), "it is ready")
        begun = time.monotonic()  # noqa: TID251 - a real process
        program.send_signal(signal.SIGTERM)
        code = program.wait(timeout=60)
        took = time.monotonic() - begun  # noqa: TID251
    counters = api_of(appliance).counters
    assert (code, counters.logins, counters.logouts) == (0, 1, 1)
    assert took < IN_TIME


def test_it_starts_while_the_appliance_is_away_and_heals_when_it_comes(
    short_path: Path, appliance: SimServer
) -> None:
    """No fault of an appliance ends `serve`, not even at the start (R6)."""
    sites = {
        "madrid": {"url": appliance.url},
        "berlin": {"url": f"http://127.0.0.1:{free_port()}"},
    }
    with serving(settings_file(short_path, sites)) as (_, url):
        wait_until(lambda: is_ready(url), "both were tried")
        page = fetch(f"{url}/metrics")
    assert 'vr_up{site="madrid"} 1' in page
    assert 'vr_up{site="berlin"} 0' in page
    assert 'vr_poll_failures_total{site="berlin",reason="connect"} 1' in page


def test_B10_a_hangup_takes_up_new_settings_and_keeps_the_session_of_what_stayed(
    short_path: Path, appliance: SimServer, config: str
) -> None:
    """A site is added; the other one's worker is left alone."""
    with served(a_world(), site="berlin") as other, serving(config) as (program, url):
        wait_until(lambda: is_ready(url), "it is ready")
        settings_file(
            short_path,
            {
                "madrid": {"url": appliance.url, "poll_interval": "5s"},
                "berlin": {"url": other.url},
            },
        )
        program.send_signal(signal.SIGHUP)
        wait_until(lambda: sites_of(url) == {"madrid", "berlin"}, "the new site is there")
        wait_until(lambda: is_ready(url), "it was tried")
        assert "vr_exporter_config_last_reload_successful 1" in fetch(f"{url}/metrics")
        assert api_of(appliance).counters.logins == 1


def test_B10_bad_settings_leave_the_old_ones_running(config: str) -> None:
    """The fault is logged, and a metric says so; nothing else changes."""
    with serving(config) as (program, url):
        wait_until(lambda: is_ready(url), "it is ready")
        Path(config).write_text("sites: {}\n", encoding="utf-8")
        program.send_signal(signal.SIGHUP)
        wait_until(
            lambda: "vr_exporter_config_last_reload_successful 0" in fetch(f"{url}/metrics"),
            "the fault is shown",
        )
        assert sites_of(url) == {"madrid"}


def test_a_site_that_leaves_the_settings_is_logged_out_and_leaves_the_page(
    short_path: Path, appliance: SimServer
) -> None:
    """Nothing of it remains."""
    with served(a_world(), site="berlin") as other:
        both = {"madrid": {"url": appliance.url}, "berlin": {"url": other.url}}
        with serving(settings_file(short_path, both), "--web.enable-lifecycle") as (_, url):
            wait_until(lambda: is_ready(url), "it is ready")
            settings_file(short_path, {"madrid": {"url": appliance.url}})
            request = urllib.request.Request(f"{url}/-/reload", method="POST")  # noqa: S310
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                assert answer.status == 200
            assert sites_of(url) == {"madrid"}
            assert api_of(other).counters.logouts == 1
            assert '{site="berlin"' not in fetch(f"{url}/metrics")


def test_C32_there_is_no_reload_over_http_unless_it_is_enabled(config: str) -> None:
    """404, as for any path that does not exist."""
    with serving(config) as (_, url):
        request = urllib.request.Request(f"{url}/-/reload", method="POST")  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)  # noqa: S310
        assert refused.value.code == 404
        refused.value.close()


def test_B18_a_second_exporter_on_one_state_folder_is_refused_by_name(config: str) -> None:
    """Exit code 3, and the pid of the holder."""
    with serving(config) as (program, _):
        ended = run("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")
        assert ended.code == 3
        assert f"held by process {program.pid}" in ended.err


def test_B8_neither_a_hanging_appliance_nor_a_client_that_reads_nothing_delays_the_end(
    short_path: Path, appliance: SimServer
) -> None:
    """Less than five seconds in all, and while it ends it is not ready."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        config = settings_file(short_path, {"madrid": {"url": appliance.url}, "berlin": away})
        with serving(config) as (program, url):
            wait_until(lambda: sites_of(url) == {"madrid", "berlin"}, "both are watched")
            host, _, port = url.removeprefix("http://").partition(":")
            with socket.create_connection((host, int(port))) as greedy:
                asked = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 40
                greedy.sendall(asked)
                begun = time.monotonic()  # noqa: TID251 - a real process
                program.send_signal(signal.SIGTERM)
                wait_until(lambda: not is_ready(url), "it is not ready")
                assert fetch(f"{url}/-/healthy").startswith("healthy")
                assert program.wait(timeout=60) == 0
                assert time.monotonic() - begun < IN_TIME  # noqa: TID251


def test_B9_a_second_signal_ends_it_at_once(short_path: Path) -> None:
    """Exit code 4, a last line that says why, and a state folder that serves again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        config = settings_file(short_path, {"madrid": away})
        command = exporter("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as program:
            assert program.stderr is not None
            assert "listening" in program.stderr.readline()
            with silent.accept()[0]:
                program.send_signal(signal.SIGTERM)
                assert "told to stop" in said_until(program, "told to stop")
                program.send_signal(signal.SIGTERM)
                assert "second signal" in said_until(program, "second signal")
                assert program.wait(timeout=60) == 4
        with serving(config) as (_, url):
            assert sites_of(url) == {"madrid"}


def said_until(program: Popen[str], wanted: str) -> str:
    """The line of stderr that holds this."""
    assert program.stderr is not None
    return next((line for line in program.stderr if wanted in line), "")


def test_B28_closed_standard_streams_are_no_trouble(config: str, appliance: SimServer) -> None:
    """No socket and no lock gets their numbers, and it ends well."""
    address = f"127.0.0.1:{free_port()}"
    command = exporter("serve", "--config.file", config, "--web.listen-address", address)
    closed = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command]
    with subprocess.Popen(closed, cwd=ROOT) as program:
        wait_until(lambda: is_ready(f"http://{address}"), "it is ready")
        streams = {Path(f"/proc/{program.pid}/fd/{number}").readlink() for number in (0, 1, 2)}
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
    assert streams == {Path("/dev/null")}
    assert api_of(appliance).counters.logouts == 1


def test_B20_a_port_in_use_is_said_before_any_login(short_path: Path, appliance: SimServer) -> None:
    """Exit code 2 and one line that names the address."""
    config = settings_file(short_path, {"madrid": {"url": appliance.url}})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run("serve", "--config.file", config, "--web.listen-address", address)
    assert ended.code == 2
    assert address in ended.err
    assert api_of(appliance).counters.logins == 0


def test_a_web_file_with_a_fault_is_said_in_one_line(config: str, short_path: Path) -> None:
    """Exit code 2, with file, key and remedy."""
    web = short_path / "web.yml"
    web.write_text("basic_auth_user: {}\n", encoding="utf-8")
    ended = run("serve", "--config.file", config, "--web.config.file", str(web))
    assert ended.code == 2
    assert "basic_auth_user" in ended.err
    assert len(ended.err.strip().splitlines()) == 1


@pytest.mark.parametrize("url", ["exporter:10843", "http://ann:pw@exporter", "http://[::1"])
def test_an_external_url_has_to_be_one(url: str, config: str) -> None:
    """Links would lead nowhere, or give a password away."""
    ended = run("serve", "--config.file", config, "--web.external-url", url)
    assert ended.code == 2
    assert ended.err.startswith("--web.external-url: ")
    assert "pw" not in ended.err


def test_the_address_may_be_given_by_the_environment(config: str) -> None:
    """Every flag has a variable, and a single site needs no file."""
    ended = run("serve", "--config.file", config, VR_WEB_LISTEN_ADDRESS="nonsense")
    assert ended.code == 2
    assert "nonsense" in ended.err
