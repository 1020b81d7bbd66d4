"""Commands as users run them: real processes, beside appliances simulated in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vr_exporter.simulator.api import Api
from vr_exporter.simulator.certificates import Tls
from vr_exporter.simulator.options import Account, ApiOptions
from vr_exporter.simulator.server import SimServer, serve
from vr_exporter.simulator.world import World, WorldOptions

ROOT = Path(__file__).resolve().parents[1]
USERNAME = "monitor@vsphere.local"
PASSWORD = "canary-Pa55/word"
IN_TIME = 10.0
"""Seconds that an end may take here: the waits make up five (fault-matrix B8), the rest is other
work on a busy machine."""
"""Nothing that a command writes may hold it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed."""
        return self.out.splitlines()

    def line(self, subject: str) -> str:
        """The one line of `check` about this, blanks between columns squeezed."""
        found = [" ".join(line.split()) for line in self.lines if f"  {subject}  " in line]
        assert len(found) == 1, (subject, self.out, self.err)
        return found[0]


def run(*arguments: str, **environment: str) -> Ended:
    """Run `vr-exporter` to its end, with no settings from this machine's environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VR_")}
    done = subprocess.run(
        [sys.executable, "-m", "vr_exporter", *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    for written in (done.stdout, done.stderr):
        assert PASSWORD not in written
        assert "Traceback" not in written
    return Ended(done.returncode, done.stdout, done.stderr)


def a_world(**options: Any) -> World:
    """A small calm world on the real clock."""
    chosen: dict[str, Any] = {"replications": 12, "calm": True} | options
    return World(WorldOptions(**chosen), now=time.time)  # noqa: TID251 processes share the real clock


@contextmanager
def served(
    world: World | None = None, *, site: str = "madrid", tls: Tls | None = None, **options: Any
) -> Iterator[SimServer]:
    """An appliance on a free port of loopback; its account is USERNAME with PASSWORD."""
    chosen: dict[str, Any] = {"accounts": (Account(USERNAME, PASSWORD),)} | options
    server = serve(Api(world or a_world(), site, ApiOptions(**chosen)), tls=tls)
    try:
        yield server
    finally:
        server.close()


def settings_file(folder: Path, sites: Mapping[str, Mapping[str, Any]], **more: Any) -> str:
    """Write a settings file (JSON is YAML) whose state lies beside it; its path.

    A site without an account gets the right one.
    """
    account = {"username": USERNAME, "password": PASSWORD}
    file = folder / "config.yml"
    (folder / "state").mkdir(exist_ok=True)
    file.write_text(
        json.dumps(
            {
                "sites": {name: {**account, **site} for name, site in sites.items()},
                "state": f"sqlite:///{folder}/state/state.db",
                **more,
            }
        ),
        encoding="utf-8",
    )
    return str(file)
