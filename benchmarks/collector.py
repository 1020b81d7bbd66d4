"""The peer that makes and serves a page: prometheus_client with a custom Collector.

It has the same samples as our page, read from a file, and makes its families anew for each page.
"""

from __future__ import annotations

import gzip
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from benchmarks.side import obey

_Rows = list[tuple[tuple[str, ...], float]]


class Samples(Collector):
    """The samples of a page by family, as a program has them that knows what it watches."""

    def __init__(self, file: Path) -> None:
        self._families: list[tuple[str, str, tuple[str, ...], _Rows]] = []
        for family in text_string_to_metric_families(file.read_text(encoding="utf-8")):
            by_shape: dict[tuple[str, tuple[str, ...]], _Rows] = {}
            for sample in family.samples:
                rows = by_shape.setdefault((sample.name, tuple(sample.labels)), [])
                rows.append((tuple(sample.labels.values()), float(sample.value)))
            for (name, labels), rows in by_shape.items():
                self._families.append((name, family.documentation, labels, rows))

    def collect(self) -> Iterable[Metric]:
        """Make the families."""
        for name, documentation, labels, rows in self._families:
            family = GaugeMetricFamily(name, documentation, labels=labels)
            for values, number in rows:
                family.add_metric(values, number)
            yield family


def main() -> None:
    """Work with the samples of the given file until standard input closes.

    Packed as its own server packs: `gzip.compress` at its usual level.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Samples(Path(sys.argv[1])))

    def page() -> Mapping[str, Any]:
        began = time.perf_counter()
        made = generate_latest(registry)
        took = time.perf_counter() - began
        gzip.compress(made)
        packed = time.perf_counter() - began - took
        samples = made.count(b"\n") - made.count(b"\n# ")
        return {"seconds": took, "gzip_seconds": packed, "samples": samples}

    def serve() -> Mapping[str, Any]:
        server, _ = start_http_server(0, addr="127.0.0.1", registry=registry)
        return {"url": f"http://127.0.0.1:{server.server_port}"}

    obey({"page": page, "serve": serve})


if __name__ == "__main__":
    main()
