"""What tests ask of the bundled rules: the series they read, the tests they have, promtool."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import promql_parser as promql
import yaml

from dashboards.rules_page import FOLDER
from tests.tools import environment, tool
from vr_exporter.metrics.catalogue import TABLES
from vr_exporter.metrics.family import Declaration
from vr_exporter.metrics.own_families import TABLES as OWN_TABLES

TEST_FILES: Final = sorted((FOLDER / "tests").glob("*.yml"))
PROMETHEUS: Final = frozenset({"up", "ALERTS", "process_start_time_seconds"})
"""Series that Prometheus or the client library makes."""


def series_of_the_catalogue() -> frozenset[str]:
    """Every name under which the page may show a sample."""
    families: list[Declaration] = [f for table in TABLES for f in table.families]
    families += [f for table in OWN_TABLES for f in table.families]
    histograms = [f.name for f in families if f.kind == "histogram"]
    parts = {f"{name}_{part}" for name in histograms for part in ("bucket", "sum", "count")}
    return frozenset({f.name for f in families} | parts)


def selected(expression: str) -> frozenset[str]:
    """The names of all series that an expression selects."""
    return frozenset(_names(promql.parse(expression)))


@cache
def cases() -> dict[str, dict[str, Any]]:
    """Every group of the files for `promtool test rules`, by its name."""
    contents = [yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in TEST_FILES]
    return {group["name"]: group for content in contents for group in content["tests"]}


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool to its end; who calls looks at the code."""
    command = [str(tool("promtool")), *map(str, arguments)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


def _names(expression: Any) -> Iterator[str]:
    match expression:
        case promql.VectorSelector():
            yield expression.name or ""
        case promql.MatrixSelector():
            yield from _names(expression.vector_selector)
        case promql.BinaryExpr():
            yield from _names(expression.lhs)
            yield from _names(expression.rhs)
        case promql.Call():
            for argument in expression.args:
                yield from _names(argument)
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr():
            yield from _names(expression.expr)
        case promql.SubqueryExpr():
            yield from _names(expression.expr)
