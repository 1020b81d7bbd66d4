"""PromQL taken apart, with Grafana's variables in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Final

import promql_parser
from promql_parser import AggregateExpr, BinaryExpr, Call, MatrixSelector, ParenExpr, VectorSelector

RATE_INTERVAL: Final = timedelta(minutes=4, seconds=7)
"""Stands for `$__rate_interval`, which the parser does not know."""

_FILLED: Final = {"$__rate_interval": "4m7s", "$__interval": "11m", "$__range": "1h13m"}
_OPERATORS: Final = {
    "MatchOp.Equal": "=",
    "MatchOp.NotEqual": "!=",
    "MatchOp.Re": "=~",
    "MatchOp.NotRe": "!~",
}
_PICKS: Final = ("topk", "bottomk")
_SETS: Final = ("and", "unless")


@cache
def parse(expr: str) -> Any:
    """The tree of an expression; ValueError if it is none."""
    for variable, duration in _FILLED.items():
        expr = expr.replace(variable, duration)
    return promql_parser.parse(expr)


def nodes(tree: Any) -> list[Any]:
    """Every node of a tree, outer ones first."""
    found: list[Any] = []

    def visit(node: Any) -> bool:
        found.append(node)
        return True

    promql_parser.walk(tree, visit)
    return found


def selectors(tree: Any) -> list[Any]:
    """Every selector in a tree, those of ranges too."""
    return [node for node in nodes(tree) if isinstance(node, VectorSelector)]


def matchers(selector: Any) -> dict[str, tuple[str, str]]:
    """The labels that a selector asks for, each with its operator and value."""
    return {one.name: (_OPERATORS[str(one.op)], one.value) for one in selector.matchers.matchers}


def calls(tree: Any, *names: str) -> list[Any]:
    """Every call of one of these functions."""
    return [n for n in nodes(tree) if isinstance(n, Call) and n.func.name in names]


def aggregations(tree: Any, *names: str) -> list[Any]:
    """Every aggregation by one of these operators."""
    return [n for n in nodes(tree) if isinstance(n, AggregateExpr) and str(n.op) in names]


def kept_labels(aggregation: Any) -> list[str]:
    """The labels after `by`."""
    return list(aggregation.modifier.labels) if aggregation.modifier else []


def result_labels(node: Any) -> set[str] | None:
    """The labels of a result that an aggregation has chosen; None where a series keeps its own.

    A pick such as `topk` keeps the labels of what it picks from, a set operation those on its left.
    """
    if isinstance(node, ParenExpr):
        return result_labels(node.expr)
    if isinstance(node, AggregateExpr):
        return result_labels(node.expr) if str(node.op) in _PICKS else set(kept_labels(node))
    if isinstance(node, BinaryExpr | Call):
        return _joined(_parts(node))
    return None if isinstance(node, MatrixSelector | VectorSelector) else set()


def _joined(sides: list[Any]) -> set[str] | None:
    found = [result_labels(side) for side in sides]
    return None if None in found else set().union(*(labels or () for labels in found))


def is_pick(node: Any) -> bool:
    """Whether a result is what a `topk` or `bottomk` has picked; a filter by one is none."""
    if isinstance(node, ParenExpr):
        return is_pick(node.expr)
    if isinstance(node, AggregateExpr):
        return str(node.op) in _PICKS
    if isinstance(node, BinaryExpr):
        return is_pick(node.lhs) or (str(node.op) not in _SETS and is_pick(node.rhs))
    return False


def is_of_one_exporter(node: Any) -> bool:
    """Whether a filter leaves one exporter for each site."""
    if not (isinstance(node, BinaryExpr) and str(node.op) == "and"):
        return False
    return any(kept_labels(pick) == ["site"] for pick in aggregations(node.rhs, "topk"))


def unfolded(node: Any, folds: tuple[str, ...]) -> Iterator[Any]:
    """Selectors of several exporters that no aggregation by one of `folds` stands around."""
    if isinstance(node, VectorSelector):
        yield node
    elif isinstance(node, AggregateExpr) and str(node.op) in folds:
        return
    elif not is_of_one_exporter(node):
        for part in _parts(node):
            yield from unfolded(part, folds)


def _parts(node: Any) -> list[Any]:
    """What a result is made of; what a set operation filters by is no part of it."""
    if isinstance(node, MatrixSelector):
        return [node.vector_selector]
    if isinstance(node, BinaryExpr):
        return [node.lhs] if str(node.op) in _SETS else [node.lhs, node.rhs]
    if isinstance(node, Call):
        return list(node.args)
    return [node.expr] if isinstance(node, AggregateExpr | ParenExpr) else []
