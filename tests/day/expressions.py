"""What can be said of an expression without running it: its selectors, its rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.queries import calls, selectors

RATES = frozenset({"rate", "irate", "increase"})
SLOPES = frozenset({"deriv", "delta", "idelta", "predict_linear"})
_SUFFIXES = ("_bucket", "_sum", "_count")


def selected(tree: Any) -> list[str]:
    """Every selector without its range and offset, in the order of the text."""
    return [f"{vector.name or ''}{vector.matchers}" for vector in selectors(tree)]


def misused(tree: Any, types: Mapping[str, str]) -> Iterator[str]:
    """Say which functions are laid over metrics of the wrong type; `types` are of families."""
    for call in calls(tree, *RATES, *SLOPES):
        name = call.func.name
        for vector in (found for argument in call.args for found in selectors(argument)):
            metric = vector.name or ""
            is_counter = type_of(metric, types) == "counter"
            if name in RATES and not is_counter:
                yield f"{name}() of {metric}, which is no counter"
            if name in SLOPES and is_counter:
                yield f"{name}() of {metric}, which is a counter"


def type_of(metric: str, types: Mapping[str, str]) -> str:
    """The type of a stored series: `counter` also for what a histogram counts."""
    if types.get(metric.removesuffix("_total")) == "counter" and metric.endswith("_total"):
        return "counter"
    for suffix in _SUFFIXES:
        if metric.endswith(suffix) and types.get(metric.removesuffix(suffix)) == "histogram":
            return "counter"
    return types.get(metric.removesuffix("_info"), "") or types.get(metric, "")
