"""Parsers of what comes from this machine: arguments, the ledger's own rows, mounts, answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from tests.parser_fuzz.mutation import JSON, ODD_JSON, ODD_TEXT, PAGES
from tests.parser_fuzz.parser import Parser, text_of
from tests.watched import MEMORY, Watched
from vr_exporter.cli.common import CommandError, FiniteRange, web_address
from vr_exporter.cli.duration import duration
from vr_exporter.cli.remote import _json
from vr_exporter.cli.rules.asked import groups_of, job_of, runbook_url_of
from vr_exporter.cli.simulate import _address
from vr_exporter.domain.snapshot import Snapshot
from vr_exporter.ledger.file_system import doubtful_kind
from vr_exporter.ledger.folder import StateUnusable
from vr_exporter.ledger.sqlite import Ledger
from vr_exporter.syncing.targets import Directory, Wanted

_MOUNTS = (
    b"22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n36 22 0:5 / /mnt/a\\040b rw - nfs4 h:/x rw"
)


_ODD_PAGES = (bytes(512), b"\xff" * 512, b"a" * 512, b'{"a":[1]}' * 60)
_FEWER = 0.1
"""A ledger is a file, and a selector comes from a person: each takes longer than all others."""


def parsers() -> Iterator[Parser]:
    """All of this room."""
    context = click.Context(click.Command("fuzz"))
    flag = click.Option(["--timeout"])
    read_duration = duration("1d")
    odd = (*ODD_TEXT, b"[!a]", b"*" * 30, b"[" * 30, b"a*" * 15, b"GID-", b"db-")
    selectors = (b"db-01", b"GID-1", b"web-*", b"app-[0-9]?")
    yield Parser("selector", selectors, _Selectors().take, odd=odd, share=_FEWER)
    yield Parser(
        "--timeout",
        (b"30s", b"1h30m"),
        lambda raw: read_duration(context, flag, text_of(raw)),
        (click.BadParameter,),
    )
    number = FiniteRange(0, 100)
    yield Parser(
        "number of a flag",
        (b"1.5", b"20"),
        lambda raw: number.convert(text_of(raw), flag, context),
        (click.BadParameter,),
    )
    refused = (CommandError,)
    urls = (b"http://localhost:10843", b"https://[::1]:1/x")
    yield Parser("--server", urls, lambda raw: web_address("--server", text_of(raw)), refused)
    listens = (b"127.0.0.1:8443", b"[::1]:0")
    yield Parser("simulate --listen", listens, lambda r: _address("--listen", text_of(r)), refused)
    yield Parser("rules --job", (b"vr-.+", b"(a|b)\\."), lambda r: job_of(text_of(r)), refused)
    books = (b"https://wiki.example/vr",)
    yield Parser("rules --runbook-url", books, lambda r: runbook_url_of(text_of(r)), refused)
    groups = ("sites", "triggers")
    yield Parser(
        "rules --group", (b"sites,triggers",), lambda r: groups_of(text_of(r), groups), refused
    )
    answer = (b'{"replications":[{"vm":"a","age":1.5}],"detail":"x"}',)
    yield Parser("exporter's answer", answer, _json, odd=ODD_JSON, tokens=JSON)
    yield Parser("mounts", (_MOUNTS,), _mounted)
    ledger = _Ledgers()
    yield Parser(
        "ledger file",
        (ledger.sample,),
        ledger.take,
        (StateUnusable,),
        odd=_ODD_PAGES,
        tokens=PAGES,
        share=_FEWER,
    )


def _mounted(raw: bytes) -> object:
    lines = text_of(raw).splitlines()
    doubtful_kind(Path("/mnt/a b/c"), lines)
    return True


class _Selectors:
    """Names, ids and globs on the command line, over one site that was polled once."""

    def __init__(self) -> None:
        self._directory: Directory | None = None

    def take(self, raw: bytes) -> object:
        """Find what is meant."""
        if self._directory is None:
            with Watched(replications=4) as watched:
                watched.poll()
                known: Snapshot = watched.board.current()
            self._directory = Directory(lambda: known)
        text = text_of(raw)
        found = self._directory.find(Wanted((text,), (text,)))
        return found.targets or None


class _Ledgers:
    """The ledger's file, damaged: opened or refused, and never repaired in silence."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self._path = Path(self._folder.name) / "state.db"
        with Watched(replications=6, churn=True) as watched:
            watched.poll()
            watched.ask(watched.names()[0])
            watched.work(300, step=10)
            watched.ledger.close()
            self.sample = (Path(watched.folder.name) / "state.db").read_bytes()

    def take(self, raw: bytes) -> object:
        """Open it, and close it."""
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        self._path.write_bytes(raw)
        ledger = Ledger(self._path, now=0.0)
        ledger.close()
        return True
