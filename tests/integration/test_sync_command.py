"""`sync` and `state` as users run them, beside an exporter whose answers are scripted."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import PASSWORD, ROOT, run, settings_file
from tests.exporters import SYNCED, FakeExporter, a_place, a_problem, serving
from tests.wishes import a_trigger
from vr_exporter.cli.local import socket_in
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger.audit import AuditRow
from vr_exporter.ledger.folder import StateFolder
from vr_exporter.ledger.sqlite import Ledger

FOR_EVER = (TriggerState.RESERVED, *[TriggerState.RUNNING] * 1000)


@contextmanager
def beside(exporter: FakeExporter, folder: Path) -> Iterator[str]:
    """Settings beside which this exporter runs."""
    file = settings_file(folder, {"madrid": {"url": "https://vr.madrid.example"}})
    with serving(exporter, socket_in(folder / "state")):
        yield file


def test_it_speaks_with_the_exporter_that_runs_here_and_ends_with_a_table(tmp_path: Path) -> None:
    """Lines for what changes, then a row for each VM."""
    with beside(FakeExporter(), tmp_path) as file:
        ended = run("sync", "db-01", "--config.file", file)
    assert (ended.code, ended.err) == (0, "")
    assert ended.lines[:3] == [
        *("madrid db-01 queued", "madrid db-01 syncing", "madrid db-01 synced after 1m5s")
    ]
    assert ended.lines[-1].split() == ["db-01", "madrid", "synced", "1m5s", "-"]


def test_json_is_one_object_with_every_wish() -> None:
    """Nothing else is on stdout."""
    exporter = FakeExporter(
        places=[a_place("a"), a_place("b")],
        lives={"b": (TriggerState.RESERVED, TriggerState.FAILED)},
        changes={"b": {"reason": "storage", "sentence": "the sync of b failed: full"}},
    )
    with serving(exporter) as url:
        ended = run("sync", "a", "b", "--output", "json", "--max-age", "15m", VR_SERVER=url)
    shape = json.loads(ended.out)
    assert (ended.code, shape["exit_code"]) == (5, 5)
    assert [(each["vm"], each["word"], each["exit_code"]) for each in shape["syncs"]] == [
        *(("a", "synced", 0), ("b", "failed", 5))
    ]
    assert exporter.bodies[0]["max_age_seconds"] == 900


def test_no_wait_leaves_once_the_ledger_has_it(tmp_path: Path) -> None:
    """It says how to look, and ends well."""
    with beside(FakeExporter(lives={"db-01": FOR_EVER}), tmp_path) as file:
        ended = run("sync", "db-01", "--no-wait", "--config.file", file)
    assert ended.code == 0
    assert ended.err.splitlines()[0] == "left: 1 is queued (db-01)"
    assert f"vr-exporter state show --config.file {file}" in ended.err


def test_a_timeout_leaves_what_runs_and_ends_with_4(tmp_path: Path) -> None:
    """The task goes on at the appliance."""
    with beside(FakeExporter(lives={"db-01": FOR_EVER}), tmp_path) as file:
        ended = run("sync", "db-01", "--timeout", "2s", "--config.file", file)
    assert ended.code == 4
    assert ended.err.splitlines()[0] == "stopped after 2s: 1 goes on (db-01)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_what_runs_and_ends_with_4(tmp_path: Path, number: int) -> None:
    """Ctrl-C and SIGTERM alike: said in lines, without a traceback."""
    with (
        beside(FakeExporter(lives={"db-01": FOR_EVER}), tmp_path) as file,
        subprocess.Popen(
            [sys.executable, "-m", "vr_exporter", "sync", "db-01", "--config.file", file],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as command,
    ):
        assert command.stdout is not None
        while "syncing" not in command.stdout.readline():
            pass
        command.send_signal(number)
        _, said = command.communicate(timeout=60)
    assert command.returncode == 4
    assert said.splitlines() == [
        "stopped: 1 goes on (db-01)",
        f"look:   vr-exporter state show --config.file {file}",
        f"follow: vr-exporter sync db-01 --config.file {file}",
    ]


def test_one_bad_word_begins_nothing(tmp_path: Path) -> None:
    """One line, with the nearest names; 5."""
    said = 'no VM or replication "db-1" (nearest: db-01)'
    exporter = FakeExporter(faults=[said])
    with beside(exporter, tmp_path) as file:
        ended = run("sync", "db-01", "db-1", "--config.file", file)
    assert (ended.code, ended.out) == (5, "")
    assert ended.err == f"{said}; nothing was asked for\n"
    assert exporter.bodies == []


def test_a_sweep_that_could_not_see_all_says_so_and_ends_with_5(tmp_path: Path) -> None:
    """What was seen is synced all the same."""
    exporter = FakeExporter(unread=["berlin could not be read: login refused"])
    with beside(exporter, tmp_path) as file:
        ended = run("sync", "--all", "--config.file", file)
    assert ended.code == 5
    assert ended.err == "left out: berlin could not be read: login refused\n"
    assert "madrid db-01 synced after 1m5s" in ended.lines


def test_nothing_at_all_is_said_in_one_line(tmp_path: Path) -> None:
    """An empty site has nothing to sync."""
    with beside(FakeExporter(places=[]), tmp_path) as file:
        ended = run("sync", "--all", "--config.file", file)
    assert (ended.code, ended.out, ended.err) == (5, "", "nothing to sync\n")


@pytest.mark.parametrize("would_act", [True, False])
def test_a_dry_run_says_what_would_be_done(would_act: bool) -> None:  # noqa: FBT001 a parameter
    """0 would act, 5 would not; nothing is taken."""
    answer = {
        **a_place(),
        "would_act": would_act,
        "reason": "" if would_act else "paused",
        "sentence": "db-01 would be synced" if would_act else "db-01 is paused",
    }
    exporter = FakeExporter(wishes=[(200, answer)])
    with serving(exporter) as url:
        ended = run("sync", "db-01", "--dry-run", "--force", "--server", url)
    assert ended.code == (0 if would_act else 5)
    assert exporter.bodies == [
        {"origin": "cli", "timeout_seconds": 7200.0, "force": True, "dry_run": True}
    ]
    assert answer["sentence"] in ended.out
    assert ended.err == ""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "vr-exporter sync: nothing to sync: name VMs, or give --match or --all"),
        (("a", "--timeout", "2"), "not a duration (write it as 30s, 5m or 1h30m)"),
        (("a", "--max-age", "0s"), "out of range (more than nothing, at most 30d)"),
        (("a", "--output", "csv"), "'csv' is not one of"),
    ],
)
def test_bad_usage_is_2(arguments: tuple[str, ...], line: str) -> None:
    """Before anything is asked."""
    ended = run("sync", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert line in ended.err


def test_a_missing_token_is_said_with_the_remedy() -> None:
    """Of a server that has one; the token given is sent with every request."""
    exporter = FakeExporter(wishes=[a_problem(401, "the bearer token of `api` is needed")])
    with serving(exporter) as url:
        ended = run("sync", "db-01", "--server", url)
    assert (ended.code, len(ended.err.splitlines())) == (2, 1)
    assert ended.err.endswith(
        "the bearer token of `api` is needed (give the token of its `api` with --token-file)\n"
    )


def test_a_server_that_is_not_there_is_5() -> None:
    """One line."""
    ended = run("sync", "db-01", "--server", "http://127.0.0.1:9")
    assert (ended.code, len(ended.err.splitlines())) == (5, 1)


def test_a_terminal_shows_bars_and_ends_with_the_table(tmp_path: Path) -> None:
    """State word, percent, bytes, rate and time left, each row in its place."""
    mib = 2**20
    steps: list[dict[str, Any]] = [
        {"ratio": done / 4, "transferred_bytes": done * 100 * mib, "transfer_size_bytes": 400 * mib}
        for done in (1, 2, 3)
    ]
    exporter = FakeExporter(
        lives={"db-01": (TriggerState.RESERVED, *[TriggerState.RUNNING] * 5, *SYNCED[2:])},
        progress={"GID-db-01": steps},
    )
    with beside(exporter, tmp_path) as file:
        code, written = _on_a_terminal("sync", "db-01", "--config.file", file)
    assert code == 0
    for word in ("queued", "syncing", "━━━", "100 MiB of 400 MiB", "50%", "/s", " left", "synced"):
        assert word in written
    last = re.sub(r"\x1b\[[0-9;]*m", "", written.rstrip().splitlines()[-1])
    assert last.split()[:3] == ["db-01", "madrid", "synced"]


def test_ctrl_c_on_a_terminal_gives_it_back_and_says_what_goes_on(tmp_path: Path) -> None:
    """The cursor is there again."""
    with beside(FakeExporter(lives={"db-01": FOR_EVER}), tmp_path) as file:
        code, written = _on_a_terminal("sync", "db-01", "--config.file", file, until="syncing")
    assert code == 4
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert "stopped: 1 goes on (db-01)" in written


def test_state_shows_triggers_and_who_asked(tmp_path: Path) -> None:
    """Through the exporter that runs here."""
    unknown = a_trigger(key="e" * 64, state=TriggerState.UNRESOLVED, sentence="never heard")
    audit = [AuditRow(1, unknown.asked_at, "ana", "reserved", unknown.key, "madrid", "GID-1")]
    exporter = FakeExporter(unknown=[unknown], audit=audit)
    with beside(exporter, tmp_path) as file:
        shown = run("state", "show", "--config.file", file)
        as_json = run("state", "show", "db-01", "--output", "json", "--config.file", file)
        other = run("state", "show", "db-99", "--config.file", file)
    assert shown.code == 0
    row, audited = (line.split("  ") for line in shown.lines if "eeeeeeeeeeee" in line)
    assert [cell.strip() for cell in row if cell] == [
        *("1m30s ago", "db-01", "madrid", "unknown", "-", "cli"),
        *("eeeeeeeeeeee", "GID-1", "never heard"),
    ]
    assert [cell.strip() for cell in audited if cell][:3] == ["1m30s ago", "ana", "reserved"]
    shape = json.loads(as_json.out)
    assert (len(shape["triggers"]), len(shape["audit"])) == (1, 1)
    assert (other.code, other.err.endswith(": nothing of db-99\n")) == (5, True)


@pytest.mark.parametrize("word", ["GID-1", "db-01", "eeeeeeee", "e" * 64])
def test_ack_closes_what_stayed_unknown(tmp_path: Path, word: str) -> None:
    """By its key, the beginning of that, the replication or the VM; a second time there is none."""
    unknown = a_trigger(key="e" * 64, state=TriggerState.UNRESOLVED)
    with beside(FakeExporter(unknown=[unknown]), tmp_path) as file:
        first = run("state", "ack", word, "--config.file", file)
        second = run("state", "ack", word, "--config.file", file)
    assert (first.code, first.out) == (0, "madrid db-01 acknowledged (eeeeeeeeeeee)\n")
    assert second.code == 5
    assert f"no trigger of {word} stayed unknown" in second.err


def test_state_reads_the_ledger_that_nobody_holds(tmp_path: Path) -> None:
    """And writes the acknowledgement into it, with who did."""
    file = settings_file(tmp_path, {"madrid": {"url": "https://vr.madrid.example"}})
    nothing = run("state", "show", "--config.file", file)
    folder = StateFolder(tmp_path / "state")
    trigger = a_trigger(key="e" * 64)
    ledger = Ledger(folder.path / "state.db", now=trigger.asked_at)
    ledger.reserve(trigger, now=trigger.asked_at)
    ledger.close()
    shown = run("state", "show", "--config.file", file, "--output", "json")
    ack = run("state", "ack", "GID-1", "--config.file", file)
    assert (nothing.code, nothing.lines) == (0, ["no triggers", "", "no audit"])
    assert [row["state"] for row in json.loads(shown.out)["triggers"]] == ["expired"]
    assert ack.code == 5


def test_state_of_a_site_that_is_not_configured_is_2(tmp_path: Path) -> None:
    """As `sync` says it, with the nearest name: through an exporter and without one."""
    with beside(FakeExporter(), tmp_path) as file:
        asked = run("state", "show", "--site", "madrit", "--config.file", file)
    alone = run("state", "show", "--site", "madrit", "--config.file", file)
    for ended in (asked, alone):
        assert (ended.code, ended.out) == (2, "")
        assert "no such site madrit (did you mean 'madrid'?) (known: madrid)" in ended.err


def test_state_ack_wants_a_word() -> None:
    """Nothing is closed by mistake."""
    assert run("state", "ack").code == 2


def _on_a_terminal(*arguments: str, until: str = "") -> tuple[int, str]:
    """What a command writes to a terminal of 160 columns; Ctrl-C once `until` was written."""
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "24"}
    written = b""
    deadline = time.monotonic() + 60  # noqa: TID251 a real process
    with subprocess.Popen(
        [sys.executable, "-m", "vr_exporter", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    ) as process:
        os.close(follower)
        while time.monotonic() < deadline:  # noqa: TID251 as above
            if not select.select([leader], [], [], 1)[0]:
                continue
            try:
                written += os.read(leader, 65_536)
            except OSError:
                break
            if until and until.encode() in written:
                until = ""
                process.send_signal(signal.SIGINT)
        process.wait(60)
    os.close(leader)
    assert PASSWORD.encode() not in written
    return process.returncode, written.decode()
