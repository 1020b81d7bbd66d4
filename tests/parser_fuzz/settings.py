"""Parsers of settings: YAML, single values, cron lines, environment, web file, secrets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from cronsim import CronSim

from tests.parser_fuzz.mutation import JSON, ODD_JSON, ODD_TEXT
from tests.parser_fuzz.parser import Parser, text_of
from tests.watched import MEMORY
from vr_exporter.appliance.address import Address as ApplianceAddress
from vr_exporter.appliance.wire.depth import is_too_deep
from vr_exporter.settings.cron import cron_fault
from vr_exporter.settings.document import DocumentError, read_document, read_flow
from vr_exporter.settings.faults import SettingsError
from vr_exporter.settings.loading import _checked, load
from vr_exporter.settings.secrets import SecretFile
from vr_exporter.settings.values import format_duration, parse_duration
from vr_exporter.simulator.faults.file import FaultFileError, read_faults
from vr_exporter.syncing.schedules import Schedule, next_slot
from vr_exporter.web.listeners import ListenError, split_address
from vr_exporter.web.webfile_reading import WebFileError, read_web_settings

_YAML = (
    b"sites:\n  madrid:\n    url: https://vr.example\n    username: a\n    password: b\n",
    b"site_defaults: &x {username: a, interval: 30s}\nsites:\n  a: {<<: *x, url: 'https://b'}\n",
    b"triggers:\n  schedules:\n  - cron: '0 2 * * mon'\n    vms: [\"db-*\", web] # nightly\n",
)
_ODD_YAML = (
    *ODD_TEXT,
    *(b"*x", b"&x ", b"<<: ", b"!!python/object:os.system ", b"!!int ", b"---\n", b"...\n", b"? "),
    *(b"|\n", b">-\n", b"%YAML 1.1\n", b"- ", b"\n  ", b"\n        ", b"0o17", b"22:00", b"[[[[[["),
    *(b"{" * 60, b"- " * 60, b"*x, " * 30, b"2026-01-01", b".inf", b"1_000", b"~"),
)
_SETTINGS = (
    b"{"
    b'"sites":{"madrid":{"url":"https://vr.example","username":"a","password":"b",'
    b'"poll_interval":"30s","page_size":500,"tls":{"insecure_skip_verify":true}}},'
    b'"triggers":{"mode":"on","cooldown":"10m","max_per_hour":60,"schedules":'
    b'{"n":{"cron":"0 2 * * *","match":{"site":"madrid","vm":"db-*"}}}},'
    b'"webhook":{"bearer_token":"x","rules":["VrRpoBreached"]},"alertmanagers":[{"url":"http://am:9093"}],"rpo":{"grace":"20%"}}'
)
_ODD_SETTINGS = (
    *ODD_JSON,
    *(b'"on"', b'"5m"', b'"1h30m"', b'"-1s"', b'"99999999y"', b'"20%"', b'"999%"', b'"https://["'),
    *(b'"https://h:99999"', b'"http://127.0.0.1"', b'"* * * * *"', b'"{a}"', b'"[a"', b'"\\u0000"'),
    *(b'"sites"', b'"url"', b'"password_file"', b'"maintenance"', b'"VrX{a=~\\"(\\"}"', b'"/x/y"'),
)
_WEB_FILE = (
    b"basic_auth_users:\n  a: $2b$10$" + b"a" * 53 + b"\nhttp_server_config:\n"
    b"  headers:\n    X-Frame-Options: deny\n",
    b"tls_server_config:\n  min_version: TLS12\n  client_auth_type: NoClientCert\n",
)


_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_FEWER = 0.1
"""PyYAML and pydantic take ten times as long as all other parsers, and files are ours."""


def parsers() -> Iterator[Parser]:
    """All of this room."""
    yield Parser("settings YAML", _YAML, read_document, (DocumentError,), _ODD_YAML, share=_FEWER)
    yield Parser(
        "settings", (_SETTINGS,), _settings, (SettingsError,), _ODD_SETTINGS, JSON, share=_FEWER
    )
    flows = (b"[a, b]", b"[{name: a, url: 'http://b'}]")
    yield Parser("variable in flow style", flows, _flow, (DocumentError,), _ODD_YAML, share=_FEWER)
    yield Parser("environment", _VARIABLES, _environment, (SettingsError,), share=_FEWER)
    durations = (b"30s", b"1h30m", b"5m", b"1d", b"250ms", b"1w2d3h4m5s6ms")
    yield Parser("duration", durations, _duration, (ValueError,))
    crons = (b"0 2 * * *", b"*/15 8-18 1,15 jan-mar mon-fri", b"5,10 0 * * 7")
    yield Parser("cron line", crons, _cron)
    addresses = (b"https://vr.example.com:8043", b"https://[fe80::1]:443", b"http://127.0.0.1:1")
    yield Parser("appliance address", addresses, _address, (ValueError,))
    listens = (b"0.0.0.0:10843", b"[::1]:80", b":9090")
    yield Parser("listen address", listens, lambda r: split_address(text_of(r)), (ListenError,))
    files = _Files()
    yield Parser("web file", _WEB_FILE, files.web, (WebFileError,), _ODD_YAML, share=_FEWER)
    yield Parser("secret file", (b"hunter2\n", b"p\xc3\xa4ss\r\n"), files.secret, (SettingsError,))
    faults = (b"- {kind: error, for: 2m, match: 'db-*', rate: 0.5}\n- kind: reset\n  at: 1m\n",)
    yield Parser("file of faults", faults, files.faults, (FaultFileError,), _ODD_YAML, share=_FEWER)


_VARIABLES = (
    b"VR_HOST=vr.example\nVR_USERNAME=a\nVR_PASSWORD=b\nVR_SITE=madrid",
    b"VR_SITES__MADRID__URL=https://vr\nVR_SITES__MADRID__USERNAME=a\nVR_SITES__MADRID__PASSWORD=b",
    b"VR_HOST=a\nVR_USERNAME=a\nVR_PASSWORD=b\nVR_ALERTMANAGERS=[http://a:1]\nVR_RPO__GRACE=20%",
)


def _settings(body: bytes) -> object:
    """Settings after their YAML: that is a parser of its own, which knows depth, and a slow one."""
    if is_too_deep(body):
        return None
    try:
        document: Any = msgspec.json.decode(body, type=dict[str, Any])
    except ValueError:
        return None
    return _checked({"flags": {}, "file": document}, {"HOME": "/nowhere"})


def _environment(raw: bytes) -> object:
    pairs = (line.partition("=") for line in text_of(raw).split("\n"))
    environ = {name: value for name, _, value in pairs if name}
    return load(Path("/dev/null"), environ={"HOME": "/nowhere", **environ})


def _flow(raw: bytes) -> object:
    read_flow(text_of(raw))
    return True


def _cron(raw: bytes) -> object:
    """A line that the settings take has to be one that the schedules can follow."""
    text = text_of(raw)
    if cron_fault(text):
        return None
    CronSim(text, _MONDAY)
    return next_slot(Schedule("n", text), _MONDAY.timestamp()) or "never"


def _duration(raw: bytes) -> object:
    return format_duration(parse_duration(text_of(raw)))


def _address(raw: bytes) -> object:
    address = ApplianceAddress(text_of(raw))
    return address.place, address.base, address.has_tls


class _Files:
    """Parsers that read files: theirs lie in memory."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self._path = Path(self._folder.name) / "file"

    def _written(self, content: bytes) -> Path:
        self._path.write_bytes(content)
        return self._path

    def web(self, content: bytes) -> object:
        """Read a web file."""
        return read_web_settings(self._written(content))

    def faults(self, content: bytes) -> object:
        """Read a file of faults."""
        return read_faults(self._written(content), sites=("madrid",))

    def secret(self, content: bytes) -> object:
        """Read a secret for the first time."""
        path = self._written(content)
        return SecretFile(path, learned=lambda _: None, failed=lambda: None)() or None
