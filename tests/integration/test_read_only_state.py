"""A state folder that turns read-only under a serving exporter, as a disk in trouble makes it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.command_line import ROOT, a_world, served, settings_file
from tests.integration.test_trigger_trouble import Local, ids, posts
from tests.prometheus import wait_until
from vr_exporter.domain.triggers import TriggerState
from vr_exporter.ledger.sqlite import Ledger

WILLING = (
    "import ctypes, runpy; "
    "ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0); "
    "runpy.run_module('vr_exporter', run_name='__main__', alter_sys=True)"
)
"""Runs vr-exporter, and lets anybody trace it: PR_SET_PTRACER, PR_SET_PTRACER_ANY."""

WRITES = "pwrite64,write,ftruncate,fdatasync,fsync"
POLLED = 'vr_poll_last_success_timestamp_seconds{site="madrid"}'


def test_B2_a_state_folder_that_turns_read_only_shuts_triggers_until_it_is_writable_again(
    tool: Callable[[str], Path], short_path: Path
) -> None:
    """As B1: 503, the store is down, metrics stay fresh; then it catches up with what it saw."""
    with served(a_world(speed=20)) as appliance:
        site = {"url": appliance.url, "poll_interval": "5s"}
        config = settings_file(short_path, {"madrid": site})
        local = Local(short_path)
        first, second, third = ids(appliance)[:3]
        state = short_path / "state" / "vr-exporter"
        with serving(config) as program:
            wait_until(local.is_ready, "it is ready")
            key = local.wish(first).json()["key"]
            wait_until(lambda: posts(appliance) == 1, "it is asked for")
            with read_only(tool("strace"), program, state):
                wait_until(lambda: local.metric("vr_store_up") == 0, "a write failed")
                assert local.wish(second).status_code == 503
                wait_until(lambda: local.states()[key] == "succeeded", "its end was seen")
                polled = local.metric(POLLED)
                wait_until(lambda: local.metric(POLLED) > polled, "the next poll is on the page")
                assert local.metric("vr_store_up") == 0
                assert local.metric('vr_up{site="madrid"}') == 1
                assert posts(appliance) == 1
                kept = short_path / "kept"
                kept.mkdir()
                for file in state.glob("state.db*"):
                    shutil.copy(file, kept)
            wait_until(lambda: local.metric("vr_store_up") == 1, "the probe brought it back")
            assert local.wish(third).status_code == 202
            wait_until(lambda: posts(appliance) == 2, "it is asked for")
            program.kill()
        assert state_in(kept, key) is TriggerState.RUNNING
        assert state_in(state, key) is TriggerState.SUCCEEDED


def state_in(folder: Path, key: str) -> TriggerState:
    """How a trigger stands on disk."""
    ledger = Ledger(folder / "state.db", now=0.0)
    try:
        found = ledger.trigger(key)
    finally:
        ledger.close()
    assert found is not None
    return found.state


@contextmanager
def serving(config: str) -> Iterator[subprocess.Popen[bytes]]:
    """An exporter that may be traced."""
    words = ("serve", "--config.file", config, "--web.listen-address", "127.0.0.1:0")
    command = [sys.executable, "-c", WILLING, *words]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as program:
        try:
            yield program
        finally:
            program.kill()


@contextmanager
def read_only(strace: Path, program: subprocess.Popen[bytes], state: Path) -> Iterator[None]:
    """Have every write and sync of the store fail with EROFS, until the block is left."""
    trace = state.parent / "trace"
    command = (
        *(str(strace), "-f", "-p", str(program.pid), "-o", str(trace)),
        *(f"-P{state / name}" for name in ("state.db", "state.db-wal")),
        *("-e", f"trace={WRITES}", "-e", f"inject={WRITES}:error=EROFS"),
    )
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as tracer:
        try:
            yield
            assert "(INJECTED)" in trace.read_text()
        finally:
            tracer.terminate()
