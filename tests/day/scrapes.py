"""Pages as a scrape stores them: timed, under job and instance, one file for promtool."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

JOB = "vr-exporter"
INTERVAL_SECONDS = 60.0

_EXEMPLAR = " # {"
_SCRAPE = """\
# TYPE up gauge
# TYPE scrape_duration_seconds gauge
# TYPE scrape_samples_scraped gauge
# TYPE scrape_samples_post_metric_relabeling gauge
# TYPE scrape_series_added gauge
"""


@dataclass
class Target:
    """One exporter as Prometheus knows it.

    `page` gives what `/metrics` would answer now, None where nobody answers. `born_at` is when
    its process began by the clock of the day, which the operating system cannot know.
    """

    instance: str
    page: Callable[[], str | None]
    born_at: float = 0.0
    known: dict[str, str] = field(default_factory=dict)
    known_before: int = 0


class Scrapes:
    """Writes the scrapes of some targets in the order of time; `close` ends the file.

    `broken` names a metric that is written under another name, as a careless change would.
    """

    def __init__(self, file: TextIO, *, broken: str = "") -> None:
        self.samples = 0
        self._file = file
        self._broken = re.compile(rf"{re.escape(broken)}(_bucket|_sum|_count)?") if broken else None
        self._told: set[str] = set()
        file.write(_SCRAPE)

    def take(self, target: Target, moment: float) -> None:
        """Scrape one target."""
        page = target.page()
        count = 0
        if page is not None:
            count = self._write_page(page, target, moment)
        self._write_own(target, moment, count=count, is_up=page is not None)

    def close(self) -> None:
        """Write the end mark."""
        self._file.write("# EOF\n")

    def _write_page(self, page: str, target: Target, moment: float) -> int:
        end = f" {moment:.0f}\n"
        lines = []
        for line in page.splitlines():
            if line[0] == "#":
                self._tell(line)
                continue
            series, _, value = line.partition(_EXEMPLAR)[0].rpartition(" ")
            stored = target.known.get(series) or self._store(series, target)
            if series == "process_start_time_seconds":
                value = repr(target.born_at)
            lines.append(f"{stored} {value}{end}")
        self._file.writelines(lines)
        self.samples += len(lines)
        return len(lines)

    def _write_own(self, target: Target, moment: float, *, count: int, is_up: bool) -> None:
        added, target.known_before = len(target.known) - target.known_before, len(target.known)
        values = {
            "up": int(is_up),
            "scrape_duration_seconds": 0.002 + count * 2e-6,
            "scrape_samples_scraped": count,
            "scrape_samples_post_metric_relabeling": count,
            "scrape_series_added": added,
        }
        for name, value in values.items():
            self._file.write(f"{_labelled(name, target)} {value} {moment:.0f}\n")
        self.samples += len(values)

    def _tell(self, line: str) -> None:
        """Write each line of metadata once; the end mark comes last."""
        if line not in self._told and line != "# EOF":
            self._told.add(line)
            self._file.write(f"{line}\n")

    def _store(self, series: str, target: Target) -> str:
        stored = _labelled(self._renamed(series), target)
        target.known[series] = stored
        return stored

    def _renamed(self, series: str) -> str:
        name, brace, rest = series.partition("{")
        if self._broken is not None and self._broken.fullmatch(name):
            name = f"broken_{name}"
        return f"{name}{brace}{rest}"


def _labelled(series: str, target: Target) -> str:
    name, brace, rest = series.partition("{")
    return f'{name}{{job="{JOB}",instance="{target.instance}"{"," + rest if brace else "}"}'
