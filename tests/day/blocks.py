"""Scrapes and rules as blocks of Prometheus, and a Prometheus on them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.prometheus import Prometheus, fetch, running, wait_until
from tests.tools import environment, tool

Rule = dict[str, Any]
_METRIC = re.compile(r"[a-zA-Z_:][\w:]*")


class LoadError(Exception):
    """promtool refused something; its words."""


class Blocks:
    """A folder of blocks, filled by promtool beside what goes on meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self._loading: dict[Path, subprocess.Popen[str]] = {}

    def load(self, path: Path) -> None:
        """Begin to load a file of scrapes, which goes when it is in."""
        for loaded in [one for one, program in self._loading.items() if program.poll() is not None]:
            self._end(loaded)
        create = ["tsdb", "create-blocks-from", "openmetrics", "-q"]
        self._loading[path] = _promtool(*create, str(path), str(self.data))

    def finish(self) -> None:
        """Wait until everything is in."""
        for path in list(self._loading):
            self._end(path)

    def _end(self, path: Path) -> None:
        program = self._loading.pop(path)
        said, _ = program.communicate()
        path.unlink()
        if program.returncode:
            raise LoadError(said.strip())

    def record(self, groups: Iterable[dict[str, Any]], *, start: float, end: float) -> int:
        """Add the recorded series of rule groups, those that build on others after them."""
        rounds = 0
        for rounds, level in enumerate(levels_of(groups), 1):
            path = self.data.parent / f"rules-{rounds}.yml"
            path.write_text(yaml.safe_dump({"groups": level}), encoding="utf-8")
            with self.serve() as prometheus:
                self._loading[path] = _promtool(
                    *("tsdb", "create-blocks-from", "rules", f"--url={prometheus.url}"),
                    *(f"--start={start:.0f}", f"--end={end:.0f}"),
                    *(f"--output-dir={self.data}", str(path)),
                )
                self.finish()
        return rounds

    @contextmanager
    def serve(self, *, listen: str = "127.0.0.1:0") -> Iterator[Prometheus]:
        """Run a Prometheus on what is there.

        Nothing marks the end of a series here as a scrape would: it is gone after a minute.
        """
        config = self.data.parent / "prometheus.yml"
        config.write_text("scrape_configs: []\n", encoding="utf-8")
        command = [
            str(tool("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={self.data}",
            "--storage.tsdb.retention.time=100y",
            "--query.lookback-delta=90s",
            f"--web.listen-address={listen}",
            "--log.level=info",
        ]
        with running(command, until=r'msg="Listening on".* address=(\S+)') as (_, address):
            url = f"http://{address}"
            wait_until(lambda: "Ready" in fetch(f"{url}/-/ready"), "Prometheus has its blocks")
            yield Prometheus(url)


def levels_of(groups: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Sort recording rules by what they build on: the first level on scrapes alone.

    Alerts are left out. Within a level each group keeps its interval.
    """
    recorded = [(group, [rule for rule in group["rules"] if "record" in rule]) for group in groups]
    pending = {rule["record"] for _, rules in recorded for rule in rules}
    levels: list[list[dict[str, Any]]] = []
    while pending:
        level, done = [], set()
        for group, rules in recorded:
            ready = [r for r in rules if r["record"] in pending and not _needs(r) & pending]
            done |= {rule["record"] for rule in ready}
            if ready:
                level.append({**group, "name": f"{group['name']}-{len(levels)}", "rules": ready})
        if not done:
            raise LoadError(f"rules build on each other in a circle: {sorted(pending)}")
        pending -= done
        levels.append(level)
    return levels


def _needs(rule: Rule) -> set[str]:
    return set(_METRIC.findall(rule["expr"]))


def _promtool(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(tool("promtool")), *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
