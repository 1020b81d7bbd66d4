"""Pages as a scrape stores them: timed, under job and instance, one file for promtool."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

JOB = "vr-exporter"
INTERVAL_SECONDS = 60.0
BLOCK_SECONDS = 7200.0

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
    """Writes the scrapes of some targets in the order of time; `close` ends the last file.

    Each file holds what belongs into one block, for promtool reads a file once for every block
    in it, and is handed to `take` when it is whole. `types` are those of the families. `broken`
    names a metric that is written under another name, as a careless change would.
    """

    def __init__(self, folder: Path, *, take: Callable[[Path], None], broken: str = "") -> None:
        self.samples = 0
        self._folder = folder
        self._take = take
        self._broken = re.compile(rf"{re.escape(broken)}(_bucket|_sum|_count)?") if broken else None
        self._described: set[str] = set()
        self.types: dict[str, str] = {}
        self._block = -1
        self._file: TextIO | None = None

    def take(self, target: Target, moment: float) -> None:
        """Scrape one target."""
        file = self._file_of(moment)
        page = target.page()
        lines = [] if page is None else list(self._lines(page, target, moment))
        lines += _own_lines(target, moment, count=len(lines), is_up=page is not None)
        file.writelines(lines)
        self.samples += len(lines)

    def close(self) -> None:
        """Write the end mark and hand the file over."""
        if self._file is not None:
            self._file.write("# EOF\n")
            self._file.close()
            self._take(Path(self._file.name))
            self._file = None

    def _file_of(self, moment: float) -> TextIO:
        block = int(moment // BLOCK_SECONDS)
        if self._file is None or block != self._block:
            self.close()
            self._block = block
            path = self._folder / f"{block}.om"
            self._file = path.open("w", encoding="utf-8")
            self._described.clear()
            self._file.write(_SCRAPE)
        return self._file

    def _lines(self, page: str, target: Target, moment: float) -> Iterator[str]:
        end = f" {moment:.0f}\n"
        for line in page.splitlines():
            if line[0] == "#":
                self._describe(line)
                continue
            series, _, value = line.partition(_EXEMPLAR)[0].rpartition(" ")
            stored = target.known.get(series) or self._store(series, target)
            if series == "process_start_time_seconds":
                value = repr(target.born_at)
            yield f"{stored} {value}{end}"

    def _describe(self, line: str) -> None:
        """Write each line of metadata once; the end mark comes last."""
        if line not in self._described and line != "# EOF" and self._file is not None:
            self._described.add(line)
            self._file.write(f"{line}\n")
            _, kind, name, said = line.split(" ", 3)
            if kind == "TYPE":
                self.types[name] = said

    def _store(self, series: str, target: Target) -> str:
        stored = _labelled(self._renamed(series), target)
        target.known[series] = stored
        return stored

    def _renamed(self, series: str) -> str:
        name, brace, rest = series.partition("{")
        if self._broken is not None and self._broken.fullmatch(name):
            name = f"broken_{name}"
        return f"{name}{brace}{rest}"


def _own_lines(target: Target, moment: float, *, count: int, is_up: bool) -> list[str]:
    """The series that a scrape adds of itself."""
    added, target.known_before = len(target.known) - target.known_before, len(target.known)
    values = {
        "up": int(is_up),
        "scrape_duration_seconds": 0.002 + count * 2e-6,
        "scrape_samples_scraped": count,
        "scrape_samples_post_metric_relabeling": count,
        "scrape_series_added": added,
    }
    return [f"{_labelled(name, target)} {value} {moment:.0f}\n" for name, value in values.items()]


def _labelled(series: str, target: Target) -> str:
    name, brace, rest = series.partition("{")
    return f'{name}{{job="{JOB}",instance="{target.instance}"{"," + rest if brace else "}"}'
