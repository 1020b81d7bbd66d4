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

_FILLED: Final = {"$__rate_interval": "4m7s", "$__range": "1h13m"}
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


def is_aggregated(node: Any) -> bool:
    """Whether a result has the labels after a `by` and no others: none of the exporters that told.

    A pick such as `topk` keeps the labels of what it picks from, a set operation those on its left.
    """
    if isinstance(node, ParenExpr):
        return is_aggregated(node.expr)
    if isinstance(node, AggregateExpr):
        return is_aggregated(node.expr) if str(node.op) in _PICKS else True
    if isinstance(node, BinaryExpr):
        sides = [node.lhs] if str(node.op) in _SETS else [node.lhs, node.rhs]
        return all(map(is_aggregated, sides))
    if isinstance(node, Call):
        return all(map(is_aggregated, node.args))
    return not isinstance(node, MatrixSelector | VectorSelector)


def unfolded(node: Any, folds: tuple[str, ...]) -> Iterator[Any]:
    """Selectors that no aggregation by one of `folds` stands around."""
    if isinstance(node, AggregateExpr):
        if str(node.op) not in folds:
            yield from unfolded(node.expr, folds)
    elif isinstance(node, MatrixSelector):
        yield node.vector_selector
    elif isinstance(node, VectorSelector):
        yield node
    elif isinstance(node, BinaryExpr):
        yield from unfolded(node.lhs, folds)
        if str(node.op) not in _SETS:
            yield from unfolded(node.rhs, folds)
    elif isinstance(node, ParenExpr):
        yield from unfolded(node.expr, folds)
    elif isinstance(node, Call):
        for argument in node.args:
            yield from unfolded(argument, folds)
