"""The shipped rules with every duration, range and threshold in seconds made shorter, for a drill.

What is shortened: `interval`, `for` and `keep_firing_for`; in expressions ranges, subqueries and
offsets; and each number that is compared with something in seconds. The tokens of an expression
are replaced in place; the parser's tree says which numbers are seconds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import promql_parser as promql
import yaml

from vr_exporter.cli.bundled import folder

FACTOR: Final = 60
FILES: Final = ("vr-rules.yml", "vr-bridge-rules.yml")
_TIMES: Final = ("for", "keep_firing_for", "interval")
_MILLISECONDS: Final = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}
_PART: Final = re.compile(r"(\d+)(ms|[smhdwy])")
_TOKEN: Final = re.compile(
    r"""
      (?P<text> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' )
    | (?P<name> [A-Za-z_][\w:]* )
    | (?P<duration> (?:\d+(?:ms|[smhdwy]))+ )
    | (?P<number> (?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? )
    """,
    re.VERBOSE,
)
_COMPARISONS: Final = ("==", "!=", ">", "<", ">=", "<=")
_SECONDS: Final = re.compile(r"_seconds(_total|_sum)?$|:seconds$")
_KEEPING: Final = frozenset(
    {"abs", "ceil", "floor", "round", "increase", "delta", "idelta", "last_over_time"}
    | {f"{how}_over_time" for how in ("avg", "min", "max", "sum")}
)
"""Functions whose result has the unit of what they are given."""


def scaled_file(name: str, *, factor: int = FACTOR) -> str:
    """A shipped rule file, shortened."""
    return scaled((folder() / "rules" / name).read_text(encoding="utf-8"), factor=factor)


def scaled(text: str, *, factor: int = FACTOR) -> str:
    """A rule file, shortened; its comments are lost."""
    content = yaml.safe_load(text)
    for group in content["groups"]:
        _shorten_times(group, factor)
        for rule in group["rules"]:
            _shorten_times(rule, factor)
            rule["expr"] = scaled_expression(rule["expr"], factor=factor)
    shortened: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000)
    return shortened


def scaled_expression(expression: str, *, factor: int = FACTOR) -> str:
    """An expression, shortened."""
    in_seconds = iter([is_seconds for _, is_seconds in numbers(promql.parse(expression))])

    def replaced(token: re.Match[str]) -> str:
        if token["duration"]:
            return shortened(token["duration"], factor=factor)
        if token["number"] and next(in_seconds):
            return f"{float(token['number']) / factor:.12g}"
        return token[0]

    written = _TOKEN.sub(replaced, expression)
    if next(in_seconds, None) is not None:
        raise ValueError(f"numbers are written in a way that is not read here: {expression}")
    return written


def shortened(duration: str, *, factor: int = FACTOR) -> str:
    """A duration as Prometheus writes it: `30s` is `500ms`, `1h30m` is `90s`."""
    length = sum(int(number) * _MILLISECONDS[unit] for number, unit in _PART.findall(duration))
    if length % factor:
        raise ValueError(f"{duration} cannot be divided by {factor} without a rest")
    short = length // factor
    return f"{short}ms" if short % 1_000 else f"{short // 1_000}s"


def numbers(expression: Any, *, is_seconds: bool = False) -> Iterator[tuple[float, bool]]:
    """Every number of an expression in the order of the text, and whether it counts seconds."""
    match expression:
        case promql.NumberLiteral():
            yield expression.val, is_seconds
        case promql.BinaryExpr():
            compares = str(expression.op) in _COMPARISONS
            left, right = expression.lhs, expression.rhs
            yield from numbers(left, is_seconds=compares and _counts_seconds(right))
            yield from numbers(right, is_seconds=compares and _counts_seconds(left))
        case promql.AggregateExpr():
            yield from numbers(expression.param)
            yield from numbers(expression.expr)
        case promql.Call():
            for argument in expression.args:
                yield from numbers(argument)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            yield from numbers(expression.expr)


def _counts_seconds(expression: Any) -> bool:
    """By the unit in the name of what is selected; a ratio of seconds has none."""
    counts = False
    match expression:
        case promql.VectorSelector():
            counts = bool(_SECONDS.search(expression.name or ""))
        case promql.MatrixSelector():
            counts = _counts_seconds(expression.vector_selector)
        case promql.AggregateExpr():
            counts = str(expression.op) != "count" and _counts_seconds(expression.expr)
        case promql.Call():
            name = expression.func.name
            given = any(map(_counts_seconds, expression.args))
            counts = name == "time" or (name in _KEEPING and given)
        case promql.BinaryExpr():
            left, right = _counts_seconds(expression.lhs), _counts_seconds(expression.rhs)
            counts = left and not right if str(expression.op) == "/" else left or right
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            counts = _counts_seconds(expression.expr)
    return counts


def _shorten_times(of: dict[str, Any], factor: int) -> None:
    for key in _TIMES:
        if key in of:
            of[key] = shortened(of[key], factor=factor)


def main(target: str) -> None:
    """Write both files into a folder."""
    for name in FILES:
        (Path(target) / name).write_text(scaled_file(name), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
