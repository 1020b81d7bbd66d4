"""A serving exporter with a secret at every place, beside an appliance that repeats what it hears.

Everything that the process writes or answers is kept, and searched when it has ended.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import bcrypt
import pytest

from tests.canaries import a_canary, disguises, leaks
from tests.command_line import ROOT, USERNAME, a_world, settings_file
from tests.prometheus import exporter, fetch, wait_until
from tests.raw_http import basic
from tests.real_alertmanager import Webhook, a_webhook
from vr_exporter.simulator.api import Api
from vr_exporter.simulator.messages import SimRequest, SimResponse
from vr_exporter.simulator.options import Account, ApiOptions
from vr_exporter.simulator.server import serve

PAGES = (
    *("/", "/metrics", "/-/healthy", "/-/ready", "/nowhere"),
    *("/api/v1/sites", "/api/v1/replications", "/api/v1/tasks"),
)
PLACES = (
    *("inline", "in_file", "wrong", "wrong_in_file", "remote", "trigger"),
    *("api", "webhook", "am", "web", "guess", "typo"),
)
OPENMETRICS = "application/openmetrics-text"
BASE64 = re.compile(r"[A-Za-z0-9+/]{48}")
UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Parrot(Api):
    """An appliance that can be told to refuse, and then repeats the secrets of the request.

    `tokens` are those of every session that it ever opened.
    """

    refuses_logins = False
    refuses_reading = False

    def answer(self, request: SimRequest) -> SimResponse:
        """Refuse if told to, else answer as the simulated appliance does."""
        answer = super().answer(request)
        is_login = request.target.endswith("/session") and request.method == "POST"
        if is_login and answer.status == 200:
            self.tokens.add(json.loads(answer.body)["session_id"])
        if self.refuses_logins if is_login else self.refuses_reading:
            return replace(answer, status=401 if is_login else 400, body=_echo(request))
        return answer

    @property
    def tokens(self) -> set[str]:
        """Every token so far."""
        found: set[str] = self.__dict__.setdefault("_tokens", set())
        return found


def _echo(request: SimRequest) -> bytes:
    heard = request.headers.get("authorization", "") + " " + request.headers.get("x-dr-session", "")
    encoded = heard.partition(" ")[2].split(" ")[0]
    try:
        pair = base64.b64decode(encoded).decode()
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    return json.dumps(
        {"error_code": "com.vmware.vr.error", "op_id": "1", "message": f"{heard} {pair}"}
    ).encode()


@dataclass
class Written:
    """All that left the process, by the way it took."""

    by_way: dict[str, str] = field(default_factory=dict)

    def add(self, way: str, text: str) -> None:
        """Keep a text."""
        self.by_way[way] = self.by_way.get(way, "") + text

    def ways_of(self, secret: str) -> list[str]:
        """The ways that a secret took, in whatever disguise."""
        return [way for way, text in self.by_way.items() if leaks(text, [secret])]


@dataclass
class Exporter:
    """A process under watch, and what it wrote."""

    program: subprocess.Popen[bytes]
    url: str
    written: Written
    login: str = ""

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> int:
        """Ask once, keep head and body of the answer; its status."""
        headers = {"Authorization": self.login} | headers
        request = urllib.request.Request(f"{self.url}{path}", method=method, headers=headers)  # noqa: S310
        try:
            answer = urllib.request.urlopen(request, timeout=60)  # noqa: S310
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            self.written.add(path, f"{answer.headers}\n{answer.read().decode()}")
            return int(answer.status)

    def ask_all(self) -> None:
        """Ask for every page, metrics in both formats."""
        for path in PAGES:
            self.ask(path)
        self.ask("/metrics", Accept=OPENMETRICS)

    def wait_for(self, sample: str, *sites: str) -> None:
        """Wait until the page has this sample of each site."""

        def is_there() -> bool:
            page = fetch(f"{self.url}/metrics", Authorization=self.login)
            return all(sample % site in page for site in sites)

        wait_until(is_there, f"{sample} is there")


@contextmanager
def watched(command: list[str], folder: Path, **environ: str) -> Iterator[Exporter]:
    """Run a program to its orderly end, everything that it writes kept."""
    files = {name: folder / name for name in ("stdout", "stderr")}
    with files["stdout"].open("wb") as out, files["stderr"].open("wb") as err:
        program = subprocess.Popen(
            command, cwd=ROOT, stdout=out, stderr=err, env={"PATH": "/usr/bin", **environ}
        )
    written = Written()
    try:
        wait_until(lambda: "listening" in files["stderr"].read_text(), "it listens")
        found = re.search(r"listening.*?(http://127\.0\.0\.1:\d+)", files["stderr"].read_text())
        assert found
        written.add("cmdline", Path(f"/proc/{program.pid}/cmdline").read_text())
        yield Exporter(program, found[1], written)
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=60) == 0
    finally:
        program.kill()
        program.wait()
        for name, file in files.items():
            written.add(name, file.read_text())


def state_of(folder: Path) -> str:
    """Every file of the state folder, with its name."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return "".join(f"{file}\n{file.read_bytes().decode(errors='replace')}\n" for file in files)


@contextmanager
def a_parrot(site: str, password: str, remote: str) -> Iterator[tuple[Parrot, str]]:
    """An appliance with one account here and one for its far side; it and its URL."""
    here, there = Account(USERNAME, password), Account(USERNAME, remote)
    parrot = Parrot(a_world(), site, ApiOptions(accounts=(here,), remote_accounts=(there,)))
    server = serve(parrot)
    try:
        yield parrot, server.url
    finally:
        server.close()


def rewrite(
    folder: Path,
    secrets: dict[str, str],
    urls: dict[str, str],
    *,
    alertmanager: str,
    interval: str = "60s",
) -> str:
    """Write settings with a secret at every place, the second site's in a file of its own."""
    (folder / "site.secret").write_text(secrets["in_file"])
    remote = {"username": USERNAME, "password": secrets["remote"]}
    trigger = {"username": USERNAME, "password": secrets["trigger"]}
    common = {"remote": remote, "trigger_account": trigger, "poll_interval": interval}
    first, second = urls
    return settings_file(
        folder,
        {
            first: {"url": urls[first], "password": secrets["inline"], **common},
            second: {
                "url": urls[second],
                "password": None,
                **common,
                "password_file": str(folder / "site.secret"),
            },
        },
        webhook={"bearer_token": secrets["webhook"]},
        alertmanagers=[{"url": alertmanager, "bearer_token": secrets["am"]}],
    )


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_C1_C24_C26_C27_a_serving_exporter_gives_no_secret_away(
    form: str, short_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Through good polls, echoing refusals, failing logins, reloads and an end, at debug level.

    The names of folder and site are canaries too: they are meant to be seen, so that a search
    that finds nothing at all is noticed.
    """
    secrets = {place: a_canary() for place in PLACES}
    seen = a_canary()
    folder = short_path / seen
    folder.mkdir()
    hashed = bcrypt.hashpw(secrets["web"].encode(), bcrypt.gensalt(4)).decode()
    (folder / "web.yml").write_text(f"basic_auth_users: {{ann: '{hashed}'}}")
    with (
        a_webhook() as hearing,
        a_parrot("madrid", secrets["inline"], secrets["remote"]) as (madrid, madrid_url),
        a_parrot("berlin", secrets["in_file"], secrets["remote"]) as (berlin, berlin_url),
    ):
        urls = {seen: madrid_url, "berlin": berlin_url}
        renew = partial(rewrite, folder, urls=urls, alertmanager=hearing.url)
        config = renew(secrets)
        flags = ["--log.level", "debug", "--log.format", form, "--web.enable-lifecycle"]
        command = exporter("serve", "--config.file", config, *flags)
        command += ["--web.config.file", str(folder / "web.yml")]
        command += ["--web.listen-address", "127.0.0.1:0"]
        with watched(command, folder, VR_API__BEARER_TOKEN=secrets["api"]) as process:
            process.login = basic("ann", secrets["web"])
            assert process.ask("/metrics", Authorization=basic("ann", secrets["guess"])) == 401
            assert process.ask("/metrics", Authorization=f"Bearer {secrets['guess']}") == 401
            process.wait_for('vr_up{site="%s"} 1', seen, "berlin")
            process.ask_all()
            send_an_alert(process, secrets["api"], hearing)

            madrid.refuses_reading = berlin.refuses_reading = True
            renew(secrets, interval="7s")
            assert process.ask("/-/reload", method="POST") == 200
            process.wait_for('vr_up{site="%s"} 0', seen, "berlin")
            process.ask_all()

            madrid.refuses_logins = berlin.refuses_logins = True
            secrets |= {"inline": secrets["wrong"], "in_file": secrets["wrong_in_file"]} | {
                f"{place} before": secrets[place] for place in ("inline", "in_file")
            }
            renew(secrets, interval="8s")
            assert process.ask("/-/reload", method="POST") == 200
            process.wait_for('vr_api_login_failures_total{site="%s"} 1', seen, "berlin")
            process.ask_all()

            Path(config).write_text(
                f"{Path(config).read_text()[:-1]}, 'rpo': [{secrets['typo']}]}}"
            )
            assert process.ask("/-/reload", method="POST") == 500
            process.ask_all()
    written = process.written
    written.add("state", state_of(folder / "state"))
    written.add("alerts", json.dumps(hearing.bodies))
    tokens = [*madrid.tokens, *berlin.tokens]
    assert len(tokens) >= 4
    for event in ("effective setting", "[hidden]", "told to stop", "not reloaded"):
        assert event in written.by_way["stderr"]
    assert "[hidden]" in written.by_way["/api/v1/sites"]
    for secret in (*secrets.values(), *tokens):
        assert written.ways_of(secret) == []
    assert "VrEventTest" in written.by_way["alerts"]
    record_property(
        "figure",
        f"{len(secrets) + len(tokens)} secrets in {len(disguises(seen))} disguises in"
        f" {len(written.by_way)} places ({form}): 0 found",
    )
    assert {*written.ways_of(seen)} >= {
        *("cmdline", "stderr", "state", "/", "/metrics", "/-/reload"),
        *("/api/v1/sites", "/api/v1/replications"),
    }


def send_an_alert(process: Exporter, token: str, hearing: Webhook) -> None:
    """Let a test alert go out, and wait until it is heard."""
    credential = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert process.ask("/api/v1/bridge/test-alert", method="POST", **credential) == 202
    wait_until(lambda: bool(hearing.bodies), "an alert is heard")


def session_tokens_in(text: str) -> list[str]:
    """What has the shape of an appliance's session token: the base64 of a UUID."""
    return [
        found
        for found in BASE64.findall(text)
        if UUID.fullmatch(base64.b64decode(found, validate=True))
    ]


def test_C24_the_demo_gives_no_secret_away(short_path: Path) -> None:
    """No session token and no password: its settings alone hold the one of the invented account."""
    command = exporter(
        *("demo", "--web.listen-address", "127.0.0.1:0", "--replications", "20"),
        *("--log.level", "debug", "--log.format", "json"),
    )
    with watched(command, short_path, TMPDIR=str(short_path)) as process:
        wait_until(lambda: process.ask("/-/ready") == 200, "both sites were tried")
        process.ask_all()
        state = [folder for folder in short_path.iterdir() if folder.is_dir()]
        assert [oct(folder.stat().st_mode & 0o777) for folder in state] == ["0o700"]
        process.written.add("state", state_of(state[0] / "vr-exporter"))
    everything = "".join(process.written.by_way.values())
    assert "effective setting" in everything
    assert "vr_up" in everything
    assert session_tokens_in(everything) == []
    pair = "monitor@vsphere.local:simulated"
    assert pair not in everything
    assert basic(*pair.split(":")) not in everything
    planted = base64.b64encode(b"0f0e0d0c-0b0a-4000-8000-000000000001").decode()
    assert session_tokens_in(f"x-dr-session: {planted};") == [planted]
